"""``/api``: works, recordings, spans, claims, runs, questions, uploads and jobs as plain JSON.

Conventions
-----------
A convenience beside SPARQL for whoever wants a list without a query. Every item has its IRI as ``id`` and the address
at which this server describes it as ``url``. Lists come in pages in a fixed order; the header ``Link`` names the next
page (RFC 8288), which goes on after the last item, whatever was stored meanwhile. Numbers are JSON numbers; what is not
known is left out as null.

Modules
-------
asking     a question of the server's own, and where a page goes on
models     what items look like
claims     claims by concept, agent, verdict, confidence, time and work
lists      works, recordings, spans, runs and agents
routes     the routes of lists
questions  stored questions by name
uploads    sound files sent to the server
jobs       what becomes of them
openapi    the description of the whole interface
"""
