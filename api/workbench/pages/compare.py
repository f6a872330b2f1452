"""The page *Compare*: two works, two versions of a work, or two describers of one recording."""

from dataclasses import dataclass, field

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


@dataclass
class _Choice:
    """What was chosen, and what is to be said of it.

    Parameters
    ----------
    sides : tuple of Side or None
    describers : list of (str, str, int)
        Who can be chosen: IRI, name, number of claims.
    makers : tuple of str
        Paths of the describers that are chosen.
    fault : str
        Name of the text that says why nothing is compared.
    status : int
    """

    sides: tuple[Side, Side] | None = None
    describers: list[tuple[str, str, int]] = field(default_factory=list)
    makers: tuple[str, str] = ("", "")
    fault: str = ""
    status: int = 200


async def _compare(bench: Bench, request: Request) -> Response:
    given = request.query_params
    recordings = await comparing.recordings_by_title(bench.service, request)
    known = {bench.path(one.iri): one for one in recordings}
    by_describers, stretched = given.get("of") == "describers", given.get("align") == "stretched"
    names = ("left",) if by_describers else ("left", "right")
    chosen = [known.get(given.get(name, "")) for name in names]
    if any(given.get(name, "") not in ("", *known) for name in names):
        choice = _Choice(fault="unknown", status=404)
    elif by_describers:
        choice = _Choice() if chosen[0] is None else await _describers(bench, request, chosen[0])
    else:
        choice = await _recordings(bench, request, chosen)
    found = None if choice.sides is None else await _drawn(bench, request, choice.sides, stretched=stretched)
    answer = bench.page(
        request, "compare.html", "compare", recordings=recordings, given=given,
        of="describers" if by_describers else "works", stretched=stretched, describers=choice.describers,
        makers=choice.makers, fault=choice.fault, found=found, address=bench.path, label=load_vocabulary().label,
        versions=_versions(recordings),
    )  # fmt: skip
    answer.status_code = choice.status
    return answer


async def _recordings(bench: Bench, request: Request, chosen: list[Recorded | None]) -> _Choice:
    """Read two recordings, if two were chosen."""
    left, right = chosen
    if left is None or right is None:
        return _Choice()
    if left is right:
        return _Choice(fault="same")
    first, second = [await comparing.read_side(bench.service, request, one, "", one.title) for one in (left, right)]
    return _Choice((first, second))


async def _describers(bench: Bench, request: Request, recording: Recorded) -> _Choice:
    """Read what two describers claim of a recording: those that were chosen, else the first two."""
    describers = await comparing.describers_of(bench.service, request, recording.iri)
    paths = {bench.path(iri): (iri, name) for iri, name, _ in describers}
    makers = (request.query_params.get("first", ""), request.query_params.get("second", ""))
    if len(describers) < 2:
        return _Choice(describers=describers, fault="one_describer")
    if not all(makers):
        makers = (bench.path(describers[0][0]), bench.path(describers[1][0]))
    if any(maker not in paths for maker in makers):
        return _Choice(describers=describers, makers=makers, fault="pick_two", status=400)
    if makers[0] == makers[1]:
        return _Choice(describers=describers, makers=makers, fault="pick_two")
    first, second = [
        await comparing.read_side(bench.service, request, recording, *paths[maker]) for maker in makers
    ]  # fmt: skip
    return _Choice((first, second), describers, makers)


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
