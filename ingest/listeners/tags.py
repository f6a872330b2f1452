"""A tagger of sounds as a listener: its tags become claims where the mappings to AudioSet lead to a concept.

Conventions
-----------
Tags are independent: each has a score of its own from 0 to 1 (sigmoid). Tags from `LEAST` on are kept word for word, as
the description of the span. Whoever hears a tag hears each concept of which the tag is a narrower, close or exact match
(``ontology/mappings/audioset.sssom.tsv``); the confidence is the score times that of the mapping.
"""

import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import torch
from transformers import AutoConfig, AutoFeatureExtractor, AutoModelForAudioClassification

from ingest.listeners.base import Heard, Hearing, Sounding
from ingest.listeners.files import UNLOADABLE, ModelFiles, find_model, unusable
from ingest.listeners.local import LocalListener
from ontology.errors import ListenerError
from ontology.mappings import load_mappings
from ontology.terms import SKOS, ConfidenceKind, SpanKind
from ontology.values import Claim, Description, Span
from ontology.vocabulary import Vocabulary

__all__ = ["LEAST", "TagListener", "concepts_by_tag", "tag_features"]

LEAST = 0.2
"""Least score of a tag that is kept: a choice, not a calibration."""

TAGS = "tags"
"""Name of the description."""

_EXPECTED = "a tagger of sounds for transformers with the labels of AudioSet, such as AST"
_LEADS = frozenset(SKOS.NS + kind for kind in ("exactMatch", "closeMatch", "narrowMatch"))


def concepts_by_tag(vocabulary: Vocabulary) -> Mapping[str, tuple[tuple[str, float], ...]]:
    """Return, by label of AudioSet, the concepts that are heard with it, each with the confidence of the mapping.

    Examples
    --------
    >>> from ontology.vocabulary import load_vocabulary
    >>> concepts_by_tag(load_vocabulary())["Speech"][0]
    ('ifUtterance', 0.9)
    """
    found: dict[str, tuple[tuple[str, float], ...]] = {}
    (audioset,) = (set_ for set_ in load_mappings(vocabulary) if set_.name == "audioset")
    for mapping in audioset.mappings:
        if mapping.subject in vocabulary.concepts and mapping.object is not None and mapping.predicate in _LEADS:
            found[mapping.label] = (*found.get(mapping.label, ()), (mapping.subject or "", mapping.confidence or 0.0))
    return found


class TagListener(LocalListener):
    """A tagger such as AST.

    Parameters
    ----------
    model : str
        Folder or id.
    vocabulary : Vocabulary
    device : str
    envelope : str, optional
        Id of its row in ``ontology/envelopes.csv``.

    Raises
    ------
    ListenerError
        If it is no such model, or none of its tags is mapped.
    """

    kind, expected = "ast", _EXPECTED

    def __init__(self, model: str, vocabulary: Vocabulary, device: str, envelope: str | None = None) -> None:
        super().__init__(find_model(model), device, frozenset({SpanKind.FIXED_WINDOW}))  # a tag is about a clip
        self._vocabulary = vocabulary
        self._features, self._tags, hearing = tag_features(self._files)
        self._concepts = concepts_by_tag(vocabulary)
        if not self._concepts.keys() & set(self._tags):
            raise ListenerError(f"none of the {len(self._tags)} tags of {self._files.name} is mapped", _EXPECTED)
        self._identify(
            hearing, {"least score": f"{LEAST:g}", "tags": "those of the model's configuration"}, envelope
        )  # fmt: skip

    def _class(self) -> Any:
        return AutoModelForAudioClassification

    @torch.inference_mode()
    def listen(self, batch: Sequence[Sounding]) -> list[Heard]:
        """Tag each of a batch of sounds."""
        inputs = self._features(
            [one.samples for one in batch], sampling_rate=self._identity.hearing.sample_rate_hz, return_tensors="pt"
        )
        scores = self._model(**self._placed(inputs)).logits.float().sigmoid().cpu().tolist()
        return [
            self._heard(one.span, dict(zip(self._tags, row, strict=True)))
            for one, row in zip(batch, scores, strict=True)
        ]  # fmt: skip

    def _heard(self, span: Span, scores: Mapping[str, float]) -> Heard:
        kept = sorted(((score, tag) for tag, score in scores.items() if score >= LEAST), reverse=True)
        if not kept:
            return Heard(span)
        best: dict[str, float] = {}
        for score, tag in kept:
            for concept, confidence in self._concepts.get(tag, ()):
                best[concept] = max(best.get(concept, 0.0), score * confidence)
        claims = tuple(
            Claim(span, concept, self._vocabulary.aspect(concept), confidence, ConfidenceKind.TAG_SCORE,
                  derived_from=TAGS)
            for concept, confidence in best.items()
        )  # fmt: skip
        words = "; ".join(f"{tag} ({score:.3f})" for score, tag in kept)
        return Heard(span, (Description(span, words, TAGS, "en"),), claims)


def tag_features(files: ModelFiles) -> tuple[Any, list[str], Hearing]:
    """Load the feature extractor; return it with the tags and with what is heard."""
    try:
        config: Any = AutoConfig.from_pretrained(files.path)
        with (
            warnings.catch_warnings()
        ):  # 128 mel bands over 257 frequencies leave one empty, in the published model too
            warnings.filterwarnings("ignore", "At least one mel filter has all zero values", UserWarning)
            features: Any = AutoFeatureExtractor.from_pretrained(files.path)
    except UNLOADABLE as error:
        raise unusable(files, error, _EXPECTED) from error
    tags = [str(config.id2label[number]) for number in sorted(config.id2label)]
    rate, frames = getattr(features, "sampling_rate", None), getattr(config, "max_length", None)
    if rate is None or config.model_type != "audio-spectrogram-transformer" or frames is None:
        raise ListenerError(f"{files.name} is of the type {config.model_type!r}", _EXPECTED,
                            "for a model that answers in words say --describer transformers")  # fmt: skip
    # frames of 10 ms from 20 Hz up, as torchaudio's and transformers' Kaldi filter banks make them
    window = frames * 0.01
    return features, tags, Hearing(int(rate), 20.0, rate / 2, window, window, 0.01, int(config.num_mel_bins))
