from __future__ import annotations

import asyncio
import string
import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import (
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    BertModel,
    BertTokenizer,
)

from drawings import image_chunk, text_chunk
from ragsight import Chunk, MultimodalRetriever, MultimodalStore, Source
from ragsight.errors import EncoderError, ModelNotFoundError, ModelUnavailableError, QueryError
from ragsight.retrieval import Query
from ragsight.retrieval.hits import ChannelScore, Hit
from ragsight.retrieval.rerank import (
    DEFAULT_CROSS_ENCODER,
    SCORES_REMEMBERED,
    CrossEncoderReranker,
    arerank,
    place_by_score,
    reranked_text,
    reranker_of,
)

TEXTS = ["red shoes", "a blue mug with a long description of its handle", "boots", "red"]


def make_cross_encoder(folder: Path, *, labels: int = 1, positions: int = 40) -> Path:
    """Write a BERT classifier with random weights that any transformers code can load."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *string.ascii_lowercase]
    words += [f"##{letter}" for letter in string.ascii_lowercase]
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=positions,
        num_labels=labels,
        # Larger than usual: with 0.02 all scores would be equal to three digits.
        initializer_range=0.5,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer = BertTokenizer(vocab={word: n for n, word in enumerate(words)})
    tokenizer.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_cross_encoder(tmp_path_factory.mktemp("cross-encoder"))


@pytest.fixture(scope="module")
def reranker(folder: Path) -> CrossEncoderReranker:
    return CrossEncoderReranker(str(folder))


def hits_of(texts: Sequence[str]) -> list[Hit]:
    return [
        Hit(
            text_chunk(text, uri=f"/{n}.txt"),
            1.0 / (n + 2),
            (ChannelScore("bm25", n + 1, 5.0, 0.2),),
        )
        for n, text in enumerate(texts)
    ]


def reference(folder: Path, query: str, text: str) -> torch.Tensor:
    model = BertForSequenceClassification.from_pretrained(folder).eval()
    tokens = AutoTokenizer.from_pretrained(folder)(
        query, text, truncation="longest_first", max_length=40, return_tensors="pt"
    )
    with torch.no_grad():
        logits: torch.Tensor = model(**tokens).logits[0]
    return logits


def test_scores_are_those_of_the_transformers_reference(
    reranker: CrossEncoderReranker, folder: Path
) -> None:
    expected = [float(torch.sigmoid(reference(folder, "red", text)[0])) for text in TEXTS]
    assert reranker.score("red", TEXTS) == pytest.approx(expected, abs=1e-5)
    assert len({round(score, 3) for score in expected}) == len(TEXTS)


def test_of_two_labels_the_second_one_means_relevant(tmp_path: Path) -> None:
    folder = make_cross_encoder(tmp_path, labels=2)
    expected = [float(reference(folder, "red", text).softmax(0)[1]) for text in TEXTS]
    found = CrossEncoderReranker(str(folder)).score("red", TEXTS)
    assert found == pytest.approx(expected, abs=1e-5)


def test_hits_come_in_the_order_of_the_models_scores_and_say_so(
    reranker: CrossEncoderReranker,
) -> None:
    hits = hits_of(TEXTS)
    reranked = reranker("red", hits)
    scores = dict(zip(TEXTS, reranker.score("red", TEXTS), strict=True))
    assert [hit.chunk.text for hit in reranked] == sorted(TEXTS, key=lambda text: -scores[text])
    assert reranked != hits
    for hit in reranked:
        assert hit.score == hit.reranked == scores[hit.chunk.text]
        assert hit.channels == next(h.channels for h in hits if h.chunk == hit.chunk)
        assert hit.why == f"reranked ({hit.score:.3g}), bm25 #{hit.channels[0].rank} (5)"
        assert hit.to_dict()["reranked"] == hit.reranked


def test_the_batch_size_does_not_change_the_scores(
    reranker: CrossEncoderReranker, folder: Path
) -> None:
    one = CrossEncoderReranker(str(folder), batch_size=1).score("red", TEXTS)
    assert one == pytest.approx(reranker.score("red", TEXTS), abs=1e-5)


def test_hits_without_text_keep_their_places(reranker: CrossEncoderReranker) -> None:
    hits = hits_of(TEXTS)
    bare = [Hit(image_chunk(n), 0.9) for n in range(2)]
    reranked = reranker("red", [bare[0], *hits[:2], bare[1], *hits[2:]])
    assert [i for i, hit in enumerate(reranked) if hit.chunk in [b.chunk for b in bare]] == [0, 3]
    assert [hit.chunk for hit in reranked if hit.chunk.text] == [
        hit.chunk for hit in reranker("red", hits)
    ]
    assert [hit.reranked for hit in reranked if not hit.chunk.text] == [None, None]
    assert [hit.score for hit in reranked] == sorted((h.score for h in reranked), reverse=True)


def test_a_whole_query_is_reranked_by_its_words(reranker: CrossEncoderReranker) -> None:
    hits = hits_of(TEXTS)
    assert reranker(Query(text=" red ", image="a.png"), hits) == reranker("red", hits)


@pytest.mark.parametrize("query", ["  ", Query(image="a.png")])
def test_a_query_without_words_leaves_the_order_alone(query: Any, folder: Path) -> None:
    hits = hits_of(TEXTS)
    assert CrossEncoderReranker(str(folder))(query, hits) == hits


def test_text_and_query_longer_than_the_model_reads_are_cut_off(
    reranker: CrossEncoderReranker, folder: Path
) -> None:
    long = "boots and shoes " * 100
    scores = reranker.score(long, [long, "red"])
    assert scores[0] == pytest.approx(float(torch.sigmoid(reference(folder, long, long)[0])), 1e-4)
    short = CrossEncoderReranker(str(folder), max_length=8).score("red", [long])
    assert short != pytest.approx(reranker.score("red", [long]))


def test_several_threads_share_one_model(folder: Path) -> None:
    shared = CrossEncoderReranker(str(folder))
    found: list[list[float]] = []
    threads = [
        threading.Thread(target=lambda: found.append(shared.score("red", TEXTS))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert all(scores == found[0] for scores in found)


def test_no_hits_load_no_model() -> None:
    nothing = CrossEncoderReranker("/no/such/folder")
    assert nothing("red", []) == []
    assert nothing.score("red", []) == []


def test_a_missing_folder_is_an_unknown_model() -> None:
    with pytest.raises(ModelNotFoundError, match=r"no/such/folder.*bge-reranker"):
        CrossEncoderReranker("/no/such/folder").score("red", ["x"])


def test_a_model_that_is_not_cached_says_the_hub_is_out_of_reach() -> None:
    absent = CrossEncoderReranker("BAAI/bge-reranker-v2-m3", local_files_only=True)
    with pytest.raises(ModelUnavailableError, match="downloaded checkpoint"):
        absent.score("red", ["x"])


def test_a_checkpoint_without_a_ranking_head_is_refused(folder: Path, tmp_path: Path) -> None:
    BertModel.from_pretrained(folder).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path)
    with pytest.raises(EncoderError, match=r"not a cross-encoder: it has no classifier\.bias"):
        CrossEncoderReranker(str(tmp_path)).score("red", ["x"])


def test_a_classifier_of_many_classes_is_refused(tmp_path: Path) -> None:
    make_cross_encoder(tmp_path, labels=3)
    with pytest.raises(EncoderError, match="3 classes"):
        CrossEncoderReranker(str(tmp_path)).score("red", ["x"])


def test_weights_that_are_not_finite_are_reported(folder: Path, tmp_path: Path) -> None:
    model = BertForSequenceClassification.from_pretrained(folder)
    with torch.no_grad():
        model.classifier.weight.fill_(float("nan"))
    model.save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path)
    with pytest.raises(EncoderError, match="weights are damaged"):
        CrossEncoderReranker(str(tmp_path)).score("red", ["x"])


@pytest.mark.parametrize("option", ["batch_size", "max_length"])
def test_sizes_below_one_are_refused(option: str) -> None:
    options: dict[str, Any] = {option: 0}
    with pytest.raises(QueryError, match=option):
        CrossEncoderReranker("x", **options)


async def test_any_function_reranks_without_blocking_the_event_loop() -> None:
    hits = hits_of(TEXTS)
    caller = threading.get_ident()

    def backwards(_query: str | Query, hits: Sequence[Hit]) -> list[Hit]:
        assert threading.get_ident() != caller
        return list(reversed(hits))

    assert await arerank(backwards, "red", hits) == hits[::-1]


async def test_a_reranker_that_can_be_awaited_is_awaited() -> None:
    class Awaitable:
        def __call__(self, _query: str | Query, _hits: Sequence[Hit]) -> list[Hit]:
            raise AssertionError

        async def arerank(self, _query: str | Query, hits: Sequence[Hit]) -> list[Hit]:
            await asyncio.sleep(0)
            return list(reversed(hits))

    hits = hits_of(TEXTS)
    assert await arerank(Awaitable(), "red", hits) == hits[::-1]


scores = st.none() | st.integers(-3, 3).map(float)


@given(st.lists(scores, max_size=10))
def test_no_hit_is_lost_and_the_order_is_one_of_falling_scores(given: list[float | None]) -> None:
    hits = hits_of([str(n) for n in range(len(given))])
    placed = place_by_score(hits, given)
    assert sorted(h.chunk.id for h in placed) == sorted(h.chunk.id for h in hits)
    if not any(score is not None for score in given):
        assert placed == hits
        return
    assert [h.score for h in placed] == sorted((h.score for h in placed), reverse=True)
    for before, score, after in zip(hits, given, placed, strict=True):
        assert (after.reranked is None) == (score is None)
        if score is None:
            assert after.chunk == before.chunk
    ranked = [int(h.chunk.text) for h in placed if h.reranked is not None]
    expected = [n for n, score in enumerate(given) if score is not None]
    assert ranked == sorted(expected, key=lambda n: -(given[n] or 0.0))


def test_a_hit_without_a_score_takes_that_of_its_neighbour() -> None:
    placed = place_by_score(hits_of("abcd"), [None, 0.2, None, 0.4])
    assert [(h.chunk.text, h.score) for h in placed] == [
        ("a", 0.4), ("d", 0.4), ("c", 0.4), ("b", 0.2),
    ]  # fmt: skip


@pytest.mark.parametrize("given", [[1.0], [1.0, 2.0, 3.0], [1.0, float("nan")]])
def test_scores_that_do_not_fit_the_hits_are_refused(given: list[float]) -> None:
    with pytest.raises(QueryError, match="2 hits"):
        place_by_score(hits_of(["a", "b"]), given)


def test_a_reranker_is_switched_on_by_its_name(folder: Path) -> None:
    assert repr(reranker_of("cross-encoder")) == f"CrossEncoderReranker({DEFAULT_CROSS_ENCODER!r})"
    assert repr(reranker_of(f"cross-encoder:{folder}")) == f"CrossEncoderReranker({str(folder)!r})"
    assert reranker_of(None) is None
    with pytest.raises(QueryError, match="no reranker 'colbert'; there is 'cross-encoder'"):
        reranker_of("colbert")


def test_a_retriever_reranks_by_a_name(folder: Path, store: MultimodalStore) -> None:
    store.upsert([text_chunk(text) for text in TEXTS])
    named = MultimodalRetriever(store, rerank=f"cross-encoder:{folder}").retrieve("red")
    given = MultimodalRetriever(store, rerank=CrossEncoderReranker(str(folder))).retrieve("red")
    assert named == given
    assert all(hit.reranked is not None for hit in named)


def test_headings_and_the_words_in_a_picture_are_read() -> None:
    source = Source(uri="a.pdf", section=("Valves",))
    seen = {"ocr_text": "three bar", "inner_text": "axis"}
    chunk = Chunk(text="Figure 3", source=source, metadata=seen)
    assert reranked_text(chunk).split("\n\n") == ["Valves", "Figure 3", "axis", "three bar"]
    assert reranked_text(replace(chunk, metadata={"ocr_text": "Figure"})) == "Valves\n\nFigure 3"


def test_scores_are_remembered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reranker = CrossEncoderReranker(str(folder))
    asked: list[str] = []
    scored = reranker._scored

    def counted(query: str, texts: Sequence[str]) -> list[float]:
        asked.extend(texts)
        return scored(query, texts)

    monkeypatch.setattr(reranker, "_scored", counted)
    first = reranker.score("red", TEXTS[:3])
    again = reranker.score("red", [TEXTS[2], TEXTS[0], TEXTS[3], TEXTS[3]])
    assert asked == TEXTS
    assert again[:2] == [first[2], first[0]]
    reranker.score("blue", TEXTS[:1])
    assert asked == [*TEXTS, TEXTS[0]]


def test_only_so_many_scores_are_remembered(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CrossEncoderReranker, "_scored", lambda _, __, texts: [0.5] * len(texts))
    reranker = CrossEncoderReranker(str(folder))
    reranker.score("red", [str(n) for n in range(SCORES_REMEMBERED + 7)])
    assert len(reranker._scores) == SCORES_REMEMBERED
