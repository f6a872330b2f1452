"""The page *Models*: what each describer can hear, what became of its claims, and how right it is."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.workbench.bench import Bench
from api.workbench.carding import Card, read_cards
from api.workbench.plots.models import bands, reliability, scores

__all__ = ["routes"]

_METHODS = ["GET", "HEAD"]


def routes(bench: Bench) -> APIRouter:
    """Make the routes."""
    router = APIRouter()

    @router.api_route("/models", methods=_METHODS)
    async def _page(request: Request) -> Response:
        bench.reader(request)
        cards, others = await read_cards(bench.service, request)
        t = bench.text(request)
        heads = (t("models.channels_short"), t("models.step_short"))
        heard = [card.envelope for card in cards if card.envelope]
        everything = [*dict.fromkeys(heard), *others]

        def drawn(card: Card) -> dict[str, object]:
            axes = (t("models.said"), t("models.held"))
            return {
                "scores": scores(card.right, f"{card.name}: {t('models.right')}") if card.right else "",
                "reliability": reliability(card.bins, f"{card.name}: {t('models.reliability')}", axes)
                if card.bins
                else "",
                "decided": sum(one.decided for one in card.bins),
            }

        return bench.page(
            request, "models.html", "models", cards=[(card, drawn(card)) for card in cards], address=bench.path,
            others=others, picture=bands(everything, t("models.bands"), "#model-", heads), everything=everything,
        )  # fmt: skip

    return router
