"""Tiny checkpoints with random weights, made with the real transformers classes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import Unigram
from tokenizers.pre_tokenizers import ByteLevel
from transformers import (
    BertTokenizer,
    ChineseCLIPConfig,
    ChineseCLIPImageProcessorPil,
    ChineseCLIPModel,
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPTokenizer,
    PreTrainedTokenizerFast,
    Siglip2Config,
    Siglip2ImageProcessorPil,
    Siglip2Model,
    Siglip2Tokenizer,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
)

IMAGE_SIZE = 32
PATCH_SIZE = 8
CONTEXT = 24
START, END = "<|startoftext|>", "<|endoftext|>"

_SIZE = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2}
_TEXT = {**_SIZE, "num_hidden_layers": 1, "max_position_embeddings": CONTEXT}
_NO_TOKENS = {"bos_token_id": None, "eos_token_id": None, "pad_token_id": None}
_VISION = {**_SIZE, "num_hidden_layers": 1, "image_size": IMAGE_SIZE, "patch_size": PATCH_SIZE}
_PIXELS = {"height": IMAGE_SIZE, "width": IMAGE_SIZE}


def make_clip(folder: Path, *, dimension: int = 16, seed: int = 0) -> Path:
    """Write a CLIP checkpoint that any transformers code can load."""
    return make_clip_shape(folder, text=_TEXT, vision=_VISION, dimension=dimension, seed=seed)


def make_clip_shape(
    folder: Path, *, text: dict[str, Any], vision: dict[str, Any], dimension: int, seed: int = 0
) -> Path:
    """Write a CLIP checkpoint of a given shape."""
    vocabulary = _byte_vocabulary()
    config = CLIPConfig(
        text_config={
            **text,
            "bos_token_id": vocabulary[START],
            "eos_token_id": vocabulary[END],
            "vocab_size": len(vocabulary),
            "pad_token_id": vocabulary[END],
        },
        vision_config=vision,
        projection_dim=dimension,
    )
    _save(CLIPModel, config, folder, seed)
    length = text["max_position_embeddings"]
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=length)
    tokenizer.save_pretrained(folder)
    size = vision["image_size"]
    CLIPImageProcessorPil(
        size={"shortest_edge": size}, crop_size={"height": size, "width": size}
    ).save_pretrained(folder)
    return folder


def make_vit_b32(folder: Path, *, layers: int = 12) -> Path:
    """Write a checkpoint of the shape of `openai/clip-vit-base-patch32`."""
    text = {
        "hidden_size": 512,
        "intermediate_size": 2048,
        "num_attention_heads": 8,
        "num_hidden_layers": layers,
        "max_position_embeddings": 77,
    }
    vision = {
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_attention_heads": 12,
        "num_hidden_layers": layers,
        "image_size": 224,
        "patch_size": 32,
    }
    return make_clip_shape(folder, text=text, vision=vision, dimension=512)


def make_vit_l14(folder: Path, *, layers: int = 24) -> Path:
    """Write a checkpoint of the shape of `openai/clip-vit-large-patch14-336`."""
    text = {
        "hidden_size": 768,
        "intermediate_size": 3072,
        "num_attention_heads": 12,
        "num_hidden_layers": min(layers, 12),
        "max_position_embeddings": 77,
    }
    vision = {
        "hidden_size": 1024,
        "intermediate_size": 4096,
        "num_attention_heads": 16,
        "num_hidden_layers": layers,
        "image_size": 336,
        "patch_size": 14,
    }
    return make_clip_shape(folder, text=text, vision=vision, dimension=768)


def make_siglip(folder: Path) -> Path:
    """Write a SigLIP checkpoint: square resizing, texts filled up to the context, no mask."""
    config = SiglipConfig(
        text_config={**_TEXT, **_NO_TOKENS, "vocab_size": 64}, vision_config=_VISION
    )
    _save(SiglipModel, config, folder)
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=_unigram(),
        model_max_length=CONTEXT,
        pad_token="</s>",
        eos_token="</s>",
        unk_token="<unk>",
        model_input_names=["input_ids"],
    )
    tokenizer.save_pretrained(folder)
    SiglipImageProcessorPil(size=_PIXELS).save_pretrained(folder)
    return folder


def make_siglip2(folder: Path) -> Path:
    """Write a SigLIP 2 checkpoint of fixed resolution: a SigLIP with a tokenizer of its own."""
    vocabulary = _siglip2_vocabulary()
    text = {**_TEXT, **_NO_TOKENS, "vocab_size": len(vocabulary)}
    _save(SiglipModel, SiglipConfig(text_config=text, vision_config=_VISION), folder)
    _siglip2_tokenizer(vocabulary).save_pretrained(folder)
    SiglipImageProcessorPil(size=_PIXELS, resample=2).save_pretrained(folder)
    return folder


def make_siglip2_naflex(folder: Path) -> Path:
    """Write a SigLIP 2 checkpoint that keeps the shape of images: patches instead of pixels."""
    vocabulary = _siglip2_vocabulary()
    config = Siglip2Config(
        text_config={**_TEXT, **_NO_TOKENS, "vocab_size": len(vocabulary)},
        vision_config={
            **_SIZE,
            "num_hidden_layers": 1,
            "patch_size": PATCH_SIZE,
            "num_patches": 16,
        },
    )
    _save(Siglip2Model, config, folder)
    _siglip2_tokenizer(vocabulary).save_pretrained(folder)
    Siglip2ImageProcessorPil(patch_size=PATCH_SIZE, max_num_patches=16).save_pretrained(folder)
    return folder


def make_chinese_clip(folder: Path) -> Path:
    """Write a Chinese-CLIP checkpoint: a BERT for texts, which looks both ways."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"红蓝色的鞋子杯一只大小abcdefgh", "##a"]
    config = ChineseCLIPConfig(
        text_config={**_TEXT, "vocab_size": len(words), "max_position_embeddings": 2 * CONTEXT},
        vision_config=_VISION,
        projection_dim=16,
    )
    _save(ChineseCLIPModel, config, folder)
    vocabulary = {word: index for index, word in enumerate(words)}
    tokenizer = BertTokenizer(vocab=vocabulary, do_lower_case=True, model_max_length=CONTEXT)
    tokenizer.save_pretrained(folder)
    ChineseCLIPImageProcessorPil(
        size={"shortest_edge": IMAGE_SIZE}, crop_size=_PIXELS
    ).save_pretrained(folder)
    return folder


