"""The formats that can be exported, by name."""

from export import audacity, dump, elan, iiif, jams, mei, mei_annotations, nanopub, sonic_visualiser, tables, webvtt
from export.options import Format
from ontology.errors import UnknownName

__all__ = ["FORMATS", "find_format"]

_MEI, _LD, _PARQUET = "application/mei+xml", "application/ld+json", "application/vnd.apache.parquet"
_ALL = (
    Format("mei", ".mei", _MEI, "MEI 5.1 with a placeholder body, for notation software", mei.write),
    Format(
        "mei-recording",
        ".mei",
        "application/mei+xml",
        "MEI 5.1 of the recording only, for archives",
        mei.write_recording,
    ),
    Format("mei-annotations", "-mei.jsonld", _LD, "annotations of mei, for mei-friend and MELD", mei_annotations.write),
    Format("iiif", "-manifest.json", _LD, "a IIIF Presentation 3 manifest (needs --base)", iiif.write),
    Format("jams", ".jams", "application/json", "JAMS in the namespace spectromorphology", jams.write),
    Format("jams-tags", ".jams", "application/json", "JAMS with labels in tag_open", jams.write_tags),
    Format("webvtt", ".vtt", "text/vtt", "WebVTT, a cue per annotation", webvtt.write),
    Format("audacity", ".txt", "text/plain", "Audacity labels", audacity.write),
    Format("elan", ".eaf", "text/x-eaf+xml", "ELAN, a tier per agent and aspect", elan.write),
    Format(
        "sonic-visualiser", ".csv", "text/csv", "Sonic Visualiser, a region layer as CSV", sonic_visualiser.write_csv
    ),
    Format("svl", ".svl", "application/xml", "Sonic Visualiser, a layer file", sonic_visualiser.write_layer),
    Format("csv", "-claims.csv", "text/csv", "a table, with the columns that import reads", tables.write_csv),
    Format(
        "parquet",
        ".parquet",
        "application/vnd.apache.parquet",
        "the same table for pandas (needs pyarrow)",
        tables.write_parquet,
    ),
    Format("turtle", ".ttl", "text/turtle", "all statements as Turtle", dump.write_turtle),
    Format("jsonld", ".jsonld", "application/ld+json", "all statements as JSON-LD, by graph", dump.write_jsonld),
    Format("nanopubs", "-nanopubs.nq", "application/n-quads", "a nanopublication per annotation", nanopub.write),
    Format("nquads", ".nq", "application/n-quads", "all statements as N-Quads, by graph", dump.write_nquads),
)
FORMATS = {one.name: one for one in _ALL}
"""The formats by name, in the order in which they are listed."""


def find_format(name: str) -> Format:
    """Return the format of a name.

    Raises
    ------
    UnknownName
        With the names that there are.
    """
    found = FORMATS.get(name.casefold())
    if found is None:
        raise UnknownName(f"{name!r} is no format that can be exported", "one of " + ", ".join(FORMATS))
    return found
