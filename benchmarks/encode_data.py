"""Pictures and a checkpoint for `encode.py`: generated, the same on every machine."""

from __future__ import annotations

import shutil
from importlib.resources import files
from pathlib import Path

import numpy as np
from PIL import Image

SETS: dict[str, tuple[tuple[int, int], str]] = {
    "12 MP JPEG": ((4000, 3000), "jpg"),
    "2 MP JPEG": ((1632, 1224), "jpg"),
    "0.3 MP JPEG": ((640, 480), "jpg"),
    "0.8 MP PNG": ((1024, 768), "png"),
}
"""Size in pixels and format of each set of pictures."""

QUERIES = (
    "a red sneaker",
    "black leather handbag",
    "a bar chart of sales by month",
    "blue ceramic mug with a handle",
    "the moon seen from the north pole of the earth",
    "how is the pump connected to the water tank",
    "which planet takes the longest to go around its star",
    "a small green lamp on a wooden table beside a window",
)
"""Half as one types into a shop's search, half as one asks a question."""

TEXT_WIDTH, VISION_WIDTH, LAYERS, PATCHES, PATCH = 512, 768, 12, 49, 32
CLOUDS = ((4, 0.5), (16, 0.25), (64, 0.12), (256, 0.08), (1024, 0.05))
NOISE = 6.0
QUALITY = 88  # between what phones and cameras write


def write_pictures(folder: Path, name: str, count: int) -> list[Path]:
    """Write a set of pictures that compress and decode like photographs."""
    size, suffix = SETS[name]
    paths = []
    for seed in range(count):
        path = folder / f"{name.replace(' ', '-')}-{seed}.{suffix}"
        picture(size, seed).save(path, quality=QUALITY)
        paths.append(path)
    return paths


def picture(size: tuple[int, int], seed: int) -> Image.Image:
    """Clouds of every size, as nature has them, edges in front, a sensor's noise over all.

    At this quality a picture of 12 megapixels takes 3 MB, which is what photographs take.
    """
    random = np.random.default_rng(seed)
    width, height = size
    total = np.zeros((height, width, 3), np.float32)
    for cells, weight in CLOUDS:
        clouds = random.integers(0, 256, (cells * 3 // 4, cells, 3), dtype=np.uint8)
        total += weight * np.asarray(Image.fromarray(clouds).resize(size, Image.Resampling.BICUBIC))
    for _ in range(12):
        left, top = int(random.integers(0, width)), int(random.integers(0, height))
        box = np.s_[top : top + height // 8, left : left + width // 6]
        total[box] = 0.4 * total[box] + random.uniform(0, 150, 3)
    tile = random.normal(0, NOISE, (512, 512, 1)).astype(np.float32)
    total += np.tile(tile, (-(-height // 512), -(-width // 512), 3))[:height, :width]
    return Image.fromarray(total.clip(0, 255).astype(np.uint8))


def write_checkpoint(folder: Path) -> Path:
    """Write a ViT-B/32 CLIP with random weights, and the tokenizer of the built-in demo model."""
    import torch
    from transformers import AutoTokenizer, CLIPConfig, CLIPImageProcessorPil, CLIPModel

    demo = Path(str(files("ragsight"))) / "demo" / "clip"
    tokenizer = AutoTokenizer.from_pretrained(demo)
    config = CLIPConfig(
        text_config={
            "bos_token_id": tokenizer.bos_token_id,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.pad_token_id,
        }
    )
    torch.manual_seed(0)
    CLIPModel(config).save_pretrained(folder)
    for name in ("tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt"):
        shutil.copy(demo / name, folder / name)
    tokenizer.model_max_length = 77
    tokenizer.save_pretrained(folder)
    CLIPImageProcessorPil().save_pretrained(folder)
    return folder


def forward_gflop() -> float:
    """Floating-point operations of one whole ViT-B/32 vision forward pass, in 10^9.

    Counted as usual: two for each weight that a token meets, and the products of attention.
    """
    tokens, width = PATCHES + 1, VISION_WIDTH
    layer = 2 * tokens * 12 * width**2 + 4 * tokens**2 * width
    patches = 2 * PATCHES * 3 * PATCH**2 * width
    return (LAYERS * layer + patches + 2 * width * TEXT_WIDTH) / 1e9
