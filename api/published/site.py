"""``acousma ontology``: the same documents as files, for any web server or for a disk.

Conventions
-----------
Each representation is a file named by its path and suffix. Nothing is written before all is made; a folder that holds
other things is refused, so that a second run leaves no stale page and nothing else is lost.
"""

import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from api.published.graph import load_published
from api.published.pages import ASSETS, CONTEXT, FORMATS, Pages
from ontology.errors import InputError

__all__ = ["files", "write_site"]

_HEAD = """\
# For Apache: the syntax by Accept header. Other servers need none of this: each file stands under its own name.
Options +FollowSymLinks -MultiViews -Indexes
DirectoryIndex index.html
DirectorySlash Off
AddDefaultCharset utf-8
AddType text/turtle .ttl
AddType application/ld+json .jsonld
AddType application/rdf+xml .rdf
AddType application/n-triples .nt
<IfModule mod_headers.c>
Header set Access-Control-Allow-Origin "*"
Header merge Vary "Accept"
</IfModule>
RewriteEngine on
"""
_BASE = """\
RewriteCond %{REQUEST_FILENAME} -f
RewriteRule ^ - [L]
RewriteRule \\.(?:html|ttl|jsonld|rdf|nt)$ - [L]
RewriteCond %{REQUEST_URI}::$1 ^(.*?)/?(.*)::\\2$
RewriteRule ^(.*)$ - [E=ACOUSMA:%1]"""
_MARK = ".acousma-ontology"
_MARK_TEXT = "Written by `acousma ontology`, which replaces this folder when it runs again.\n"


def files(pages: Pages) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of every file of the site."""
    yield "index.html", pages.html("index")
    for path in ASSETS:
        yield path, pages.asset(path)
    yield CONTEXT, pages.context
    for document in sorted(pages.documents):
        for suffix in FORMATS:
            if suffix != ".html":
                yield document + suffix, pages.rdf(document, suffix)
            elif pages.has_html(document):
                yield document + suffix, pages.html(document)
    yield ".htaccess", _htaccess(pages.published.folder / "w3id" / ".htaccess").encode()


def _htaccess(w3id: Path) -> str:
    """Return rules for Apache by which these files are negotiated as w3id.org negotiates them."""
    rules, replaced = re.subn(r"(?ms)^# >>>.*?^# <<<$", lambda _: _BASE, w3id.read_text(encoding="utf-8"))
    assert replaced == 1, f"{w3id} has {replaced} marked lines for the host"
    _, _, body = rules.partition("RewriteEngine on\n")
    return _HEAD + body


def write_site(folder: Path, endpoint: str | None) -> tuple[int, int]:
    """Write all pages and data into a folder.

    Parameters
    ----------
    folder : Path
        New, empty, or written by this command before.
    endpoint : str or None
        URL of a SPARQL endpoint at which the pages let questions be asked.

    Returns
    -------
    (int, int)
        Number of files, and their bytes.

    Raises
    ------
    InputError
        If the folder holds anything else, or cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder} is a file", "a folder", "name another with --out")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / _MARK).is_file():
        raise InputError(
            f"{folder} holds files that this command has not written",
            "a new or an empty folder",
            "name another with --out",
        )
    pages = Pages(load_published(), endpoint)
    count = size = 0
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as made:
            site = Path(made) / "site"
            for path, content in files(pages):
                target = site / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
                count, size = count + 1, size + len(content)
            (site / _MARK).write_text(_MARK_TEXT, encoding="utf-8")
            if folder.exists():
                shutil.move(folder, Path(made) / "old")
            shutil.move(site, folder)
    except OSError as error:
        raise InputError(f"{folder} cannot be written ({error.strerror})", "a folder that can be written") from error
    return count, size
