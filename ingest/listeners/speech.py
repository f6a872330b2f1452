"""A recogniser of speech as a listener: words that are spoken in a work, with their times.

Conventions
-----------
A sound goes in as one window, padded to its length, so that what is recognised does not depend on the batch. Two
numbers say whether words were heard or made up:

- the probability of no speech, that of Whisper's own token for it, before any word;
- the evidence, in nats per token: how much likelier the words are with the sound than with silence. Recognisers write
  "Thank you." under silence and noise; such words are as likely without the sound.

Words with a probability of no speech over `MOST_NO_SPEECH` or evidence under `LEAST_EVIDENCE` are no description of the
recording; they are told, and noted with the run. No concepts are looked for in what is spoken: it is about anything.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from transformers import AutoConfig, AutoProcessor, WhisperForConditionalGeneration

from ingest.listeners.base import Heard, Hearing, Sounding, Trouble, TroubleKind
from ingest.listeners.files import UNLOADABLE, ModelFiles, find_model, quiet, unusable
from ingest.listeners.local import LocalListener
from ingest.listeners.words import examine, where
from ontology.errors import ListenerError
from ontology.terms import ConfidenceKind, SpanKind
from ontology.values import Claim, Description, Span, seconds
from ontology.vocabulary import Vocabulary

__all__ = ["LEAST_EVIDENCE", "MOST_NO_SPEECH", "SPOKEN", "VOICE", "SpeechListener", "speech_processor"]

MOST_NO_SPEECH = 0.6
"""The threshold of the reference code (openai/whisper, ``transcribe.py``)."""

LEAST_EVIDENCE = 0.5
"""Nats per token: a choice, not a calibration."""

SPOKEN = "spoken"
"""Name of the descriptions."""

VOICE = "ifUtterance"
"""The concept that is claimed where somebody speaks: Smalley's utterance field."""

_STEP = 0.02
"""Seconds between time tokens."""

_EXPECTED = "a Whisper model for transformers that transcribes, such as openai/whisper-small"


@dataclass(frozen=True, slots=True)
class _Transcript:
    """What was recognised in one sound: tokens after the head, and the numbers."""

    tokens: list[int]
    language: str | None
    no_speech: float
    log: float  # mean of the logarithms of the words' probabilities; nats
    evidence: float  # nats per token


