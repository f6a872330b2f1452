"""Exports over HTTP: every format of ``acousma export`` at an address, with a name for its file.

Modules
-------
sending      one export, piece by piece
routes       addresses and content negotiation
annotations  citations and nanopublications of one annotation
crates       a question with its answer and data, packed
"""
