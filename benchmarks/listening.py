"""Listening: ``python -m benchmarks.listening [--spans 8] [--seconds 5] [--rounds 3] [--device cuda --full]``.

A language model with random weights is asked 12 closed questions about each span, each question in two wordings and
two orders, and one open question; what is scored is the difference to null sounds. Ours: `LanguageListener.listen` on a
batch of all spans. The naive loop: one span, one question, one option at a time, a whole pass of the model for each
(`Chat.whole_likelihoods`), and the open question by a whole ``generate``; it too hears null sounds once only. Both run
in turn in one process on one thread, and their answers are compared.

With ``--full`` the model is of the size of Qwen2-Audio (8.4 billion parameters) and only ours is measured, beside a
bound: the floating-point operations of encoder, sounds and questions at a share of the peak of the device that dense
multiplication reaches in practice (`roofline`).
"""

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import transformers as hf
from rich.console import Console

from ingest.listeners.base import Answer, Heard, Sounding
from ingest.listeners.chat import Chat
from ingest.listeners.language import LanguageListener
from ingest.listeners.nulls import null_sound
from ingest.listeners.questions import DEFAULT, Question, QuestionSet, choose, read_questions
from ontology.values import Span, seconds
from ontology.vocabulary import load_vocabulary
from tests.tiny_models import tokenizer

GOAL, GOAL_OF_BOUND = 5.0, 0.3
RATE = 16_000
FURTHER = (
    Question(
        aspect="growthProcess", ask=("Does the sound grow or shrink?", "Which way does its extent move?"),
        options={"dilation": "it dilates", "contraction": "it contracts"},
    ),
    Question(
        aspect="flowQuality", ask=("How does the sound flow?", "Is the flow of the sound even?"),
        options={"smoothFlow": "smoothly", "unevenFlow": "unevenly"},
    ),
)  # fmt: skip
"""With the ten of the default set, twelve questions."""


@dataclass(frozen=True)
class Device:
    """What a device can do at most.

    Parameters
    ----------
    flops : float
        Dense bfloat16 operations per second.
    share : float
        Of these, what a prefill reaches in practice.
    """

    flops: float = 989e12
    share: float = 0.45


H100 = Device()
"""H100 SXM: data sheet of the maker, dense; the share is a figure of experience."""


def asked() -> QuestionSet:
    """Return the twelve questions."""
    default = read_questions(DEFAULT, load_vocabulary())
    return default.model_copy(update={"questions": (*default.questions, *FURTHER), "answer_tokens": 32})


def model(*, full: bool) -> tuple[Any, Any]:
    """Return configuration and processor of a Qwen2-Audio, small or of the published size."""
    words = tokenizer("<|AUDIO|>", "<|audio_bos|>", "<|audio_eos|>")
    audio: dict[str, Any] = {"model_type": "qwen2_audio_encoder"}
    text: dict[str, Any] = {"model_type": "qwen2", "max_position_embeddings": 8192}
    if full:
        text |= {"vocab_size": 156_032, "hidden_size": 4096, "intermediate_size": 11_008, "num_hidden_layers": 32,
                 "num_attention_heads": 32, "num_key_value_heads": 32}  # fmt: skip
        features = hf.WhisperFeatureExtractor(feature_size=128, chunk_length=30)
    else:
        audio |= {"num_mel_bins": 64, "encoder_layers": 2, "encoder_attention_heads": 4, "encoder_ffn_dim": 256,
                  "d_model": 128, "max_source_positions": 500}  # fmt: skip
        text |= {"vocab_size": len(words), "hidden_size": 128, "intermediate_size": 256, "num_hidden_layers": 3,
                 "num_attention_heads": 4, "num_key_value_heads": 2}  # fmt: skip
        features = hf.WhisperFeatureExtractor(feature_size=64, chunk_length=10)
    token = words.convert_tokens_to_ids("<|AUDIO|>")
    config = hf.Qwen2AudioConfig(audio_config=audio, text_config=text, audio_token_index=token)
    return config, hf.Qwen2AudioProcessor(features, words)


def opened(folder: Path, device: str, *, full: bool) -> LanguageListener:
    """Return a listener with random weights; those of a large model never touch the disk."""
    torch.manual_seed(0)
    config, processor = model(full=full)
    path = folder / "model"
    if full:
        path.mkdir()
        config.save_pretrained(path)
        (path / "model.safetensors").write_bytes(b"made on the device")
    else:
        hf.Qwen2AudioForConditionalGeneration(config).eval().save_pretrained(path)
    processor.save_pretrained(path)
    listener = LanguageListener(str(path), asked(), load_vocabulary(), device)
    if full:
        with torch.device(device):
            made = hf.Qwen2AudioForConditionalGeneration._from_config(config, dtype=torch.bfloat16).eval()
        chat = listener._chat
        vars(chat)["model"] = made
    return listener


def sounds(count: int, length: float) -> list[Sounding]:
    """Return spans of noise, each louder and softer in its own way."""
    rng = np.random.default_rng(1948)
    found = []
    for number in range(count):
        level = 0.1 * np.exp(rng.standard_normal()) * np.linspace(1, rng.random(), round(RATE * length))
        sound = (rng.standard_normal(round(RATE * length)) * level).astype(np.float32)
        found.append(Sounding(Span("00ff", seconds(number * length), seconds((number + 1) * length)), sound))
    return found


