"""The page *Compare*: two works, two versions of a work, or two describers of one recording."""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from fastapi.responses import Response
from markupsafe import Markup

from api.workbench import comparing
from api.workbench.bench import Bench, depth_of
from api.workbench.comparing import Difference, Heard, Recorded, Side
from api.workbench.plots.profiles import aligned, butterfly, profile
from api.workbench.sounds.rights import Right, sounds_of
from ontology.vocabulary import load_vocabulary

__all__ = ["routes"]

_METHODS = ["GET", "HEAD"]


@dataclass(frozen=True)
class _Compared:
    """What is shown of a comparison."""

    sides: tuple[Side, Side]
    timelines: Markup
    profile: Markup
    mean: float | None
    butterfly: Markup
    differences: list[Difference]


def routes(bench: Bench) -> APIRouter:
    """Make the routes."""
    router = APIRouter()

    @router.api_route("/compare", methods=_METHODS)
    async def _page(request: Request) -> Response:
        bench.reader(request)
        return await _compare(bench, request)

    return router


async def _compare(bench: Bench, request: Request) -> Response:
    service, given = bench.service, request.query_params
    recordings = await comparing.recordings_by_title(service, request)
    known = {bench.path(one.iri): one for one in recordings}
    by_describers = given.get("of") == "describers"
    stretched = given.get("align") == "stretched"
    fault, status, found = "", 200, None
    left = known.get(given.get("left", ""))
    right = left if by_describers else known.get(given.get("right", ""))
    describers: list[tuple[str, str, int]] = []
    makers = (given.get("first", ""), given.get("second", ""))
    if by_describers and left is not None:
        describers = await comparing.describers_of(service, request, left.iri)
        paths = {bench.path(iri): (iri, name) for iri, name, _ in describers}
        if not all(makers) and len(describers) > 1:
            makers = (bench.path(describers[0][0]), bench.path(describers[1][0]))
        if all(maker in paths for maker in makers) and makers[0] != makers[1]:
            sides = [
                await comparing.read_side(service, request, left, paths[maker][0], paths[maker][1]) for maker in makers
            ]
            found = await _drawn(bench, request, (sides[0], sides[1]), stretched=stretched)
        elif any(makers):
            fault, status = "pick_two", 400 if not all(maker in paths for maker in makers) else 200
        elif len(describers) < 2:
            fault = "one_describer"
    elif left is not None and right is not None and not by_describers:
        if left is right:
            fault = "same"
        else:
            pair = [await comparing.read_side(service, request, one, "", one.title) for one in (left, right)]
            found = await _drawn(bench, request, (pair[0], pair[1]), stretched=stretched)
    elif any(given.get(name, "") not in ("", *known) for name in ("left", "right")):
        fault, status = "unknown", 404
    answer = bench.page(
        request, "compare.html", "compare", recordings=recordings, given=given, of="describers" if by_describers else "works",
        stretched=stretched, describers=describers, makers=makers, fault=fault, found=found, address=bench.path,
        label=load_vocabulary().label, versions=_versions(recordings),
    )  # fmt: skip
    answer.status_code = status
    return answer


def _versions(recordings: list[Recorded]) -> list[tuple[Recorded, Recorded]]:
    """Return pairs of recordings of one title, to be offered: the first and the second of each."""
    by_title = {one.title: one for one in recordings}
    return [
        (by_title[one.title.removesuffix(" (2)")], one)
        for one in recordings
        if one.title.endswith(" (2)") and one.title.removesuffix(" (2)") in by_title
    ]


async def _drawn(bench: Bench, request: Request, sides: tuple[Side, Side], *, stretched: bool) -> _Compared:
    here = "../" * depth_of(request.scope) + "workbench/"
    sounds = await sounds_of(bench, request, list({side.recording for side in sides}))
    label, t = load_vocabulary().label, bench.text(request)

    def links(side: Side, claim: Heard) -> tuple[str, str]:
        path = bench.path(side.recording)
        sound = "" if sounds[side.recording].right is Right.ABSENT else f"{here}audio/{path}"
        return f"{here}claim/{bench.path(claim.claim)}", sound

    values = comparing.coherence(*sides, stretched=stretched)
    rows = comparing.differences(*sides)
    longest = max(side.duration for side in sides)
    return _Compared(
        sides, aligned(sides, stretched, label, links, t("compare.timelines")),
        profile(values, longest, stretched, t("compare.coherence")), comparing.mean_of(values),
        butterfly(rows, (sides[0].name, sides[1].name), label, t("compare.differences")), rows,
    )  # fmt: skip
