from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from drawings import image_chunk, text_chunk
from ragsight import (
    Chunk,
    ClipEncoder,
    LabelledQuery,
    MultimodalRetriever,
    MultimodalStore,
    evaluate,
)
from ragsight.errors import RagsightError
from ragsight.evaluation import plot_evaluation

PUMP = text_chunk("The pump moves water through the filter.")
FIGURE = image_chunk(1, "Figure 1: the pump seen from the side")
OTHERS = [text_chunk("Bread is baked from flour."), image_chunk(2), image_chunk(3)]


@pytest.fixture
def retriever(encoder: ClipEncoder) -> MultimodalRetriever:
    store = MultimodalStore.open(":memory:", encoder=encoder)
    store.upsert([PUMP, FIGURE, *OTHERS])
    return MultimodalRetriever(store)


def labelled(text: str, *relevant: Chunk) -> LabelledQuery:
    return LabelledQuery(id=text, text=text, relevant={chunk.id: 1 for chunk in relevant})


def test_each_channel_that_speaks_is_measured_beside_the_fused_ranking(
    retriever: MultimodalRetriever,
) -> None:
    scores = evaluate(retriever, [labelled("pump", PUMP, FIGURE)], k=5)
    assert [run.name for run in scores] == ["fused", "bm25", "text_to_image"]
    assert scores["bm25"].mean("recall") == 1
    assert scores["text_to_image"].mean("recall") == pytest.approx(1 / 2)


def test_an_image_query_is_measured_by_its_pixels(
    retriever: MultimodalRetriever, tmp_path: Path
) -> None:
    path = tmp_path / "query.png"
    assert FIGURE.image is not None
    assert FIGURE.image.data is not None
    path.write_bytes(FIGURE.image.data)
    query = LabelledQuery(id="1", image=path, relevant={FIGURE.id: 1})
    scores = evaluate(retriever, [query], k=1)
    assert [run.name for run in scores] == ["fused", "image_to_image"]
    assert scores["fused"].mean("ndcg") == 1


def test_a_filter_of_a_query_holds(retriever: MultimodalRetriever) -> None:
    query = LabelledQuery(id="1", text="pump", filter={"kind": "text"}, relevant={FIGURE.id: 1})
    assert evaluate(retriever, [query], channels=False)["fused"].mean("recall") == 0


def test_the_channels_can_be_left_out(retriever: MultimodalRetriever) -> None:
    scores = evaluate(retriever, [labelled("pump", PUMP)], channels=False)
    assert [run.name for run in scores] == ["fused"]


@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_a_chart_of_the_scores_is_drawn(
    retriever: MultimodalRetriever, tmp_path: Path, suffix: str
) -> None:
    scores = evaluate(retriever, [labelled("pump", PUMP)])
    path = plot_evaluation(tmp_path / "charts" / f"scores{suffix}", scores, baseline=scores)
    if suffix == ".png":
        with Image.open(path) as image:
            assert image.width > 500
    else:
        assert "fused, before" in path.read_text(encoding="utf-8")


def test_a_chart_of_an_unknown_kind_is_refused(
    retriever: MultimodalRetriever, tmp_path: Path
) -> None:
    scores = evaluate(retriever, [labelled("pump", PUMP)], channels=False)
    with pytest.raises(RagsightError, match="can't be written"):
        plot_evaluation(tmp_path / "scores.docx", scores)
