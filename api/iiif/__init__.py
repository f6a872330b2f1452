"""The archive for IIIF clients: manifests, collections, search, deep links, changes, sound and pictures.

Conventions
-----------
Addresses of documents are those at which they were asked for, so that an archive can be read on any machine;
annotations keep their IRIs. Every ``id`` of a manifest that lies below it can be fetched.

Modules
-------
reading      what is said of a recording, kept while the archive does not change
documents    manifests, and the parts that their ids name
finding      Content Search 2.0
collections  collections of the archive, of works and of composers
states       Content State 1.0
changes      Change Discovery 1.0
pictures     waveform, sonogram, and what is said as a picture
media        sound and pictures over HTTP
routes       all of it at its address

Source
------
IIIF Presentation API 3.0, Content Search API 2.0, Content State API 1.0, Change Discovery API 1.0.
"""
