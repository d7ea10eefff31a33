from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# No test may ask the model hub: what needs it fails at once, here as on a machine without network.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from checkpoints import make_clip
from drawings import image_chunk, text_chunk
from memory_disk import prefer_memory
from ragsight import Chunk, ClipEncoder, MultimodalStore

prefer_memory()


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="session")
def encoder(clip_folder: Path) -> ClipEncoder:
    """A CLIP with random weights: right in shape, meaningless in content."""
    return ClipEncoder(str(clip_folder))


@pytest.fixture(scope="session")
def chunks() -> list[Chunk]:
    return [
        text_chunk("The valve opens at 3 bar.", price=10),
        text_chunk("The pump is blue and loud.", uri="/docs/b.txt", price=20),
        image_chunk(0, "A drawing of the valve", price=30),
        image_chunk(1, "A drawing of the pump", price=40),
        image_chunk(2),
    ]


@pytest.fixture(scope="session")
def store(
    tmp_path_factory: pytest.TempPathFactory, encoder: ClipEncoder, chunks: list[Chunk]
) -> Iterator[MultimodalStore]:
    """A store on the embedded engine with a few chunks in it, to be read only."""
    with MultimodalStore.open(tmp_path_factory.mktemp("index"), encoder=encoder) as opened:
        opened.upsert(chunks)
        yield opened
