"""How results leave: the statements about one recording, in the formats that scholars' tools open.

Conventions
-----------
A format is a function that yields a document piece by piece and appends to a list of notes what the format cannot
hold: nothing is left out without a note. :mod:`export.formats` lists them.
"""
