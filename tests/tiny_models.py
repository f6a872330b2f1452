"""Listening models of a few hundred kilobytes with random weights, saved as those of a hub are.

They load through the same code as the published ones; what they say means nothing.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
import transformers as hf
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

TEXT: dict[str, Any] = {
    "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2, "max_position_embeddings": 4096,
}  # fmt: skip
TAGS = ("Music", "Speech", "Bicycle bell", "Silence")


def tokenizer(*marks: str, sound: str | None = None) -> Any:
    """Return a tokenizer whose tokens are bytes and marks; ``sound`` is what its chat template puts for a sound."""
    special = ["<pad>", "<turn>", "<end>", *marks]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    made = Tokenizer(models.BPE(vocab={token: i for i, token in enumerate([*special, *alphabet])}, merges=[]))
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


def ast() -> tuple[Any, Any]:
    config = hf.ASTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=32, num_mel_bins=64,
        max_length=128, id2label=dict(enumerate(TAGS)), label2id={tag: i for i, tag in enumerate(TAGS)},
    )  # fmt: skip
    features = hf.ASTFeatureExtractor(max_length=128, num_mel_bins=64)
    return hf.ASTForAudioClassification(config), features


def text_only() -> tuple[Any, Any]:
    words = tokenizer()
    return hf.LlamaForCausalLM(hf.LlamaConfig(vocab_size=len(words), **TEXT)), words


BUILDERS: Mapping[str, Callable[[], tuple[Any, Any]]] = {
    "qwen2-audio": qwen2_audio, "music-flamingo": music_flamingo, "audio-flamingo": audio_flamingo, "glm-asr": glm_asr,
    "clap": clap, "ast": ast, "text-only": text_only,
}  # fmt: skip
LANGUAGE = ("qwen2-audio", "music-flamingo", "audio-flamingo", "glm-asr")


def save(name: str, folder: Path) -> Path:
    """Build a model and save it; return its folder."""
    path = folder / f"tiny-{name}"
    if not path.exists():
        torch.manual_seed(0)
        model, processor = BUILDERS[name]()
        model.eval().save_pretrained(path)
        processor.save_pretrained(path)
    return path
