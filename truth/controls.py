"""Control tests of listeners: whether what is said of an aspect depends on the sound, and on nothing else.

Conventions
-----------
Each control gives, for each aspect it applies to, a `Result`: a figure, how many answers it rests on, and whether it
passes. Where a control does not apply to an aspect there is none. `LIMITS` are choices, stored with every audition.

=========  =======================================================================  ==========================
control    figure                                                                   passes
=========  =======================================================================  ==========================
silence    share of silent and of hardly audible sounds about which it claims       at most `false_claims`
swap       information of the answers about the sounds (`truth.readings`)           at least `information`
bandwidth  share of the sounds with energy above 2 kHz whose answer moves the       at least `flips`
           right way when that energy is taken away (``controls.csv``)
reversal   share of the sounds with a direction whose answer flips backwards        at least `flips`
order      share of the pairs of sounds about which the right is said in both       at least `flips`
           orders
prompt     share of answers that stay in other words, orders and letters, and       at least `agreement`
           that change when the question is denied
level      share of answers that stay when the sound is louder, softer, or one      at least `agreement`
           channel of it alone; 0 for an aspect that needs more channels than heard
batch      largest difference of a share alone, again and in a batch                at most `deviation`
truth      mean balanced accuracy over the concepts that can be judged, best        low end of the interval
           option against the known labels                                          above chance
=========  =======================================================================  ==========================
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ingest.listeners.base import Hearing
from ontology.envelopes import load_envelopes
from ontology.score_terms import ListeningCondition, ScoreMetric
from ontology.tables import read_rows
from ontology.vocabulary import load_vocabulary
from truth import metrics
from truth.metrics import Answers
from truth.readings import Reading, information
from truth.wordings import DENIED

__all__ = ["LIMITS", "Given", "Limits", "Pair", "Result", "Right", "judge", "pairs", "right"]

SAME = ("alone", "again")
LOUDNESS = ("louder", "softer", "left alone")
SILENCES = ("silent", "faint")
ORDERS = ("in order", "exchanged")
LEAST_LABELLED = 5
"""So many clips in which a concept holds, and in which it does not, are needed to judge it."""
_LOST_DB = 3.0
"""What a sound has to lose above 2 kHz so that its brightness should change."""
_COLUMNS = ("control", "concept", "becomes", "first", "then", "because")
_SEED = 1948
_CHANCE = 0.5


@dataclass(frozen=True)
class Limits:
    """From where on a control is passed; see the module."""

    false_claims: float = 0.05
    information: float = 0.05
    flips: float = 0.8
    agreement: float = 0.9
    deviation: float = 0.02
    lead: float = 0.1

    def parameters(self) -> dict[str, str]:
        """Return them as parameters of an evaluation."""
        return {f"limit of {name.replace('_', ' ')}": f"{value:g}" for name, value in asdict(self).items()}


LIMITS = Limits()


@dataclass(frozen=True)
class Pair:
    """What an answer turns into when something is done to the sound.

    Parameters
    ----------
    control : ListeningCondition
    concept, becomes : str
    first, then : str
        Of the control of order: what holds of the two sounds of which the first answer is true. Else empty.
    """

    control: ListeningCondition
    concept: str
    becomes: str
    first: str = ""
    then: str = ""


@dataclass(frozen=True)
class Given:
    """All that a listener answered about one clip.

    Parameters
    ----------
    labels : Mapping of str to bool
        What is true and false of the clip.
    generator : str
    lost_db : float
        What the clip loses above 2 kHz.
    told : Mapping of str to Mapping of str to Reading
        By what was done (a treatment, a wording, ``alone``, ``again``), then by aspect.
    """

    labels: Mapping[str, bool]
    generator: str
    lost_db: float
    told: Mapping[str, Mapping[str, Reading]]


@dataclass(frozen=True)
class Result:
    """What a control says of an aspect.

    Parameters
    ----------
    aspect : str
    control : ListeningCondition
    metric : ScoreMetric
    value : float
    clips : int
        Sounds that it rests on.
    passed : bool
    """

    aspect: str
    control: ListeningCondition
    metric: ScoreMetric
    value: float
    clips: int
    passed: bool


@dataclass(frozen=True)
class Right:
    """How right the best option is about one concept.

    Parameters
    ----------
    concept : str
    aspect : str
    answers : Answers
    balanced_accuracy, low, high : float
    """

    concept: str
    aspect: str
    answers: Answers
    balanced_accuracy: float
    low: float
    high: float


@cache
def pairs() -> tuple[Pair, ...]:
    """Return the rows of ``truth/controls.csv``.

    Raises
    ------
    VocabularyError
        If a row names an unknown concept or control, or its concepts answer different questions.
    """
    vocabulary = load_vocabulary()
    found = []
    for row in read_rows(Path(__file__).parent / "controls.csv", _COLUMNS):
        control = row.one_of("control", ("bandwidth", "reversal", "order"))
        concept, becomes = row.text("concept"), row.text("becomes")
        sounds = [row.text(name) if control == "order" else "" for name in ("first", "then")]
        for column, id_ in (("concept", concept), ("becomes", becomes), ("first", sounds[0]), ("then", sounds[1])):
            if id_ and id_ not in vocabulary.concepts:
                raise row.error(column, repr(id_), "the id of a concept")
        if vocabulary.aspect(concept) != vocabulary.aspect(becomes):
            raise row.error("becomes", repr(becomes), f"a concept that answers {vocabulary.aspect(concept)}")
        found.append(Pair(ListeningCondition(f"control{control.capitalize()}"), concept, becomes, *sounds))
    return tuple(found)


def right(given: Sequence[Given], options: Mapping[str, Sequence[str]]) -> list[Right]:
    """Compare the best options with the labels, concept by concept.

    Parameters
    ----------
    given : sequence of Given
    options : Mapping of str to sequence of str
        Concepts by aspect.

    Returns
    -------
    list of Right
        Of the concepts that hold in `LEAST_LABELLED` clips or more and do not in as many.
    """
    rng = np.random.default_rng(_SEED)
    found = []
    for aspect, concepts in options.items():
        for concept in concepts:
            rows = [
                (place, one.generator, one.labels[concept], one.told["plain"][aspect].odds(concept))
                for place, one in enumerate(given)
                if concept in one.labels and aspect in one.told["plain"]
            ]
            truth = np.array([row[2] for row in rows], np.bool_)
            if min(int(truth.sum()), int((~truth).sum())) < LEAST_LABELLED:
                continue
            answers = Answers(
                np.array([row[0] for row in rows], np.int64), np.array([row[1] for row in rows], np.str_), truth,
                np.array([row[3] for row in rows], np.float64),
            )  # fmt: skip
            low, high = metrics.interval(answers, rng)
            found.append(Right(concept, aspect, answers, metrics.balanced_accuracy(answers), low, high))
    return found


def judge(given: Sequence[Given], judged: Sequence[Right], hearing: Hearing, limits: Limits = LIMITS) -> list[Result]:
    """Put the answers of a listener to every control.

    Parameters
    ----------
    given : sequence of Given
    judged : sequence of Right
        As `right` gives them.
    hearing : Hearing
        Of the listener.
    limits : Limits, optional

    Returns
    -------
    list of Result
        Ordered by aspect; the last of each aspect says whether it passed them all.
    """
    aspects = sorted({aspect for one in given for told in one.told.values() for aspect in told})
    found = []
    for aspect in aspects:
        own = [*_controls(given, aspect, hearing, limits), *_truth(judged, aspect)]
        found += own
        passed = all(result.passed for result in own) and any(r.control is ListeningCondition.SWAP for r in own)
        clips = max((result.clips for result in own), default=1)
        found.append(Result(aspect, ListeningCondition.ALL, ScoreMetric.PASSED, float(passed), clips, passed))
    return found


def _of(given: Iterable[Given], aspect: str, *names: str) -> Iterator[tuple[Given, str, Reading]]:
    for one in given:
        for name in names:
            if (told := one.told.get(name)) is not None and aspect in told:
                yield one, name, told[aspect]


def _controls(given: Sequence[Given], aspect: str, hearing: Hearing, limits: Limits) -> Iterator[Result]:
    silences = [reading for _, _, reading in _of(given, aspect, *SILENCES)]
    if silences:
        claimed = float(np.mean([reading.chosen is not None for reading in silences]))
        yield Result(
            aspect, ListeningCondition.SILENCE, ScoreMetric.FALSE_CLAIMS, claimed, len(silences),
            claimed <= limits.false_claims,
        )  # fmt: skip
    plain = [reading for _, _, reading in _of(given, aspect, "plain")]
    if len(plain) > 1:
        told = information(plain)
        yield Result(
            aspect, ListeningCondition.SWAP, ScoreMetric.INFORMATION, told, len(plain), told >= limits.information
        )
    yield from _turning(given, aspect, limits)
    yield from _staying(given, aspect, hearing, limits)
    gaps = [
        max(abs(reading.shares.get(name, 0) - share) for name, share in one.told["plain"][aspect].shares.items())
        for one, _, reading in _of(given, aspect, *SAME) if aspect in one.told["plain"]
    ]  # fmt: skip
    if gaps:
        yield Result(
            aspect, ListeningCondition.BATCH, ScoreMetric.DEVIATION, max(gaps), len(gaps), max(gaps) <= limits.deviation
        )


def _turning(given: Sequence[Given], aspect: str, limits: Limits) -> Iterator[Result]:
    """Yield what becomes of answers that have to turn: with a band limit, backwards, and in the other order."""
    vocabulary = load_vocabulary()
    own = [pair for pair in pairs() if vocabulary.aspect(pair.concept) == aspect]
    for control in dict.fromkeys(pair.control for pair in own):
        turned = [
            _turns(pair, one, aspect, limits)
            for pair in own if pair.control is control
            for one in given if _concerns(pair, one)
        ]  # fmt: skip
        some = [one for one in turned if one is not None]
        if some:
            share = float(np.mean(some))
            yield Result(aspect, control, ScoreMetric.FLIPS, share, len(some), share >= limits.flips)


def _concerns(pair: Pair, one: Given) -> bool:
    if pair.control is ListeningCondition.BANDWIDTH:
        return one.lost_db >= _LOST_DB
    if pair.control is ListeningCondition.ORDER:
        return ORDERS[0] in one.told
    return bool(one.labels.get(pair.concept) or one.labels.get(pair.becomes))


def _turns(pair: Pair, one: Given, aspect: str, limits: Limits) -> bool | None:
    """Tell whether an answer turns as it should; None if it was not asked for."""
    names = {ListeningCondition.BANDWIDTH: ("plain", "low-passed"), ListeningCondition.ORDER: ORDERS}
    name, other = names.get(pair.control, ("plain", "reversed"))
    before, after = one.told.get(name, {}).get(aspect), one.told.get(other, {}).get(aspect)
    if before is None or after is None:
        return None
    first, then = before.lead(pair.concept, pair.becomes), after.lead(pair.concept, pair.becomes)
    if pair.control is ListeningCondition.BANDWIDTH:
        return first - then >= limits.lead
    if pair.control is ListeningCondition.ORDER:
        return min(first, -then) >= limits.lead
    return first * then < 0 and min(abs(first), abs(then)) >= limits.lead


def _staying(given: Sequence[Given], aspect: str, hearing: Hearing, limits: Limits) -> Iterator[Result]:
    """Yield what becomes of answers that have to stay: in other words, and at other levels."""
    names = {name for one in given for name in one.told}
    wordings = sorted(names - {"plain", "reversed", "low-passed", *SAME, *LOUDNESS, *SILENCES, *ORDERS})
    groups = ((ListeningCondition.PROMPT, wordings), (ListeningCondition.LEVEL, LOUDNESS))
    needs = load_envelopes().needs.get(aspect)
    spatial = needs is not None and needs.channels is not None and needs.channels > hearing.channels
    for control, wanted in groups:
        same = [
            (reading.best == one.told["plain"][aspect].best) != (name == DENIED)
            for one, name, reading in _of(given, aspect, *wanted) if aspect in one.told["plain"]
        ]  # fmt: skip
        if same:
            refused = spatial and control is ListeningCondition.LEVEL
            share = 0.0 if refused else float(np.mean(same))
            yield Result(aspect, control, ScoreMetric.AGREEMENT, share, len(same), share >= limits.agreement)


def _truth(judged: Sequence[Right], aspect: str) -> Iterator[Result]:
    own = [one.answers for one in judged if one.aspect == aspect]
    if own:
        low, _ = metrics.mean_interval(own, np.random.default_rng(_SEED))
        mean = float(np.mean([metrics.balanced_accuracy(answers) for answers in own]))
        clips = len(np.unique(np.concatenate([answers.clip for answers in own])))
        yield Result(aspect, ListeningCondition.CLEAN, ScoreMetric.BALANCED_ACCURACY, mean, clips, bool(low > _CHANCE))
