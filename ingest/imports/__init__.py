"""What other programs wrote of recordings, read into claims and descriptions, with an account of all that was read.

One module per format (`FORMATS` in `ingest.imports.formats`) turns a file into records; `ingest.imports.convert` turns
records into what `ingest.pipeline` takes in.
"""
