"""What listening models can hear, what concepts need, and what a span loses on the way: read from tables.

Conventions
-----------
``envelopes.csv`` has one listening model per row: the band, channels, window and token step that its input carries. Its
ids are the last part of ``acv:envelope/<id>``. ``needs.csv`` says what the evidence for a concept needs of an input:
channels, a band, a time step, a shortest stretch. A row holds for its concept and all narrower ones, up to a nearer
row. Rows of observable properties say what measuring them needs, and so what a concept needs that has a measurement
rule and no row of its own. ``losses.csv`` says from where on a measured loss keeps a listener from hearing a span.

A cell that is empty means that nothing is known (of a model) or that nothing is needed (of a concept). Faulty rows are
errors that name file, line and column, as in `ontology.vocabulary`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from ontology.errors import VocabularyError
from ontology.tables import Row, read_rows
from ontology.terms import ReachReason
from ontology.vocabulary import FOLDER, Condition, Rule, Vocabulary, load_vocabulary

__all__ = ["Envelope", "Envelopes", "Loss", "Need", "load_envelopes"]


@dataclass(frozen=True, slots=True)
class Envelope:
    """What the input of a listening model carries.

    Parameters
    ----------
    id, label, kind : str
        Kind is the kind of model, such as ``audio language model``.
    answers : str
        What it answers with, such as ``words`` or ``tags``.
    sample_rate_hz : float
    minimum_hz, maximum_hz : float
        Edges of the band, ``0 <= minimum < maximum <= rate / 2``.
    channels : int
    window_s : float or None
        Length of the stretch its front end takes at once.
    longest_input_s : float or None
        Longest stretch it hears as one; None if there is no end, or none is known.
    hop_s : float or None
        Seconds between frames of the front end.
    token_step_s : float or None
        Seconds between what it passes on: tokens, vectors, values.
    mel_bins : int or None
    licence_code, licence_weights : str
        In the words of their source; empty if not known.
    caveats, source : str
    source_checked : {"yes", "partly", "no"}
    """

    id: str
    label: str
    kind: str
    answers: str
    sample_rate_hz: float
    minimum_hz: float
    maximum_hz: float
    channels: int
    window_s: float | None
    longest_input_s: float | None
    hop_s: float | None
    token_step_s: float | None
    mel_bins: int | None
    licence_code: str
    licence_weights: str
    caveats: str
    source: str
    source_checked: str

    @property
    def is_clip(self) -> bool:
        """Whether it passes on one value for the whole of its input, so that there are no steps to count."""
        return None not in (self.token_step_s, self.window_s) and (self.token_step_s or 0) >= (self.window_s or 0)


@dataclass(frozen=True, slots=True)
class Need:
    """What the evidence for a concept needs of an input.

    Parameters
    ----------
    channels : int or None
    lowest_hz, highest_hz : float or None
        Band in which the evidence lies; both or neither are there.
    step_s : float or None
        Coarsest time step that still shows it.
    shortest_s : float or None
        Shortest stretch on which it can be heard.
    because : str
        The definition or rule it was taken from.
    """

    channels: int | None
    lowest_hz: float | None
    highest_hz: float | None
    step_s: float | None
    shortest_s: float | None
    because: str

    def __bool__(self) -> bool:
        return any(need is not None for need in (self.channels, self.highest_hz, self.step_s, self.shortest_s))


@dataclass(frozen=True, slots=True)
class Loss:
    """From where on a measured loss keeps a listener from hearing a span.

    Parameters
    ----------
    property : str
        Id of the observable property.
    reason : ReachReason
        What it gives a reason for: `MEASURED_LOSS` against any claim, `BAND` against claims whose evidence reaches
        beyond the band.
    below_hz, above_hz : float or None
        The edge beyond which the loss is measured; one of them for a loss by band.
    channels : int or None
        The channels that are left; for a loss by mixing.
    limit, margin : float
        In the unit of the property; the margin is the standard deviation of the zone of doubt.
    source : str
    """

    property: str
    reason: ReachReason
    below_hz: float | None
    above_hz: float | None
    channels: int | None
    limit: float
    margin: float
    source: str

    def served(self, envelope: Envelope) -> bool:
        """Tell whether an input loses at least what is measured: all that lies beyond the edge is beyond its band."""
        if self.above_hz is not None:
            return envelope.maximum_hz <= self.above_hz
        if self.below_hz is not None:
            return envelope.minimum_hz >= self.below_hz
        return self.channels == envelope.channels


@dataclass(frozen=True, slots=True)
class Envelopes:
    """All envelopes by id, the needs of concepts by concept id, and the losses in the order of their table."""

    envelopes: Mapping[str, Envelope]
    needs: Mapping[str, Need]
    losses: tuple[Loss, ...]

    def find(self, name: str) -> str | None:
        """Return the id of the envelope with this id or label, in any case of letters; None if there is none.

        Examples
        --------
        >>> load_envelopes().find("Qwen2-Audio-7B")
        'qwen2-audio-7b'
        """
        wanted = name.strip().casefold()
        return next((e.id for e in self.envelopes.values() if wanted in (e.id.casefold(), e.label.casefold())), None)


_ENVELOPE_COLUMNS = (
    "id", "label", "kind", "answers", "sample_rate_hz", "minimum_hz", "maximum_hz", "channels", "window_s",
    "longest_input_s", "hop_ms", "token_step_ms", "mel_bins", "licence_code", "licence_weights", "caveats", "source",
    "source_checked",
)  # fmt: skip
_NEED_COLUMNS = ("id", "channels", "lowest_hz", "highest_hz", "step_s", "shortest_s", "because")
_LOSS_COLUMNS = ("property", "reason", "below_hz", "above_hz", "channels", "limit", "margin", "source")

_HALF_THRESHOLD, _HALF_PERIOD = "half of threshold", "half of period"
"""Cells of ``step_s`` for properties whose time step depends on what a rule asks of them."""


def _positive(row: Row, column: str) -> float | None:
    number = row.number(column)
    if number is not None and number <= 0:
        raise row.error(column, f"{number:g}", "a number above 0, or nothing")
    return number


def _whole(row: Row, column: str) -> int | None:
    number = _positive(row, column)
    if number is not None and number != int(number):
        raise row.error(column, f"{number:g}", "a whole number")
    return None if number is None else int(number)


def _there(row: Row, column: str, number: float | None) -> float:
    if number is None:
        raise row.error(column, "nothing", "a number")
    return number


def _once(row: Row, column: str, known: Mapping[str, object]) -> str:
    name = row.text(column)
    if name in known:
        raise row.error(column, f"{name!r} stands there twice", "one row each")
    return name


def _milliseconds(row: Row, column: str) -> float | None:
    number = _positive(row, column)
    return None if number is None else round(number / 1000, 9)


def _read_envelopes(path: Path) -> dict[str, Envelope]:
    envelopes: dict[str, Envelope] = {}
    labels: dict[str, str] = {}
    for row in read_rows(path, _ENVELOPE_COLUMNS):
        id_, label = _once(row, "id", envelopes), _once(row, "label", labels)
        if not id_.isascii() or id_ != id_.lower() or not id_.replace("-", "").replace(".", "").isalnum():
            raise row.error("id", f"{id_!r}", "lower-case letters, digits, hyphens and points")
        rate = _there(row, "sample_rate_hz", _positive(row, "sample_rate_hz"))
        low = _there(row, "minimum_hz", row.number("minimum_hz"))
        high = _there(row, "maximum_hz", _positive(row, "maximum_hz"))
        if not 0 <= low < high <= rate / 2:
            raise row.error("maximum_hz", f"a band from {low:g} to {high:g} Hz", f"within 0 to {rate / 2:g} Hz")
        labels[label] = id_
        envelopes[id_] = Envelope(
            id=id_,
            label=label,
            kind=row.text("kind"),
            answers=row.text("answers"),
            sample_rate_hz=rate,
            minimum_hz=low,
            maximum_hz=high,
            channels=int(_there(row, "channels", _whole(row, "channels"))),
            window_s=_positive(row, "window_s"),
            longest_input_s=_positive(row, "longest_input_s"),
            hop_s=_milliseconds(row, "hop_ms"),
            token_step_s=_milliseconds(row, "token_step_ms"),
            mel_bins=_whole(row, "mel_bins"),
            licence_code=row.cells["licence_code"],
            licence_weights=row.cells["licence_weights"],
            caveats=row.cells["caveats"],
            source=row.text("source"),
            source_checked=row.one_of("source_checked", ("yes", "partly", "no")),
        )
    return envelopes


def _read_needs(path: Path, vocabulary: Vocabulary) -> tuple[dict[str, Need], dict[str, str]]:
    """Return the need of each row, and the word in place of the time step where there is one."""
    needs: dict[str, Need] = {}
    words: dict[str, str] = {}
    for row in read_rows(path, _NEED_COLUMNS):
        id_ = _once(row, "id", needs)
        if id_ not in vocabulary.concepts and id_ not in vocabulary.properties:
            raise row.error("id", f"{id_!r} is unknown", "the id of a concept or of an observable property")
        step = None
        if (word := row.cells["step_s"]) in (_HALF_THRESHOLD, _HALF_PERIOD):
            if id_ not in vocabulary.properties:
                raise row.error("step_s", f"{word!r} for a concept", "a number: only properties have thresholds")
            words[id_] = word
        else:
            step = _positive(row, "step_s")
        low, high = _positive(row, "lowest_hz"), _positive(row, "highest_hz")
        if (low is None) != (high is None) or (low or 0) > (high or 0):
            raise row.error("highest_hz", f"a band from {low} to {high} Hz", "both edges, the lower one first")
        needs[id_] = Need(_whole(row, "channels"), low, high, step, _positive(row, "shortest_s"), row.text("because"))
    return needs, words


def _read_losses(path: Path, vocabulary: Vocabulary) -> tuple[Loss, ...]:
    losses: dict[str, Loss] = {}
    for row in read_rows(path, _LOSS_COLUMNS):
        name = _once(row, "property", losses)
        if name not in vocabulary.properties:
            raise row.error("property", f"{name!r} is unknown", "the id of an observable property")
        edges = (_positive(row, "below_hz"), _positive(row, "above_hz"), _whole(row, "channels"))
        if sum(edge is not None for edge in edges) != 1:
            raise row.error("above_hz", f"{edges}", "one of below_hz, above_hz and channels")
        limit = _there(row, "limit", _positive(row, "limit"))
        margin = _there(row, "margin", _positive(row, "margin"))
        reason = ReachReason(row.one_of("reason", (ReachReason.BAND, ReachReason.MEASURED_LOSS)))
        losses[name] = Loss(name, reason, edges[0], edges[1], edges[2], limit, margin, row.text("source"))
    return tuple(losses.values())


def _step(word: str | None, need: Need, condition: Condition) -> float | None:
    """Return the time step a condition needs."""
    thresholds = [bound for bound in (condition.minimum, condition.maximum) if bound is not None and bound > 0]
    if word is None or not thresholds:
        return need.step_s
    return round(min(thresholds) / 2 if word == _HALF_THRESHOLD else 0.5 / max(thresholds), 6)


def _of_rule(rule: Rule, needs: Mapping[str, Need], words: Mapping[str, str]) -> Need:
    """Return what the conditions of a rule need together: the most of each."""
    channels: list[int] = []
    lows: list[float] = []
    highs: list[float] = []
    steps: list[float] = []
    shortest: list[float] = []
    because: dict[str, None] = {}
    for condition in rule.conditions:
        if condition.property == "duration" and condition.minimum is not None:
            shortest.append(condition.minimum)
            because["rule on duration"] = None
        if (need := needs.get(condition.property)) is None:
            continue
        step = _step(words.get(condition.property), need, condition)
        for found, value in ((lows, need.lowest_hz), (highs, need.highest_hz), (steps, step)):
            if value is not None:
                found.append(value)
        if need.channels is not None:
            channels.append(need.channels)
        because[f"rule on {condition.property} ({need.because})"] = None
    return Need(
        max(channels, default=None), min(lows, default=None), max(highs, default=None), min(steps, default=None),
        max(shortest, default=None), "; ".join(because) or "rule: needs nothing that an input could lack",
    )  # fmt: skip


def _materialised(
    vocabulary: Vocabulary, needs: Mapping[str, Need], words: Mapping[str, str]
) -> Iterator[tuple[str, Need]]:
    """Yield what each concept needs: by its own row, else by its rule, else by the nearest row above it."""
    for id_ in vocabulary.concepts:
        rule = vocabulary.rules.get(id_)
        if id_ in needs:
            need = needs[id_]
        elif rule is not None:
            need = _of_rule(rule, needs, words)
        else:
            above = next((ancestor for ancestor in vocabulary.ancestors(id_) if ancestor in needs), None)
            if above is None:
                continue
            need = needs[above]
        if need:
            yield id_, need


@cache
def load_envelopes(folder: Path = FOLDER) -> Envelopes:
    """Read the envelopes, what concepts need, and the losses that count.

    Parameters
    ----------
    folder : Path
        Folder with ``envelopes.csv``, ``needs.csv``, ``losses.csv`` and the tables of the vocabulary.

    Returns
    -------
    Envelopes

    Raises
    ------
    VocabularyError
        If a row is faulty; the message names file, line and column.

    Examples
    --------
    >>> load_envelopes().needs["wideImage"].channels
    2
    """
    vocabulary = load_vocabulary(folder)
    needs, words = _read_needs(folder / "needs.csv", vocabulary)
    envelopes = _read_envelopes(folder / "envelopes.csv")
    if not envelopes:
        raise VocabularyError("envelopes.csv has no rows", "one row per listening model")
    losses = _read_losses(folder / "losses.csv", vocabulary)
    return Envelopes(
        MappingProxyType(envelopes), MappingProxyType(dict(_materialised(vocabulary, needs, words))), losses
    )
