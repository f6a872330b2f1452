"""The HTML report of an evaluation: one file that needs no other."""

from pathlib import Path

import jinja2
from markupsafe import Markup

from api import evaluation_plots as plots
from truth.evaluation import CERTAINTY
from truth.expectations import Fulfilment
from truth.families import COVERAGE_TARGET, ECE_TARGET
from truth.scores import Evaluated

__all__ = ["report"]

_HERE = Path(__file__).parent


def report(done: Evaluated, expected: list[Fulfilment]) -> str:
    """Return the report of an evaluation.

    Parameters
    ----------
    done : Evaluated
    expected : list of Fulfilment

    Returns
    -------
    str
        HTML with styles and plots in it.
    """
    from api.evaluating import sentence

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    found = done.evaluation
    noise = plots.robustness(found)
    return environment.get_template("evaluation.html").render(
        done=done, agent=done.who.agent, evaluation=found, expected=expected, sentence=sentence,
        met=sum(one.found is True for one in expected), certainty=CERTAINTY, coverage_target=COVERAGE_TARGET,
        ece_target=ECE_TARGET, titles={one.family.id: one.family.title for one in found.families},
        confusions=[(one, Markup(plots.confusion(one))) for one in found.confusions],
        reliability=Markup(plots.reliability(found.overall)) if found.overall else "",
        risk=Markup(plots.risk_coverage(found.overall)) if found.overall else "",
        robustness=Markup(noise) if noise else "",
    )  # fmt: skip
