"""What a query with four channels costs beside each channel alone: `search.py` reports it.

Texts and images of the questions are encoded by a CLIP of the shape of ViT-B/32 with random
weights: search and encoding take as long as with trained ones.
"""

from __future__ import annotations

import io
import statistics
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from search_data import Data
from search_ours import OurStore, PrecomputedEncoder

from ragsight import ClipEncoder, EncoderSpec, MultimodalRetriever, MultimodalStore, Query

DENSE_DIMENSION = 512
QUESTIONS = 10
MOST_POINTS = 10_000
"""Encoding takes most of the time: a larger index would tell no more."""

CHANNELS = ("bm25", "dense", "text_to_image", "image_to_image")


def channels(folder: Path, data: Data, rounds: int) -> dict[str, Any]:
    """Medians in seconds of a whole `retrieve`: four channels (`all`), and each alone.

    Args:
        folder: For the checkpoint and the index.
        data: Products and questions.
        rounds: How often each of ten questions is asked.
    """
    model = str(_random_clip(folder / "clip"))
    words = PrecomputedEncoder(EncoderSpec("precomputed-texts", None, DENSE_DIMENSION))
    _fill(folder / "index", PrecomputedEncoder(ClipEncoder(model).spec), words, data)
    asked = data.questions()[:QUESTIONS]
    words.vectors = {question.text: question.vector for question in asked}
    with MultimodalStore.open(
        folder / "index", encoder=ClipEncoder(model), text_encoder=words
    ) as store:
        retriever = MultimodalRetriever(store)
        times: dict[str, list[float]] = {name: [] for name in ("all", *CHANNELS)}
        for turn in range(rounds + 1):
            for number, question in enumerate(asked):
                for name, query in _queries(question.text, _photo(number)).items():
                    started = time.perf_counter()
                    retriever.retrieve(query)
                    if turn:  # The first round warms up.
                        times[name].append(time.perf_counter() - started)
    medians = {name: statistics.median(column) for name, column in times.items()}
    slowest = max(CHANNELS, key=medians.__getitem__)
    return {"medians": medians, "slowest": slowest, "ratio": medians["all"] / medians[slowest]}


def _queries(text: str, image: bytes) -> dict[str, Query]:
    def alone(channel: str, **asked: Any) -> Query:
        weights: Any = {name: float(name == channel) for name in CHANNELS}
        return Query(weights=weights, **asked)

    return {
        "all": Query(text=text, image=image),
        "bm25": alone("bm25", text=text),
        "dense": alone("dense", text=text),
        "text_to_image": alone("text_to_image", text=text),
        "image_to_image": alone("image_to_image", image=image),
    }


def _fill(folder: Path, images: PrecomputedEncoder, texts: PrecomputedEncoder, data: Data) -> None:
    """Index products with vectors that are there already."""
    ours = OurStore(images)
    ours.text_encoder = texts
    ours.open(folder)
    for block in data.blocks():
        texts.vectors = dict(zip(block.texts, block.vectors, strict=True))
        ours.add(block)
        if block.numbers.stop >= MOST_POINTS:
            break
    ours.build()
    ours.close()


def _photo(number: int) -> bytes:
    """A JPEG of 640 x 480 pixels, of soft blots."""
    blots = np.random.default_rng(number).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(blots).resize((640, 480), Image.Resampling.BICUBIC).save(file, "JPEG")
    return file.getvalue()


def _random_clip(folder: Path) -> Path:
    """Write a checkpoint with random weights; the letters are its whole vocabulary."""
    import torch
    from tokenizers.pre_tokenizers import ByteLevel
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPTokenizer
    from transformers.utils.logging import disable_progress_bar

    letters = sorted(ByteLevel.alphabet())
    ends = ["<|startoftext|>", "<|endoftext|>"]
    words = [*letters, *(f"{letter}</w>" for letter in letters), *ends]
    vocabulary = {word: index for index, word in enumerate(words)}
    start, end = (vocabulary[word] for word in ends)
    disable_progress_bar()
    torch.manual_seed(0)
    config = CLIPConfig(
        text_config={
            "vocab_size": len(words),
            "bos_token_id": start,
            "eos_token_id": end,
            "pad_token_id": end,
        }
    )
    CLIPModel(config).save_pretrained(folder)
    tokenizer = CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=77)
    tokenizer.save_pretrained(folder)
    CLIPImageProcessorPil(
        size={"shortest_edge": 224}, crop_size={"height": 224, "width": 224}
    ).save_pretrained(folder)
    return folder
