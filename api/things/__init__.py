"""Every IRI of the archive resolves: a page for people, Turtle and JSON-LD for programs.

Conventions
-----------
What follows the base IRI is the path at which the server describes a thing, whatever the base is, so that an archive
whose IRIs begin with a public address is read on a machine of one's own too. A work, a recording, a span, an agent, a
run is no document: its address answers 303 and names one with a suffix (W3C, Cool URIs, clause 4). An annotation is a
document and answers 200 itself; the Web Annotation Protocol gives its data, these modules its page.

Modules
-------
reading   what is said of a thing
views     what its page shows
routes    content negotiation
"""
