"""Which runs a recording calls for: their agents and parameters, which are known before anything is computed.

Conventions
-----------
A run is named by its agent, its recording and its parameters (`ontology.mint`), so that what is stored already can be
left alone. The parameters hold all that can change the outcome.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from ingest.decode import RATE
from ingest.heard import Contribution
from ingest.listeners.base import Listener
from ingest.segment import WINDOW_SECONDS
from ontology.mint import Minter
from ontology.terms import SpanKind
from ontology.values import Agent, Recording, Run
from ontology.vocabulary import FOLDER

__all__ = [
    "CHECKER",
    "DESCRIBER",
    "ENVELOPE_CHECKER",
    "ListenerRuns",
    "Settings",
    "listener_runs",
    "runs",
    "spoken_run",
]

VERSION = "0.2.0"
"""Version of the measuring code; to be raised with every change that can change a value."""

DESCRIBER = Agent("Acousma measured describer", VERSION, envelope="acousma-measurement")
CHECKER = Agent("Acousma claim checker", VERSION)
ENVELOPE_CHECKER = Agent("Acousma envelope checker", VERSION)
"""Says of claims that their maker could not have heard it; whether it holds is left to `CHECKER`."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What can change the outcome of a description, and where it is computed.

    Parameters
    ----------
    base : str
        Base IRI of the archive.
    window_seconds : float
    device : str
        Torch device; no part of a run's identity.
    """

    base: str
    window_seconds: float = WINDOW_SECONDS
    device: str = "cpu"


@cache
def _tables_sum(*names: str) -> str:
    return hashlib.sha256(b"\0".join((FOLDER / name).read_bytes() for name in names)).hexdigest()


def _rules_sum() -> str:
    return _tables_sum("rules.csv", "properties.csv")


def _envelopes_sum() -> str:
    return _tables_sum("envelopes.csv", "needs.csv", "losses.csv", "rules.csv")


def runs(recording: Recording, others: Sequence[Contribution], settings: Settings, now: datetime) -> list[Run]:
    """Return the runs that a recording calls for; their IRIs do not depend on the time.

    Parameters
    ----------
    recording : Recording
    others : sequence of Contribution
    settings : Settings
    now : datetime

    Returns
    -------
    list of Run
        The measured describer's; then one per contribution; if there are claims in them, the checker's, and the
        envelope checker's if one of their makers hears through an envelope.
    """
    parameters = {
        **_envelope(DESCRIBER),
        "sample rate in Hz": str(RATE),
        "window in seconds": f"{settings.window_seconds:g}",
        "SHA-256 sum of the rules": _rules_sum(),
    }
    wanted = [Run(DESCRIBER, recording.id, parameters, now, now)]
    wanted += [spoken_run(recording, contribution, now) for contribution in others]
    # equal claims out of two files are two runs' claims, and both are to be checked
    spoken = [(other.agent.name, other.parameters) for other in others if other.parameters and other.claims]
    imported = {"SHA-256 sum of the imported runs": _claims_sum(spoken)} if spoken else {}
    if claimed := [(other.agent.envelope, claim) for other in others for claim in other.claims]:
        parameters = {
            "SHA-256 sum of the rules": _rules_sum(),
            "SHA-256 sum of the claims": _claims_sum(claim for _, claim in claimed),
        } | imported
        wanted.append(Run(CHECKER, recording.id, parameters, now, now))
    if through := [(envelope, claim) for envelope, claim in claimed if envelope]:
        parameters = {
            "SHA-256 sum of the envelopes": _envelopes_sum(),
            "SHA-256 sum of the claims": _claims_sum(through),
        } | imported
        wanted.append(Run(ENVELOPE_CHECKER, recording.id, parameters, now, now))
    return wanted


def spoken_run(recording: Recording, contribution: Contribution, now: datetime) -> Run:
    """Return the run in which somebody else said something.

    Parameters
    ----------
    recording : Recording
    contribution : Contribution
    now : datetime
    """
    sums = {
        f"SHA-256 sum of the {name}": _claims_sum(items)
        for name, items in (("claims", contribution.claims), ("descriptions", contribution.descriptions))
        if items
    }
    parameters = dict(contribution.parameters)
    return Run(contribution.agent, recording.id, parameters | _envelope(contribution.agent) | sums, now, now)


def _envelope(agent: Agent) -> dict[str, str]:
    return {"envelope": agent.envelope} if agent.envelope else {}


def _claims_sum(claims_: Iterable[object]) -> str:
    return hashlib.sha256("\n".join(sorted(map(repr, claims_))).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class ListenerRuns:
    """The runs that a listener calls for: its own, and those of the two checkers if it claims anything."""

    heard: Run
    checked: Run
    reached: Run
    claims: bool = True

    @property
    def all(self) -> tuple[Run, ...]:
        """Its own first."""
        return (self.heard, self.checked, self.reached) if self.claims else (self.heard,)


def listener_runs(listener: Listener, recording: Recording, settings: Settings, now: datetime) -> ListenerRuns:
    """Return the runs that a listener calls for.

    Parameters
    ----------
    listener : Listener
    recording : Recording
    settings : Settings
    now : datetime

    Returns
    -------
    ListenerRuns
        What the checkers judge is named by the listener's run, because its claims are not known beforehand.
    """
    identity = listener.identity()
    segmented = {"spans": " ".join(sorted(listener.spans)), "window in seconds": f"{settings.window_seconds:g}"}
    if SpanKind.DETECTED_OBJECT in listener.spans:
        segmented["version of the segmentation"] = VERSION
    heard = Run(identity.agent, recording.id, identity.parameters() | segmented, now, now)
    judged = {"run that was judged": Minter(settings.base).run_id(heard)}
    rules = judged | {"SHA-256 sum of the rules": _rules_sum()}
    tables = judged | {"SHA-256 sum of the envelopes": _envelopes_sum()}
    return ListenerRuns(
        heard, Run(CHECKER, recording.id, rules, now, now), Run(ENVELOPE_CHECKER, recording.id, tables, now, now),
        identity.kind != "encoder",
    )  # fmt: skip
