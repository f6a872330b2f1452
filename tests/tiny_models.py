"""Listening models of a few hundred kilobytes with random weights, saved as those of a hub are.

They load through the same code as the published ones; what they say means nothing.
"""

import base64
import json
import os
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"

import numpy as np
import torch
import transformers as hf
from safetensors.torch import load_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

TEXT: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 4096,
}  # fmt: skip
TAGS = ("Music", "Speech", "Bicycle bell", "Silence")


def tokenizer(*marks: str, sound: str | None = None, last: bool = False) -> Any:
    """Return a tokenizer whose tokens are bytes and marks.

    ``sound`` is what its chat template puts for a sound; with ``last`` the marks follow the bytes, as in Whisper.
    """
    special = ["<pad>", "<turn>", "<end>", *marks]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    ordered = [*alphabet, *special] if last else [*special, *alphabet]
    made = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate(ordered)}, merges=[]))
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    made.decoder = decoders.ByteLevel()
    made.add_special_tokens(special)
    fast = hf.PreTrainedTokenizerFast(tokenizer_object=made, pad_token="<pad>", eos_token="<end>")
    if sound:
        fast.chat_template = (
            "{% for m in messages %}<turn>{{ m['role'] }}\n{% for c in m['content'] %}"
            "{% if c['type'] == 'audio' %}" + sound + "{% else %}{{ c['text'] }}{% endif %}{% endfor %}<end>\n"
            "{% endfor %}{% if add_generation_prompt %}<turn>assistant\n{% endif %}"
        )
    return fast


def _encoder(kind: str, **more: object) -> dict[str, object]:
    return {"model_type": kind, "num_mel_bins": 16, **more}


def qwen2_audio() -> tuple[Any, Any]:
    words = tokenizer("<|AUDIO|>", "<|audio_bos|>", "<|audio_eos|>")
    encoder = _encoder(
        "qwen2_audio_encoder", encoder_layers=1, encoder_attention_heads=2, encoder_ffn_dim=32, d_model=16,
        max_source_positions=100,
    )  # fmt: skip
    config = hf.Qwen2AudioConfig(
        audio_config=encoder,
        text_config={"model_type": "qwen2", "vocab_size": len(words), **TEXT},
        audio_token_index=words.convert_tokens_to_ids("<|AUDIO|>"),
    )
    processor = hf.Qwen2AudioProcessor(hf.WhisperFeatureExtractor(feature_size=16, chunk_length=2), words)
    return hf.Qwen2AudioForConditionalGeneration(config), processor


_FLAMINGO_ENCODER = _encoder(
    "audioflamingo3_encoder", num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, hidden_size=40,
    max_source_positions=100,
)  # fmt: skip


def audio_flamingo() -> tuple[Any, Any]:
    words = tokenizer("<sound>", sound="<sound>")
    config = hf.AudioFlamingo3Config(
        audio_config=_FLAMINGO_ENCODER,
        text_config={"model_type": "qwen2", "vocab_size": len(words), **TEXT},
        audio_token_id=words.convert_tokens_to_ids("<sound>"),
    )
    features = hf.WhisperFeatureExtractor(feature_size=16, chunk_length=2)
    processor = hf.AudioFlamingo3Processor(features, words, chat_template=words.chat_template)
    return hf.AudioFlamingo3ForConditionalGeneration(config), processor


def music_flamingo() -> tuple[Any, Any]:
    words = tokenizer("<sound>", "<|sound_bos|>", "<|sound_eos|>", sound="<sound>")
    token = words.convert_tokens_to_ids
    config = hf.MusicFlamingoConfig(
        audio_config=_FLAMINGO_ENCODER,
        text_config={"model_type": "qwen2", "vocab_size": len(words), **TEXT},
        audio_token_id=token("<sound>"),
        audio_bos_token_id=token("<|sound_bos|>"),
        audio_eos_token_id=token("<|sound_eos|>"),
        rope_parameters={"rope_type": "default", "rope_theta": 1200.0, "partial_rotary_factor": 0.2},
    )
    features = hf.WhisperFeatureExtractor(feature_size=16, chunk_length=2)
    processor = hf.MusicFlamingoProcessor(features, words, chat_template=words.chat_template)
    return hf.MusicFlamingoForConditionalGeneration(config), processor


