from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# No test may ask the model hub: what needs it fails at once, here as on a machine without network.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from engines import ENGINES, KEY, opened, strict_server
from fakes.qdrant_server import FakeQdrant
from memory_disk import prefer_memory
from ragsight import ClipEncoder, MultimodalStore

prefer_memory()

# Examples are made as fast as the machine lets them: that it is busy is no fault of a test.
settings.register_profile("ragsight", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("ragsight")


def pytest_configure(config: pytest.Config) -> None:
    if KEY is not None:
        # The key of a server for tests may go over plain HTTP.
        config.addinivalue_line("filterwarnings", "ignore:Api key is used with an insecure")


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


@pytest.fixture(scope="session")
def qdrant_stand_in() -> Iterator[FakeQdrant]:
    """A stand-in for a Qdrant server that tests share; each uses collections of its own."""
    with FakeQdrant() as server:
        yield server


@pytest.fixture(scope="session")
def strict_stand_in() -> Iterator[FakeQdrant]:
    """The same with strict mode on every collection."""
    with strict_server() as server:
        yield server


@pytest.fixture(params=ENGINES)
def store(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    encoder: ClipEncoder,
    qdrant_stand_in: FakeQdrant,
    strict_stand_in: FakeQdrant,
) -> Iterator[MultimodalStore]:
    """An empty store on each engine, and on a real server where one is named."""
    server = strict_stand_in if request.param == "strict" else qdrant_stand_in
    with opened(request.param, tmp_path, server, encoder=encoder) as empty:
        yield empty
