from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

# No test may ask the model hub: what needs it fails at once, here as on a machine without network.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from ragsight import ClipEncoder, MultimodalStore


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from checkpoints import make_clip

    return make_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="session")
def encoder(clip_folder: Path) -> ClipEncoder:
    """A CLIP with random weights: right in shape, meaningless in content."""
    return ClipEncoder(str(clip_folder))


@pytest.fixture(scope="session")
def demo_encoder() -> ClipEncoder:
    return ClipEncoder("ragsight-demo")


@pytest.fixture(params=["embedded", "memory"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, encoder: ClipEncoder
) -> Iterator[MultimodalStore]:
    """An empty store on each engine that needs no server."""
    location = ":memory:" if request.param == "memory" else tmp_path / "index"
    with MultimodalStore.open(location, encoder=encoder) as opened:
        yield opened