def glm_asr() -> tuple[Any, Any]:
    words = tokenizer("<|audio|>", sound="<|audio|>")
    encoder = _encoder(
        "glmasr_encoder", num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, hidden_size=16,
        max_position_embeddings=100,
    )  # fmt: skip
    config = hf.GlmAsrConfig(
        audio_config=encoder,
        text_config={"model_type": "llama", "vocab_size": len(words), **TEXT},
        audio_token_id=words.convert_tokens_to_ids("<|audio|>"),
    )
    features = hf.WhisperFeatureExtractor(feature_size=16, chunk_length=2)
    processor = hf.GlmAsrProcessor(features, words, chat_template=words.chat_template, audio_token="<|audio|>")
    return hf.GlmAsrForConditionalGeneration(config), processor


def qwen_omni() -> tuple[Any, Any]:
    """Build the part of Qwen2.5-Omni that hears and answers, in the shell of the whole model, as it is published."""
    named = {
        f"{name}_token": f"<|{name}|>"
        for name in ("image", "audio", "video", "vision_bos", "vision_eos", "audio_bos", "audio_eos")
    }
    words = tokenizer(*named.values(), sound="<|audio_bos|><|audio|><|audio_eos|>")
    words = hf.PreTrainedTokenizerFast(
        tokenizer_object=words.backend_tokenizer, pad_token="<pad>", eos_token="<end>", extra_special_tokens=named,
        chat_template=words.chat_template,
    )  # fmt: skip
    token = {name: words.convert_tokens_to_ids(mark) for name, mark in named.items()}
    rotations = {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [1, 1, 2]}
    thinker = {
        "audio_config": {
            "num_mel_bins": 16, "encoder_layers": 1, "encoder_attention_heads": 2, "encoder_ffn_dim": 32, "d_model": 16,
            "max_source_positions": 100, "n_window": 100, "output_dim": 32,
        },
        "vision_config": {
            "depth": 1, "hidden_size": 16, "intermediate_size": 32, "num_heads": 2, "out_hidden_size": 32,
            "fullatt_block_indexes": [0],
        },
        "text_config": {"vocab_size": len(words), "rope_parameters": rotations, **TEXT},
        "audio_token_index": token["audio_token"], "image_token_index": token["image_token"],
        "video_token_index": token["video_token"], "audio_start_token_id": token["audio_bos_token"],
        "audio_end_token_id": token["audio_eos_token"], "vision_start_token_id": token["vision_bos_token"],
        "vision_end_token_id": token["vision_eos_token"],
    }  # fmt: skip
    model = hf.Qwen2_5OmniForConditionalGeneration(
        hf.Qwen2_5OmniConfig(thinker_config=thinker, enable_audio_output=False)
    )
    return model, _Parts(hf.WhisperFeatureExtractor(feature_size=16, chunk_length=2), words)


class _Parts:
    """A processor of which only parts are saved."""

    def __init__(self, *parts: Any) -> None:
        self._parts = parts

    def save_pretrained(self, path: Path) -> None:
        for part in self._parts:
            part.save_pretrained(path)


def voxtral() -> tuple[Any, Any]:
    """Build a Voxtral, whose tokens come from a file of Mistral's own kind; its processor knows some by number."""
    known = import_module("mistral_common.tokens.tokenizers.base").SpecialTokens
    fixed = {0: "<unk>", 1: "<s>", 2: "</s>", 3: "[INST]", 4: "[/INST]", 11: "<pad>", 24: "[AUDIO]",
             25: "[BEGIN_AUDIO]"}  # fmt: skip
    others = iter([mark.value for mark in known if mark.value not in fixed.values()])
    marks = [fixed.get(number) or next(others, f"<SPECIAL_{number}>") for number in range(80)]
    tekken = {
        "config": {"pattern": r"[^\s]+|\s+", "num_vocab_tokens": 256, "default_vocab_size": 336,
                   "default_num_special_tokens": 80, "version": "v11"},
        "vocab": [{"rank": n, "token_bytes": base64.b64encode(bytes([n])).decode(), "token_str": None}
                  for n in range(256)],
        "special_tokens": [{"rank": n, "token_str": mark, "is_control": True} for n, mark in enumerate(marks)],
        "audio": {"sampling_rate": 16_000, "frame_rate": 12.5, "chunk_length_s": 2.0, "audio_encoding_config":
                  {"num_mel_bins": 16, "hop_length": 160, "window_size": 400}},
    }  # fmt: skip
    config = hf.VoxtralConfig(
        audio_config=_encoder(
            "voxtral_encoder", num_hidden_layers=1, num_attention_heads=2, intermediate_size=64, hidden_size=16,
            max_source_positions=100,
        ),
        text_config={"model_type": "llama", "vocab_size": 336, "head_dim": 8, **TEXT},
        audio_token_id=24,
    )  # fmt: skip
    return hf.VoxtralForConditionalGeneration(config), _Tekken(json.dumps(tekken))


