from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# No test may ask the model hub: what needs it fails at once, here as on a machine without network.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from checkpoints import make_clip
from ragsight import BlobStore, ClipEncoder, MultimodalStore


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="session")
def encoder(clip_folder: Path) -> ClipEncoder:
    """A CLIP with random weights: right in shape, meaningless in content."""
    return ClipEncoder(str(clip_folder))


@pytest.fixture
def image_store(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "images")


@pytest.fixture
def store(encoder: ClipEncoder, image_store: BlobStore) -> Iterator[MultimodalStore]:
    """An empty index whose images can be found by path."""
    with MultimodalStore.open(":memory:", encoder=encoder, blobs=image_store) as opened:
        yield opened
