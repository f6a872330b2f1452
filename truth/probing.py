"""Training a probe: logistic heads on the vectors of a frozen encoder, from sounds whose labels are known.

Conventions
-----------
* A label is true or false; a concept without a label for a sound is left out for it.
* Sounds come in groups: the generator of a corpus clip, the recording of a reviewed claim. What is said of a group is
  by weights that have not seen it (`sklearn.model_selection.StratifiedGroupKFold`).
* A concept is learnt if it holds in `LEAST` sounds and does not hold in as many, each from two groups, and if its
  balanced accuracy on unseen groups reaches `LEAST_ACCURACY`. The others are named with the reason.
* True and false weigh alike, in training and in calibration (Platt 1999): how common a concept is among the sounds says
  nothing of how common it is in a work.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice

import numpy as np
import numpy.typing as npt
import soxr
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.model_selection import StratifiedGroupKFold

from ingest.decode import RATE
from ingest.listeners.base import Mono
from ingest.listeners.encoders import POOLING, Encoder
from ingest.listeners.heads import Head, HeadCard, ProbedConcept
from ontology.errors import CorpusError, ListenerError
from truth.answering import Corpus, questions
from truth.corpus.degrade import CLEAN
from truth.evaluation import CERTAINTY, LEAST

__all__ = ["LEAST_ACCURACY", "Embedded", "Example", "embedded", "of_corpus", "train"]

LEAST_ACCURACY = 0.6
"""Balanced accuracy on unseen groups below which a concept is not learnt: a choice; 0.5 is chance."""

FOLDS = 5
"""Parts into which groups are divided, at most."""

_STRENGTH = 0.1
"""Inverse of the strength of the ridge penalty, on standardised numbers: a choice, not tuned."""

_Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Example:
    """A sound and what is known of it.

    Parameters
    ----------
    sound : ndarray of shape (samples,)
        At the rate of the encoder, mono.
    labels : Mapping of str to bool
        By concept.
    group : str
        What it comes from.
    """

    sound: Mono
    labels: Mapping[str, bool]
    group: str


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """Sounds as an encoder gives them.

    Parameters
    ----------
    vectors : ndarray of shape (sounds, numbers)
    labels : tuple of Mapping
    groups : tuple of str
    too_long : int
        Sounds that were left out because the encoder hears no more than its window as one.
    """

    vectors: npt.NDArray[np.float32]
    labels: tuple[Mapping[str, bool], ...]
    groups: tuple[str, ...]
    too_long: int


def of_corpus(corpus: Corpus, encoder: Encoder) -> Iterator[Example]:
    """Yield the clips of a corpus, each from its first sound to its last, in mono.

    Parameters
    ----------
    corpus : Corpus
    encoder : Encoder
    """
    rate = encoder.hearing.sample_rate_hz
    for question in questions(corpus, [CLEAN], curves=0):
        record = question.record
        if record["kind"] != "clips":
            continue
        start, end = (round(time * RATE) for time in question.extent)
        mono = question.sound()[start:end].mean(axis=1, dtype=np.float32)
        labels = record["labels"]
        if not isinstance(labels, Mapping):
            raise CorpusError(f"clip {record['id']} has no labels", "a corpus of acousma corpus make", "make it again")
        known = {str(concept): bool(holds) for concept, holds in labels.items() if holds is not None}
        yield Example(np.asarray(soxr.resample(mono, RATE, rate), np.float32), known, str(record["generator"]))


def embedded(
    encoder: Encoder, examples: Iterator[Example], batch: int, progress: Callable[[int], None] = lambda _: None
) -> Embedded:
    """Return the vectors of sounds.

    Parameters
    ----------
    encoder : Encoder
    examples : iterator of Example
    batch : int
        Sounds at a time.
    progress : callable
        Called with the number of sounds since the last call.

    Raises
    ------
    ListenerError
        If there is no sound that the encoder can hear.
    """
    longest = encoder.hearing.window_s * encoder.hearing.sample_rate_hz
    vectors, labels, groups, too_long = [], list[Mapping[str, bool]](), list[str](), 0
    while part := list(islice(examples, batch)):
        fitting = [one for one in part if len(one.sound) <= longest]
        too_long += len(part) - len(fitting)
        if fitting:
            vectors.append(encoder.embed([one.sound for one in fitting]))
            labels += [one.labels for one in fitting]
            groups += [one.group for one in fitting]
        progress(len(part))
    if not vectors:
        raise ListenerError(
            f"there is no sound of {encoder.hearing.window_s:g} s or less to learn from", "labelled sounds",
            "make a corpus (acousma corpus make), or review claims",
        )  # fmt: skip
    return Embedded(np.concatenate(vectors), tuple(labels), tuple(groups), too_long)


@dataclass(frozen=True, slots=True, eq=False)
class _Learnt:
    """The numbers of one concept, and how right they are."""

    concept: ProbedConcept
    weights: _Numbers
    bias: float
    slope: float
    offset: float


def train(encoder: Encoder, encoder_path: str, known: Embedded, trained_on: Mapping[str, str]) -> Head:
    """Train a head.

    Parameters
    ----------
    encoder : Encoder
    encoder_path : str
        Where the encoder lies, or its id on a hub.
    known : Embedded
    trained_on : Mapping of str to str
        What the sounds are, for the card.

    Raises
    ------
    ListenerError
        If no concept can be learnt.
    """
    center = known.vectors.mean(axis=0, dtype=np.float64)
    scale = known.vectors.std(axis=0, dtype=np.float64)
    scale[scale < 1e-6] = 1.0  # a number that never changes
    standard = (known.vectors - center) / scale
    groups = np.array(known.groups)
    learnt: list[_Learnt] = []
    not_learnt: dict[str, str] = {}
    for concept in sorted({concept for labels in known.labels for concept in labels}):
        rows = [row for row, labels in enumerate(known.labels) if concept in labels]
        truth = np.array([known.labels[row][concept] for row in rows])
        found = _learn(concept, standard[rows], truth, groups[rows])
        if isinstance(found, str):
            not_learnt[concept] = found
        else:
            learnt.append(found)
    if not learnt:
        first = next(iter(not_learnt.items()), ("nothing", "no sound has a label"))
        raise ListenerError(
            f"none of {len(not_learnt)} concepts can be learnt (such as {first[0]}: {first[1]})",
            f"{LEAST} sounds each of which a concept is true and false, from two groups each",
            "give more labelled sounds, or another encoder",
        )  # fmt: skip
    files = encoder.files
    counted = {"sounds": str(len(known.labels)), "sounds left out as too long": str(known.too_long)}
    card = HeadCard(
        encoder=files.name, encoder_path=encoder_path, encoder_weights_sha256=files.weights_sha256,
        encoder_configuration_sha256=files.configuration_sha256, pooling=POOLING, threshold=CERTAINTY,
        trained_on=dict(trained_on) | counted, concepts=tuple(one.concept for one in learnt), not_learnt=not_learnt,
        libraries={name: version(name) for name in ("scikit-learn", "numpy", "torch", "transformers")},
    )  # fmt: skip
    numbers = (
        center, scale, [one.weights for one in learnt], [one.bias for one in learnt], [one.slope for one in learnt],
        [one.offset for one in learnt],
    )  # fmt: skip
    return Head(card, *(np.asarray(part, np.float32) for part in numbers))


def _learn(
    concept: str, vectors: _Numbers, truth: npt.NDArray[np.bool_], groups: npt.NDArray[np.str_]
) -> _Learnt | str:
    """Learn one concept; or say why it cannot be learnt."""
    for holds, word in ((True, "true"), (False, "false")):
        count, of = int((truth == holds).sum()), set(groups[truth == holds].tolist())
        if count < LEAST or len(of) < 2:
            return f"{word} in {count} sounds from {len(of)} groups"
    folds = StratifiedGroupKFold(min(FOLDS, len(set(groups.tolist()))))
    unseen = np.full(len(truth), np.nan)
    for seen, left in folds.split(vectors, truth, groups):
        if len(set(truth[seen].tolist())) == 2:
            unseen[left] = _fitted(vectors[seen], truth[seen]).decision_function(vectors[left])
    there = np.isfinite(unseen)
    if len(set(truth[there].tolist())) < 2:
        return "groups cannot be divided so that true and false are in each part"
    platt = LogisticRegression(C=1e3, class_weight="balanced").fit(unseen[there, None], truth[there])
    slope, offset = float(np.asarray(platt.coef_).item()), float(np.asarray(platt.intercept_).item())
    right = float(balanced_accuracy_score(truth[there], platt.predict(unseen[there, None])))
    right = right if slope > 0 else 1 - right  # what is right only the wrong way round is wrong
    if right < LEAST_ACCURACY:
        return f"balanced accuracy {right:.2f} on groups that were not seen"
    whole = _fitted(vectors, truth)
    scored = ProbedConcept(
        concept=concept, true=int(truth.sum()), false=int((~truth).sum()), groups=len(set(groups.tolist())),
        balanced_accuracy=round(right, 4),
    )  # fmt: skip
    return _Learnt(scored, np.ravel(whole.coef_), float(np.asarray(whole.intercept_).item()), slope, offset)


def _fitted(vectors: _Numbers, truth: npt.NDArray[np.bool_]) -> LogisticRegression:
    return LogisticRegression(C=_STRENGTH, class_weight="balanced", max_iter=2000).fit(vectors, truth)
