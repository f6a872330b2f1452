"""The ontology and the vocabulary as pages for people and as RDF for programs, by content negotiation or as files.

Conventions
-----------
Everything is read from the Turtle files of ``ontology/``; a new class, property, mapping or file appears by itself.
Every term has an IRI under ``https://w3id.org/acousma/``; what follows is the path of its page here. Links between
pages are relative, so that the same bytes work on the server, under a sub-folder of a web server, and on a disk.

Modules
-------
graph      the published statements, and which document describes an IRI
words      units, numbers and conditions in words
drawing    pictures of conditions and of the data model, as SVG
shapes     what the SHACL shapes ask for, in sentences
terms      what the page of a concept, property or scheme says
examples   examples of use in Turtle and SPARQL
pages      documents by path: HTML and RDF
routes     content negotiation over HTTP
site       the same documents as files
"""