def naive(chat: Chat, questions: QuestionSet, batch: Sequence[Sounding]) -> list[Heard]:
    """Ask one thing after the other about one span after the other, by whole passes."""
    nulls: dict[str, npt.NDArray[np.float64]] = {}
    found = []
    for one in batch:
        answers: list[Answer] = []
        for question in questions.questions:
            offered, prompts = questions.offered(question), questions.prompts(question)
            evidence = np.zeros(len(offered))
            for prompt in prompts:
                if prompt.text not in nulls:
                    nulls[prompt.text] = np.mean([
                        chat.whole_likelihoods(null_sound(kind, one.samples, RATE), prompt.text, offered)
                        for kind in questions.nulls(question)
                    ], axis=0)  # fmt: skip
                evidence += chat.whole_likelihoods(one.samples, prompt.text, offered) - nulls[prompt.text]
            answers.append(choose(question, evidence / len(prompts), questions.threshold))
        chat.answer(questions.open, [one.samples], questions.answer_tokens)
        found.append(Heard(one.span, answers=tuple(answers)))
    return found


def compare(arguments: argparse.Namespace) -> dict[str, object]:
    """Time ours and the naive loop in turn, and compare what they answer."""
    torch.set_num_threads(1)
    batch = sounds(arguments.spans, arguments.seconds)
    took: dict[str, list[float]] = {"ours": [], "naive": []}
    largest, same = 0.0, True
    with tempfile.TemporaryDirectory() as folder:
        listener = opened(Path(folder), "cpu", full=False)
        listener.listen(sounds(1, 1.0))  # loads the weights
        for _ in range(arguments.rounds):
            listener._of_nulls.clear()
            began = time.process_time()
            ours = listener.listen(batch)
            took["ours"].append(time.process_time() - began)
            began = time.process_time()
            theirs = naive(listener._chat, listener.questions, batch)
            took["naive"].append(time.process_time() - began)
            for one, other in zip(ours, theirs, strict=True):
                for a, b in zip(one.answers, other.answers, strict=True):
                    largest = max(largest, float(np.abs(np.subtract(a.evidence, b.evidence)).max()))
                    same = same and a.chosen == b.chosen
    heard = arguments.spans * arguments.seconds
    ratio = statistics.median(b / a for a, b in zip(took["ours"], took["naive"], strict=True))
    return {
        "seconds of sound": heard,
        "ours, CPU s": statistics.median(took["ours"]),
        "naive, CPU s": statistics.median(took["naive"]),
        "ours, seconds of sound per CPU s": heard / statistics.median(took["ours"]),
        "naive, seconds of sound per CPU s": heard / statistics.median(took["naive"]),
        "times faster": ratio,
        "goal": GOAL,
        "goal reached": ratio >= GOAL,
        "largest difference of evidence, nats per token": largest,
        "same answers": same,
    }


def roofline(chat: Chat, questions: QuestionSet, length: float, device: Device = H100) -> float:
    """Return the seconds of sound per second that no implementation of the same computation exceeds.

    Parameters
    ----------
    chat : Chat
    questions : QuestionSet
    length : float
        Of a span, in seconds.
    device : Device, optional

    Notes
    -----
    Two operations per parameter and token (multiply and add). The encoder computes all 30 s of its window. The sound is
    taken in once, then every prompt, and every option but its first token. Attention and the answer to the open
    question are left out, which makes the bound higher.
    """
    config, own = chat.config, chat.model
    encoder = sum(p.numel() for p in own.audio_tower.parameters())
    decoder = sum(p.numel() for p in own.language_model.parameters())
    sound = chat.audio_tokens(round(length * RATE))
    words = 0
    for question in questions.questions:
        for prompt in questions.prompts(question):
            options = chat.front.options(prompt.text, questions.offered(question))
            words += len(chat.front.tail(prompt.text)) + sum(len(option) - 1 for option in options)
    operations = 2 * encoder * config.audio_config.max_source_positions + 2 * decoder * (sound + words)
    return float(length * device.flops * device.share / operations)


def full_size(arguments: argparse.Namespace) -> dict[str, object]:
    """Measure a model of the published size on a GPU against its bound."""
    batch = sounds(arguments.spans, arguments.seconds)
    with tempfile.TemporaryDirectory() as folder:
        listener = opened(Path(folder), arguments.device, full=True)
        listener.listen(batch[:1])
        took = []
        for _ in range(arguments.rounds):
            torch.cuda.synchronize()
            began = time.monotonic()
            listener.listen(batch)
            torch.cuda.synchronize()
            took.append(time.monotonic() - began)
        bound = roofline(listener._chat, listener.questions, arguments.seconds)
    rate = arguments.spans * arguments.seconds / statistics.median(took)
    return {
        "device": torch.cuda.get_device_name(arguments.device),
        "seconds of sound per second": rate,
        "bound": bound,
        "share of the bound": rate / bound,
        "goal": GOAL_OF_BOUND,
        "goal reached": rate / bound >= GOAL_OF_BOUND,
    }


def main() -> None:
    """Run the contest and print its figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--spans", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--full", action="store_true", help="a model of the published size; needs a GPU of 24 GiB")
    arguments = parser.parse_args()
    if arguments.full and not torch.cuda.is_available():
        parser.error("--full needs a GPU that torch finds, and --device cuda")
    found = full_size(arguments) if arguments.full else compare(arguments)
    Console(soft_wrap=True).print_json(json.dumps(found))


if __name__ == "__main__":
    main()
