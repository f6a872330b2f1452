"""The SPARQL console for people: YASGUI with the stored questions and the prefixes of Acousma.

Conventions
-----------
Everything comes from this server: nothing is fetched from elsewhere, no script stands in the page, and the content
security policy allows neither. Without scripts the page is a plain form.

``static/yasgui.min.js`` and ``static/yasgui.min.css`` are those of the npm package ``@triply/yasgui`` 4.2.28 (MIT; its
licence and those of what it contains lie beside them), without the line that names a source map.
"""