FAMILIES: dict[str, Callable[[Path], Path]] = {
    "clip": make_clip,
    "siglip": make_siglip,
    "siglip2": make_siglip2,
    "siglip2-naflex": make_siglip2_naflex,
    "chinese-clip": make_chinese_clip,
}


def edit_json(path: Path, **changes: Any) -> None:
    """Change entries of a JSON file; None removes one."""
    content = {**json.loads(path.read_text(encoding="utf-8")), **changes}
    kept = {name: value for name, value in content.items() if value is not None}
    path.write_text(json.dumps(kept), encoding="utf-8")


def _save(kind: Any, config: Any, folder: Path, seed: int = 0) -> None:
    torch.manual_seed(seed)
    kind(config).save_pretrained(folder)


def _byte_vocabulary() -> dict[str, int]:
    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters), START, END]
    return {word: index for index, word in enumerate(words)}


def _unigram() -> Tokenizer:
    """A tokenizer as SigLIP's checkpoints have it: lower case, no start token, an end token."""
    letters = ["</s>", "<unk>", "▁", *"abcdefghijklmnopqrstuvwxyz", "▁a", "▁red"]
    tokenizer = Tokenizer(Unigram([(letter, -1.0) for letter in letters], unk_id=1))
    tokenizer.normalizer = normalizers.Lowercase()
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="$A </s>", special_tokens=[("</s>", 0)]
    )
    return tokenizer


def _siglip2_vocabulary() -> dict[str, int]:
    words = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "▁", *"abcdefghijklmnopqrstuvwxyz"]
    return {word: index for index, word in enumerate(words)}


def _siglip2_tokenizer(vocabulary: dict[str, int]) -> Siglip2Tokenizer:
    return Siglip2Tokenizer(vocab=vocabulary, merges=[], model_max_length=CONTEXT)
