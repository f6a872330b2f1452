"""One module per page; each has ``routes(bench)``, which returns its routes below ``/workbench``."""
