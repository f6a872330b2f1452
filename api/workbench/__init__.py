"""The workbench: pages on which people see, hear, doubt and ask.

Conventions
-----------
Pages are made on the server; scripts add sound, zoom and writing, and come from this server only (no script or style
stands in a page, and the content security policy allows none). What people read on a page stands in
``strings/<language>/``. A page is a module of ``pages`` with the function ``routes``; docs/workbench.md says how to
add one.

Modules
-------
bench     what all pages share: templates, texts, files, who reads
strings   the texts of a language
routes    all pages and their files
pages     one module per page
"""
