"""What each IIIF client shows of a manifest, and what it does not.

Source
------
The clients' own programs, read and partly run in the middle of 2026: Clover 3.3.8, Ramp 5.1, Aviary player 1.4,
Mirador 4.0, Universal Viewer 4.4; AVAnnotate's importer. ``docs/exporting.md`` has the table.
"""

from export.material import Material
from export.webvtt import DEEPEST, caption_parts

__all__ = ["compatibility"]


def compatibility(material: Material, *, plain: bool, page_port: bool) -> list[str]:
    """Return a line per client that does not show everything.

    Parameters
    ----------
    material : Material
    plain : bool
        Whether the manifest is of the profile *plain*.
    page_port : bool
        Whether the addresses name a port.
    """
    said, moments = material.annotations, len(material.moments)
    if not said and not moments:
        return ["nothing is said of this recording: the manifest has no annotations"]
    total = len(said)
    instants = sum(one.is_instant for one in said) + moments
    tagged = sum(one.concept is not None for one in said)
    merged = total - len({(layer.agent.iri, one.start) for layer in material.layers for one in layer.annotations})
    timeless = total if plain else sum(not one.is_instant or one.start == 0 for one in said)
    lines = [
        f"Clover: {tagged} of {total} without tags (first body only); {timeless} listed without times, which the "
        "captions have",
        f"Mirador: {total} of {total} listed without times; the captions have them",
        f"Universal Viewer: {total} of {total} not shown as text; passages stand in the index",
    ]
    if merged:
        lines.append(f"Ramp: {merged} of {total} start with another of their page and are merged with it")
    if marked := sum("<" in f"{one.words}{one.agent.title}" for one in said):
        lines.append(f"Clover: {marked} of {total} hold '<', which it takes for markup though they are plain text")
    if (files := len(caption_parts(material))) > 1:
        lines.append(
            f"Clover: more than {DEEPEST} annotations overlap; captions are {files} files where they are served, a "
            "single file may stay empty"
        )
    if moments:
        clients = "Clover, Mirador" if plain else "Mirador"
        lines.append(f"{clients}: {moments} measured moments listed without times, which the captions have not")
        lines.append(f"Universal Viewer: {moments} measured moments not shown")
    if instants and not plain:
        lines.append(
            f"Aviary, AVAnnotate: {instants} points make Aviary show no list at all and AVAnnotate read 0 to 0: "
            "use --profile plain"
        )
    if instants and plain:
        lines.append(f"{instants} points are widened to 10 ms")
    if instants and not plain and any(one.is_instant and one.start == 0 for one in said):
        lines.append("points at 0 are widened to 10 ms: Clover takes t=0 for no time")
    if page_port:
        lines.append("Ramp: does not fetch pages from addresses with a port; the pages are embedded, so none is lost")
    return lines
