"""Whether anything fits: pure, and on a real store."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from drawings import text_chunk
from ragsight import ClipEncoder, MultimodalRetriever, MultimodalStore
from ragsight.encoders import EncoderSpec, FloatArray
from ragsight.errors import QueryError
from ragsight.retrieval import RankingOptions
from ragsight.retrieval.noise import has_no_keyword, is_noise, noise_floors
from ragsight.store import ScoredPoint

SYNONYMS = {"automobile": "car", "vehicle": "car"}


class WordEncoder:
    """One direction for each known word, a little of all for any other: nonsense is near to all."""

    spec = EncoderSpec("words", None, 5)
    _words = ("car", "bread", "valve", "moon")

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        rows = np.full((len(texts), 5), 0.05, dtype=np.float32)
        for row, text in zip(rows, texts, strict=True):
            row[4] = 0.3 + len(text) % 3 / 50
            for word in text.lower().replace(".", "").split():
                if (known := SYNONYMS.get(word, word)) in self._words:
                    row[self._words.index(known)] = 1.0
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    encode_queries = encode_documents


@pytest.fixture
def retriever(tmp_path: Path, encoder: ClipEncoder) -> Iterator[MultimodalRetriever]:
    texts = ["The car is red.", "Bread is baked.", "The valve opens.", "The moon is round."]
    with MultimodalStore.open(tmp_path / "i", encoder=encoder, text_encoder=WordEncoder()) as store:
        store.upsert([text_chunk(text) for text in texts])
        yield MultimodalRetriever(store, drop_noise=True)


def test_nonsense_finds_nothing_and_a_synonym_finds_its_word(
    retriever: MultimodalRetriever,
) -> None:
    assert retriever.retrieve("zzzzqqq") == []
    assert asyncio.run(retriever.aretrieve("zzzzqqq")) == []
    assert retriever.retrieve("automobile")[0].chunk.text == "The car is red."
    assert retriever.retrieve("opens zzzzqqq")[0].chunk.text == "The valve opens."


def test_every_question_of_several_is_looked_at_by_itself(retriever: MultimodalRetriever) -> None:
    found = retriever.retrieve_many(["zzzzqqq", "vehicle", "qqqzz"])
    assert [bool(hits) for hits in found] == [False, True, False]


def test_a_picture_and_vectors_are_never_noise(retriever: MultimodalRetriever) -> None:
    assert retriever.retrieve(vectors={"dense": np.ones(5, dtype=np.float32)})
    assert retriever.retrieve("zzzzqqq", vectors={"dense": np.ones(5, dtype=np.float32)})


def test_without_it_something_is_always_found(retriever: MultimodalRetriever) -> None:
    assert MultimodalRetriever(retriever.store).retrieve("zzzzqqq")


def test_a_floor_lies_above_what_nonsense_finds() -> None:
    found = [{"dense": [ScoredPoint("a", score, {})]} for score in (0.1, 0.2, 0.3)]
    floors = noise_floors([*found, {"bm25": [ScoredPoint("a", 9.0, {})]}, {"dense": []}])
    assert floors == {"dense": pytest.approx(0.2 + 2 * np.std([0.1, 0.2, 0.3]))}
    low, high = [ScoredPoint("a", 0.3, {})], [ScoredPoint("a", 0.5, {})]
    assert is_noise({"dense": low, "bm25": []}, floors)
    assert not is_noise({"dense": high}, floors)
    assert not is_noise({"dense": low, "text_to_image": low}, floors)
    assert not has_no_keyword({"dense": low, "bm25": low})


def test_a_number_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(QueryError, match="rrf_constant is -1"):
        RankingOptions(rrf_constant=-1)
    with pytest.raises(QueryError, match="page_weight is -2"):
        RankingOptions(page_weight=-2)