class SpeechListener(LocalListener):
    """A Whisper model.

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
        If it is no such model.
    """

    kind, expected = "whisper", _EXPECTED

    def __init__(self, model: str, vocabulary: Vocabulary, device: str, envelope: str | None = None) -> None:
        super().__init__(find_model(model), device, frozenset({SpanKind.FIXED_WINDOW}))
        self._aspect = vocabulary.aspect(VOICE)
        self._processor, hearing = speech_processor(self._files)
        self._tokenizer = self._processor.tokenizer
        asked = {
            "task": "transcribe, in the language that is spoken",
            "most probability of no speech": f"{MOST_NO_SPEECH:g}",
            "least evidence in nats per token": f"{LEAST_EVIDENCE:g}",
        }
        self._identify(hearing, asked, envelope)

    def _class(self) -> Any:
        return WhisperForConditionalGeneration

    def listen(self, batch: Sequence[Sounding]) -> list[Heard]:
        """Recognise what is spoken in each of a batch of sounds."""
        return [self._heard(one.span, found) for one, found in zip(batch, self._transcripts(batch), strict=True)]

    @torch.inference_mode()
    def _transcripts(self, batch: Sequence[Sounding]) -> Iterator[_Transcript]:
        rate = self._identity.hearing.sample_rate_hz
        sounds = [one.samples for one in batch]
        inputs = self._placed(self._processor.feature_extractor(
            sounds, sampling_rate=rate, return_tensors="pt", return_attention_mask=True
        ))  # fmt: skip
        silence = self._placed(self._processor.feature_extractor(
            [torch.zeros(rate).numpy()], sampling_rate=rate, return_tensors="pt"
        ))  # fmt: skip
        config = self._model.generation_config
        several = bool(getattr(config, "is_multilingual", False))
        with quiet():
            made = self._model.generate(
                inputs["input_features"], attention_mask=inputs["attention_mask"], return_timestamps=True,
                force_unique_generate_call=True, do_sample=False, num_beams=1,
                **({"task": "transcribe"} if several else {}),
            )  # fmt: skip
        with_sound = self._logs(inputs["input_features"], made)
        without = self._logs(silence["input_features"].expand(len(batch), -1, -1), made)
        for row, of_sound, of_silence in zip(made.tolist(), with_sound, without, strict=True):
            yield self._transcript(row, of_sound, of_silence)

    def _logs(self, features: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
        """Return the logarithms of the probabilities of what comes after each token, shape (batch, tokens, words)."""
        logits: torch.Tensor = self._model(input_features=features, decoder_input_ids=tokens).logits
        return logits.float().log_softmax(-1).cpu()

    def _transcript(self, row: list[int], of_sound: torch.Tensor, of_silence: torch.Tensor) -> _Transcript:
        config = self._model.generation_config
        start = config.decoder_start_token_id
        head = row.index(start) + 1  # language and task follow, where there are several
        # as in the reference code, the token before "no timestamps" is that of no speech
        no_speech = math.exp(of_sound[head - 1, config.no_timestamps_token_id - 1].item())
        languages = {id_: token.strip("<|>") for token, id_ in (getattr(config, "lang_to_id", None) or {}).items()}
        language = next((languages[id_] for id_ in row[head : head + 2] if id_ in languages), None)
        words = [at for at in range(head, len(row)) if self._is_word(row[at])]
        logs = [of_sound[at - 1, row[at]].item() for at in words]
        silent = [of_silence[at - 1, row[at]].item() for at in words]
        mean = sum(logs) / len(logs) if logs else 0.0
        evidence = mean - sum(silent) / len(silent) if silent else 0.0
        kept = [id_ for id_ in row[head:] if self._is_word(id_) or self._is_time(id_)]
        return _Transcript(kept, language, no_speech, mean, evidence)

    def _is_word(self, token: int) -> bool:
        """Say whether a token is part of a word: in Whisper's vocabulary the end of text and all marks come last."""
        return bool(token < self._tokenizer.eos_token_id)

    def _is_time(self, token: int) -> bool:
        return bool(token > self._model.generation_config.no_timestamps_token_id)

    def _heard(self, span: Span, found: _Transcript) -> Heard:
        whole = self._words(found.tokens)
        if not whole:
            return Heard(span)
        examined = examine(whole, found.language or "en", f"{where(span)}, {SPOKEN}")
        stuck = tuple(trouble for trouble in examined.troubles if trouble.kind is TroubleKind.REPETITION)
        if stuck or found.no_speech > MOST_NO_SPEECH or found.evidence < LEAST_EVIDENCE:
            numbers = f"no speech {found.no_speech:.2f}, evidence {found.evidence:.2f} nats per token"
            return Heard(span, troubles=stuck or (
                Trouble(TroubleKind.NO_SPEECH, f"{whole[:80]!r} {where(span)} ({numbers})"),
            ))  # fmt: skip
        sure = math.exp(found.log)
        descriptions = tuple(
            Description(part, text, SPOKEN, found.language or "en", sure, ConfidenceKind.TOKEN_PROBABILITY)
            for part, text in self._parts(span, found.tokens).items()
        )
        claims = tuple(
            Claim(said.span, VOICE, self._aspect, 1 - found.no_speech, ConfidenceKind.TOKEN_PROBABILITY,
                  derived_from=SPOKEN)
            for said in descriptions
        )  # fmt: skip
        return Heard(span, descriptions, claims)

    def _words(self, tokens: Sequence[int]) -> str:
        return str(self._tokenizer.decode([token for token in tokens if self._is_word(token)])).strip()

    def _parts(self, span: Span, tokens: Sequence[int]) -> dict[Span, str]:
        """Return what is spoken between time tokens, by stretch; without usable times the whole span is one."""
        first = self._model.generation_config.no_timestamps_token_id + 1
        parts: dict[Span, str] = {}
        begins, words = 0.0, list[int]()
        for token in (*tokens, None):
            if token is not None and not self._is_time(token):
                words.append(token)
                continue
            ends = None if token is None else (token - first) * _STEP
            if text := self._words(words):
                part = _within(span, begins, ends)
                parts[part] = f"{parts[part]} {text}" if part in parts else text
            begins, words = ends or 0.0, []
        return parts


def _within(span: Span, begins: float, ends: float | None) -> Span:
    """Return a stretch of a span; the whole span if the times make no stretch of it."""
    start = span.start + seconds(begins)
    end = span.end if ends is None else min(span.end, span.start + seconds(ends))
    return Span(span.recording, start, end) if start < end else span


def speech_processor(files: ModelFiles) -> tuple[Any, Hearing]:
    """Load the processor and say what it hears."""
    try:
        config: Any = AutoConfig.from_pretrained(files.path)
        processor: Any = AutoProcessor.from_pretrained(files.path)
    except UNLOADABLE as error:
        raise unusable(files, error, _EXPECTED) from error
    features = getattr(processor, "feature_extractor", None)
    if config.model_type != "whisper" or features is None or getattr(processor, "tokenizer", None) is None:
        raise ListenerError(f"{files.name} is of the type {config.model_type!r}", _EXPECTED,
                            "for a model that answers in words say --describer transformers")  # fmt: skip
    rate = int(features.sampling_rate)
    hop = features.hop_length / rate
    return processor, Hearing(rate, 0.0, rate / 2, float(features.chunk_length), 2 * hop, hop, features.feature_size)
