"""Tiny checkpoints with random weights, made with the real transformers classes."""

from __future__ import annotations

from pathlib import Path

import torch
from tokenizers.pre_tokenizers import ByteLevel
from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTokenizer

IMAGE_SIZE = 32
START, END = "<|startoftext|>", "<|endoftext|>"


def make_clip(folder: Path, *, dimension: int = 16, seed: int = 0) -> Path:
    """Write a CLIP checkpoint that any transformers code can load."""
    vocabulary = _byte_vocabulary()
    size = {"hidden_size": 32, "intermediate_size": 64, "num_attention_heads": 2}
    tokens = {"bos_token_id": vocabulary[START], "eos_token_id": vocabulary[END]}
    config = CLIPConfig(
        text_config={
            **size,
            **tokens,
            "num_hidden_layers": 1,
            "vocab_size": len(vocabulary),
            "max_position_embeddings": 24,
            "pad_token_id": vocabulary[END],
        },
        vision_config={
            **size,
            "num_hidden_layers": 1,
            "image_size": IMAGE_SIZE,
            "patch_size": 8,
        },
        projection_dim=dimension,
    )
    torch.manual_seed(seed)
    CLIPModel(config).save_pretrained(folder)
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=24)
    tokenizer.save_pretrained(folder)
    CLIPImageProcessorPil(
        size={"shortest_edge": IMAGE_SIZE},
        crop_size={"height": IMAGE_SIZE, "width": IMAGE_SIZE},
    ).save_pretrained(folder)
    return folder


def _byte_vocabulary() -> dict[str, int]:
    letters = sorted(ByteLevel.alphabet())
    words = [*letters, *(f"{letter}</w>" for letter in letters), START, END]
    return {word: index for index, word in enumerate(words)}