class _Tekken:
    """The processor of a Voxtral, whose tokenizer can only be saved from a file."""

    def __init__(self, tokens: str) -> None:
        self._tokens = tokens

    def save_pretrained(self, path: Path) -> None:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "tekken.json"
            file.write_text(self._tokens, encoding="utf-8")
            features = hf.WhisperFeatureExtractor(feature_size=16, chunk_length=2)
            tokens = import_module("transformers.tokenization_mistral_common").MistralCommonBackend
            hf.VoxtralProcessor(features, tokens(tokenizer_path=str(file))).save_pretrained(path)


def clap() -> tuple[Any, Any]:
    words = tokenizer("<s>", "</s>", "<mask>")
    config = hf.ClapConfig(
        text_config={
            "vocab_size": len(words), "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2,
            "intermediate_size": 32, "projection_dim": 16, "pad_token_id": 0, "max_position_embeddings": 512,
        },
        audio_config={
            "spec_size": 256, "patch_embeds_hidden_size": 8, "hidden_size": 64, "depths": [1, 1, 1, 1],
            "num_attention_heads": [1, 1, 2, 2], "window_size": 8, "num_mel_bins": 64, "projection_dim": 16,
            "num_classes": 4,
        },
        projection_dim=16,
    )  # fmt: skip
    return hf.ClapModel(config), hf.ClapProcessor(hf.ClapFeatureExtractor(truncation="rand_trunc"), words)


def ast(frames: int = 128, width: int = 16) -> tuple[Any, Any]:
    config = hf.ASTConfig(
        hidden_size=width, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, num_mel_bins=64,
        max_length=frames, id2label=dict(enumerate(TAGS)), label2id={tag: i for i, tag in enumerate(TAGS)},
    )  # fmt: skip
    features = hf.ASTFeatureExtractor(max_length=frames, num_mel_bins=64)
    return hf.ASTForAudioClassification(config), features


def hubert(rate: int = 16_000) -> tuple[Any, Any]:
    config = hf.HubertConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, conv_dim=[16, 16, 16],
        conv_stride=[5, 8, 8], conv_kernel=[10, 8, 8], num_conv_pos_embeddings=8,
        num_conv_pos_embedding_groups=2,
    )  # fmt: skip
    return hf.HubertModel(config), hf.Wav2Vec2FeatureExtractor(sampling_rate=rate)


def _as_mert(path: Path) -> None:
    """Write the configuration and the weights of a HuBERT as those of MERT are: its own type and code, old names."""
    config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    config |= {
        "model_type": "mert_model", "architectures": ["MERTModel"], "deepnorm": False, "attention_relax": -1.0,
        "feature_extractor_cqt": False, "sample_rate": 24_000,
        "auto_map": {"AutoConfig": "configuration_MERT.MERTConfig", "AutoModel": "modeling_MERT.MERTModel"},
    }  # fmt: skip
    (path / "config.json").write_text(json.dumps(config), encoding="utf-8")
    (path / "modeling_MERT.py").write_text("raise SystemExit('code of a model was run')\n", encoding="utf-8")
    (path / "configuration_MERT.py").write_text("raise SystemExit('code of a model was run')\n", encoding="utf-8")
    weights = load_file(path / "model.safetensors")
    names = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
    for new, old in names.items():
        weights = {name.replace(new, old): value for name, value in weights.items()}
    torch.save(weights, path / "pytorch_model.bin")
    (path / "model.safetensors").unlink()


SPOKEN = (("en", " hear me", 0.1, 0.8), ("fr", " la mer", 0.0, 0.6))
"""What the tiny Whisper recognises: language, words and times of a hiss, and of a hum."""


def hiss_hum_silence(seed: int) -> list[np.ndarray[Any, np.dtype[np.float32]]]:
    """Return a second of each at 16 kHz."""
    random, time = np.random.default_rng(seed), np.arange(16_000) / 16_000
    hum = 0.3 * np.sin(2 * np.pi * (200 + 100 * random.random()) * time)
    hiss = 0.1 * random.standard_normal(16_000)
    return [np.asarray(sound, np.float32) for sound in (hiss, hum, np.zeros(16_000))]


