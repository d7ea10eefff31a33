from __future__ import annotations

import pickle
import sqlite3
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as stnp

from ragsight.encoders.cache import CacheKey, EmbeddingCache
from ragsight.encoders.cache.content import FileState
from ragsight.errors import ConfigurationError

KEY = CacheKey("content", "encoder")
FILE = FileState("/photos/a.jpg", 1000, 1, 2)


@pytest.fixture
def cache(tmp_path: Path) -> EmbeddingCache:
    return EmbeddingCache(tmp_path / "cache.sqlite")


vectors = stnp.arrays(np.float32, st.integers(1, 9), elements=st.floats(-1, 1, width=32))


@given(st.dictionaries(st.builds(CacheKey, st.text(), st.text()), vectors, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_vectors_come_back_bit_by_bit(
    cache: EmbeddingCache, kept: dict[CacheKey, np.ndarray]
) -> None:
    cache.put_many(kept)
    found = cache.get_many(kept)
    assert {key: vector.tobytes() for key, vector in found.items()} == {
        key: vector.tobytes() for key, vector in kept.items()
    }


def test_neither_another_content_nor_another_encoder_gets_a_vector(cache: EmbeddingCache) -> None:
    cache.put_many({KEY: np.ones(3, np.float32)})
    others = [CacheKey("contente", "ncoder"), CacheKey("content", "other"), CacheKey("", "encoder")]
    assert cache.get_many([*others, KEY]).keys() == {KEY}


def test_a_copy_made_by_pickling_opens_the_same_file(cache: EmbeddingCache) -> None:
    cache.put_many({KEY: np.ones(3, np.float32)})
    copy = pickle.loads(pickle.dumps(cache))
    assert (copy.path, copy.max_bytes) == (cache.path, cache.max_bytes)
    assert copy.get_many([KEY])[KEY].tolist() == [1, 1, 1]


def test_a_folder_gets_a_file_of_its_own(tmp_path: Path) -> None:
    cache = EmbeddingCache(tmp_path)
    cache.put_many({KEY: np.ones(3, np.float32)})
    assert (tmp_path / "embeddings.sqlite").is_file()
    assert (len(cache), cache.total_bytes > 12) == (1, True)
    cache.clear()
    assert len(cache) == 0


def test_a_vector_with_a_flipped_bit_counts_as_absent(cache: EmbeddingCache) -> None:
    cache.put_many({KEY: np.ones(3, np.float32)})
    cache.close()
    with sqlite3.connect(cache.path) as connection:
        [value] = connection.execute("SELECT value FROM entries").fetchone()
        harmed = value[:-1] + bytes([value[-1] ^ 1])
        connection.execute("UPDATE entries SET value = ?", [harmed])
    connection.close()
    assert cache.get_many([KEY]) == {}


def test_digests_are_known_for_a_file_in_the_same_state_only(cache: EmbeddingCache) -> None:
    cache.put_digests({FILE: "file:ab"})
    changed = [
        FILE._replace(path="/photos/b.jpg"),
        FILE._replace(size=1001),
        FILE._replace(modified_ns=2),
        FILE._replace(changed_ns=3),
    ]
    assert cache.get_digests([FILE, *changed]) == {FILE: "file:ab"}


def test_a_file_that_has_just_changed_is_not_remembered(
    cache: EmbeddingCache, tmp_path: Path
) -> None:
    path = tmp_path / "new.jpg"
    path.write_bytes(b"new")
    state = FileState.of(str(path))
    assert state is not None
    cache.put_digests({state: "file:ab"})
    assert cache.get_digests([state]) == {}


def test_a_limit_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="max_bytes"):
        EmbeddingCache(tmp_path / "cache.sqlite", max_bytes=0)
