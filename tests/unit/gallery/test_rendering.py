from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from drawings import image_chunk, noise, text_chunk
from ragsight import (
    Answer,
    Citation,
    GallerySection,
    Hit,
    RagsightError,
    VisionSynthesizer,
    render_gallery,
    write_gallery,
)
from ragsight.answer import DroppedSource
from ragsight.retrieval import ChannelScore
from ragsight.testing import FakeVisionBackend

SCORES = (ChannelScore("bm25", 1, 7.25, 0.016),)


class Page(HTMLParser):
    """Collects tags and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words += data


def test_a_hit_is_shown_with_picture_place_score_and_reason() -> None:
    hit = Hit(image_chunk(3, "Figure 1: pump", price=5), 0.0164, SCORES)
    page = Page(render_gallery([GallerySection("pump", [hit], note="two of nine")]))
    for part in (
        "Figure 1: pump",
        "two of nine",
        "a.pdf, p. 4",
        "0.0164",
        "bm25 #1 (7.25)",
        "price",
    ):
        assert part in page.words
    [image] = [attributes for tag, attributes in page.tags if tag == "img"]
    assert str(image["src"]).startswith("data:image/jpeg;base64,")


def test_nothing_in_a_hit_can_become_markup() -> None:
    ours = Page(render_gallery([GallerySection("x")])).tags
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    hit = Hit(text_chunk(evil, uri=f"/{evil}", name=evil, note=evil[:50]), 1.0, SCORES)
    page = Page(render_gallery([GallerySection(evil, [hit], note=evil, answer=evil)], title=evil))
    for tag in ("script", "img", "style"):
        assert [t for t, _ in page.tags].count(tag) == [t for t, _ in ours].count(tag)
    assert page.words.count("alert(1)") > 4


def test_the_page_needs_nothing_beside_it() -> None:
    page = Page(render_gallery([GallerySection("x", [Hit(image_chunk(1), 1.0)])]))
    for _, attributes in page.tags:
        for name in ("src", "href"):
            assert (attributes.get(name) or "data:").startswith(("data:", "#"))


def test_no_script_and_no_style_but_the_page_s_own_may_run() -> None:
    html = render_gallery([GallerySection("x", [Hit(image_chunk(1), 1.0, SCORES)])])
    [policy] = [a["content"] for tag, a in Page(html).tags if a.get("http-equiv")]
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for kind in ("script", "style"):
        [content] = re.findall(f"<{kind}>(.*?)</{kind}>", html, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}'" in policy
    assert not any(
        name == "style" or name.startswith("on") for _, a in Page(html).tags for name in a
    )


def test_a_lone_surrogate_in_a_text_costs_no_page(tmp_path: Path) -> None:
    section = GallerySection("half of a pair: \ud800.", [Hit(text_chunk("a"), 1.0)])
    page = write_gallery(tmp_path / "page.html", [section])
    assert "half of a pair" in page.read_text(encoding="utf-8")


def test_channels_are_drawn_with_their_weights_and_shares_of_the_best_score() -> None:
    scores = (ChannelScore("bm25", 2, 3.5, 0.25), ChannelScore("text_to_image", 1, 0.31, 0.15))
    hits = [
        Hit(text_chunk("a"), 0.5, (ChannelScore("bm25", 1, 7.0, 0.5),)),
        Hit(text_chunk("b"), 0.4, scores),
    ]
    section = GallerySection("x", hits, weights={"bm25": 1.0, "text_to_image": 0.5})
    page = Page(render_gallery([section]))
    bars = [a for tag, a in page.tags if tag == "rect" and a.get("height") == "4"]
    assert [(bar["class"], bar["x"], bar["width"]) for bar in bars] == [
        ("bm25", "0.0", "100.0"),
        ("bm25", "0.0", "50.0"),
        ("text_to_image", "50.0", "30.0"),
    ]
    assert "weight 0.5" in page.words


def test_a_reranked_hit_says_so() -> None:
    page = Page(render_gallery([GallerySection("x", [Hit(text_chunk("a"), 0.93, SCORES, 0.93)])]))
    assert "reranked (0.93)" in page.words


def test_an_answer_s_markers_lead_to_the_cards_of_their_sources() -> None:
    chunks = [text_chunk("The pump is red."), text_chunk("The valve is blue."), text_chunk("Oil.")]
    backend = FakeVisionBackend(reply="Red [1], and the valve is blue [2].")
    answer = VisionSynthesizer(backend).answer("Which colour?", chunks)
    hits = [Hit(chunk, 1.0 / n) for n, chunk in enumerate(chunks, start=1)]
    page = Page(render_gallery([GallerySection("Which colour?", hits, answer=answer)]))
    ids = {a["id"] for tag, a in page.tags if tag == "li" and "id" in a}
    targets = [str(a["href"])[1:] for tag, a in page.tags if tag == "a"]
    assert len(targets) == len(set(targets)) == 2
    assert set(targets) <= ids
    badges = [a["class"] for _, a in page.tags if "source-number" in (a.get("class") or "")]
    assert badges == ["source-number cited", "source-number cited", "source-number"]
    assert "fake-vision" in page.words
    assert "tokens" in page.words


def test_an_answer_s_markdown_is_shown_as_what_it_is_and_its_html_and_links_as_text() -> None:
    text = "**Red**:\n\n- one\n- two\n\n<b>no</b> [link](javascript:alert(1)) ![x](http://e/x.png)"
    page = Page(render_gallery([GallerySection("x", answer=Answer(text=text))]))
    tags = [tag for tag, _ in page.tags]
    assert tags.count("strong") == 1
    assert "<b>no</b>" in page.words
    assert {"a", "img", "b"} & set(tags) == set()


def test_sources_of_an_answer_that_are_no_hits_are_shown_after_them() -> None:
    chunk = text_chunk("The pump is red.")
    answer = Answer(text="Red [1].", sources=(chunk,), citations=(Citation(1, chunk, ((4, 7),)),))
    page = Page(
        render_gallery([GallerySection("x", [Hit(text_chunk("Oil."), 1.0)], answer=answer)])
    )
    assert page.words.index("Oil.") < page.words.index("The pump is red.")


def test_an_answer_shows_that_it_abstained_its_warnings_and_what_was_dropped() -> None:
    chunk = text_chunk("Too long.")
    answer = Answer(
        text="I can't tell.",
        abstained=True,
        warnings=("The reply was cut off.",),
        dropped=(DroppedSource(chunk, "over the budget"),),
    )
    words = Page(render_gallery([GallerySection("x", [Hit(chunk, 1.0)], answer=answer)])).words
    for part in ("hold the answer", "The reply was cut off.", "over the budget"):
        assert part in words


def test_a_picture_that_is_gone_is_left_out(tmp_path: Path) -> None:
    from ragsight import Chunk, Source, image_ref

    path = tmp_path / "a.png"
    noise(1).save(path)
    chunk = Chunk(image=image_ref(path), source=Source(uri=str(path)), kind="image")
    path.unlink()
    page = Page(render_gallery([GallerySection("x", [Hit(chunk, 1.0)])]))
    assert "img" not in {tag for tag, _ in page.tags}
    assert "a.png" in page.words


def test_a_search_without_hits_says_so() -> None:
    assert "Nothing was found." in Page(render_gallery([GallerySection("x")])).words


def test_the_page_is_written_where_asked(tmp_path: Path) -> None:
    written = write_gallery(tmp_path / "new" / "page.html", [GallerySection("x")])
    assert written.read_text(encoding="utf-8").startswith("<!doctype html>")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RagsightError, match="can't be written"):
        write_gallery(tmp_path / "file" / "page.html", [])