def whisper() -> tuple[Any, Any]:
    """Build a Whisper that learnt by heart to hear two sounds as words, and silence as no speech."""
    marks = [f"<|{mark}|>" for mark in (
        "endoftext", "startoftranscript", "en", "fr", "translate", "transcribe", "startofprev", "nospeech",
        "notimestamps", *(f"{step * 0.02:.2f}" for step in range(101)),
    )]  # fmt: skip
    words = tokenizer(*marks, last=True)
    token, end = {mark: words.convert_tokens_to_ids(mark) for mark in marks}, "<|endoftext|>"
    words.eos_token = end
    ends = {"eos_token_id": token[end], "pad_token_id": token[end], "bos_token_id": token[end]}
    start = token["<|startoftranscript|>"]
    config = hf.WhisperConfig(
        vocab_size=len(words), num_mel_bins=16, d_model=32, encoder_layers=1, decoder_layers=1, encoder_ffn_dim=64,
        encoder_attention_heads=2, decoder_attention_heads=2, decoder_ffn_dim=64, max_source_positions=100,
        max_target_positions=64, decoder_start_token_id=start, suppress_tokens=None, begin_suppress_tokens=None, **ends,
    )  # fmt: skip
    model = hf.WhisperForConditionalGeneration(config)
    model.generation_config = hf.GenerationConfig(
        decoder_start_token_id=start, no_timestamps_token_id=token["<|notimestamps|>"], is_multilingual=True,
        lang_to_id={mark: token[mark] for mark in ("<|en|>", "<|fr|>")}, max_initial_timestamp_index=50, max_length=64,
        task_to_id={task: token[f"<|{task}|>"] for task in ("translate", "transcribe")}, **ends,
    )  # fmt: skip
    features = hf.WhisperFeatureExtractor(feature_size=16, chunk_length=2)
    learnt = [
        [start, token[f"<|{language}|>"], token["<|transcribe|>"], token[f"<|{begins:.2f}|>"],
         *words(text, add_special_tokens=False)["input_ids"], token[f"<|{ends_:.2f}|>"], token[end]]
        for language, text, begins, ends_ in SPOKEN
    ]  # fmt: skip
    _learn_by_heart(model, features, [*learnt, [start, token["<|nospeech|>"], token[end]]])
    return model, hf.WhisperProcessor(features, words)


def _learn_by_heart(model: Any, features: Any, rows: list[list[int]]) -> None:
    """Teach a row per sound of `hiss_hum_silence`; and that in silence the words of the other two end at once."""
    longest, end = max(map(len, rows)), rows[0][-1]
    heard = [*rows, *rows[:2]]
    wanted = [row[1:] for row in rows] + [[*row[1:3], *[end] * (len(row) - 3)] for row in rows[:2]]
    ids = torch.tensor([row + [end] * (longest - len(row)) for row in heard])[:, :-1]
    targets = torch.tensor([row + [-100] * (longest - 1 - len(row)) for row in wanted])
    optimiser = torch.optim.Adam(model.parameters(), 3e-3)
    model.train()
    for step in range(250):
        sounds = hiss_hum_silence(step)
        mels = features([*sounds, sounds[2], sounds[2]], sampling_rate=16_000, return_tensors="pt").input_features
        logits = model(input_features=mels, decoder_input_ids=ids).logits
        optimiser.zero_grad()
        torch.autograd.backward(torch.nn.functional.cross_entropy(logits.transpose(1, 2), targets))
        optimiser.step()


def text_only() -> tuple[Any, Any]:
    words = tokenizer()
    return hf.LlamaForCausalLM(hf.LlamaConfig(vocab_size=len(words), **TEXT)), words


BUILDERS: Mapping[str, Callable[[], tuple[Any, Any]]] = {
    "qwen2-audio": qwen2_audio, "music-flamingo": music_flamingo, "audio-flamingo": audio_flamingo, "glm-asr": glm_asr,
    "qwen-omni": qwen_omni, "voxtral": voxtral, "clap": clap, "ast": ast, "whisper": whisper, "text-only": text_only,
    "encoder": partial(ast, 1100, 32), "hubert": hubert, "mert": partial(hubert, 24_000),
}  # fmt: skip
LANGUAGE = ("qwen2-audio", "music-flamingo", "audio-flamingo", "glm-asr", "qwen-omni") + (
    ("voxtral",) if find_spec("mistral_common") else ()
)
"""The audio language models; Voxtral only where the library with its tokens is installed."""


def save(name: str, folder: Path) -> Path:
    """Build a model and save it; return its folder."""
    path = folder / f"tiny-{name}"
    if not path.exists():
        torch.manual_seed(0)
        model, processor = BUILDERS[name]()
        model.eval().save_pretrained(path)
        processor.save_pretrained(path)
        if name == "mert":
            _as_mert(path)
    return path
