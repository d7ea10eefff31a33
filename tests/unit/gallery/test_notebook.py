from __future__ import annotations

from pathlib import Path

from drawings import image_chunk, text_chunk
from ragsight import Answer, Chunk, Citation, Hit, MultimodalRetriever, MultimodalStore, show
from ragsight.encoders import ClipEncoder
from ragsight.retrieval import ChannelScore, Hits

SCORES = (ChannelScore("bm25", 1, 7.25, 0.5),)


def test_a_result_shows_itself_in_a_notebook() -> None:
    html = Hits([Hit(image_chunk(1, "A pump"), 0.5, SCORES)])._repr_html_()
    for part in ("A pump", "bm25 #1 (7.25)", "data:image/jpeg;base64,"):
        assert part in html
    assert "A pump" in Hit(text_chunk("A pump"), 0.5)._repr_html_()


def test_a_notebook_s_piece_brings_no_script_and_styles_nothing_but_itself() -> None:
    evil = "<script>alert(1)</script>"
    html = Hits([Hit(text_chunk(evil, name=evil), 1.0)])._repr_html_()
    assert "<script" not in html
    assert "<html" not in html
    rules = html.partition("<style>")[2].partition("</style>")[0]
    outside = [line for line in rules.splitlines() if line and line[0] not in " @}"]
    assert outside
    assert all(line.startswith((".rs", "body.rs")) for line in outside)


def test_two_results_of_a_notebook_share_no_anchors() -> None:
    chunk = text_chunk("A pump")
    pieces = [show(Hit(chunk, 1.0), title=title)._repr_html_() for title in ("one", "two")]
    anchors = [piece.partition('<li class="card" id="')[2].partition('"')[0] for piece in pieces]
    assert anchors[0] != anchors[1]


def test_an_answer_is_shown_above_the_result_it_was_given_from(tmp_path: Path) -> None:
    chunk = text_chunk("The pump is red.")
    answer = Answer(text="Red [1].", sources=(chunk,), citations=(Citation(1, chunk, ((4, 7),)),))
    gallery = show([Hit(chunk, 1.0)], title="Which colour?", answer=answer)
    html = gallery._repr_html_()
    assert html.index("Which colour?") < html.index(">Red ") < html.index("The pump is red.")
    assert show(answer).to_html().count("The pump is red.") == 1
    assert gallery.write(tmp_path / "a.html").read_text(encoding="utf-8") == gallery.to_html()


def test_what_a_retriever_returns_shows_itself_and_is_a_list(encoder: ClipEncoder) -> None:
    with MultimodalStore.open(":memory:", encoder=encoder) as store:
        store.upsert([text_chunk("Red shoes")])
        retriever = MultimodalRetriever(store, weights={"bm25": 2.0})
        hits = retriever.retrieve("red shoes")
        assert isinstance(hits, list)
        assert "Red shoes" in hits._repr_html_()
        assert retriever.weights["bm25"] == 2.0


def test_a_store_finds_the_picture_of_a_page_that_is_no_hit(encoder: ClipEncoder) -> None:
    from drawings import noise_ref
    from ragsight import Source

    source = Source(uri="deck.pptx", page=1, page_size=(720, 540), bbox=(10, 10, 300, 200))
    page = Chunk(image=noise_ref(3), source=Source(uri="deck.pptx", page=1), kind="page")
    text = Chunk(text="Prices", source=source, metadata={"page_id": page.id})
    with MultimodalStore.open(":memory:", encoder=encoder) as store:
        store.upsert([page, text])
        [hit] = MultimodalRetriever(store, weights={"text_to_image": 0}).retrieve("prices")
        assert "data:image/webp" in show(hit, store=store)._repr_html_()
        assert "data:image/webp" not in show(hit)._repr_html_()
