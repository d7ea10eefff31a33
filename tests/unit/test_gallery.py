from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from drawings import image_chunk, noise, text_chunk
from ragsight import GallerySection, Hit, RagsightError, render_gallery, write_gallery
from ragsight.retrieval import ChannelScore

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
    evil = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    hit = Hit(text_chunk(evil, uri=f"/{evil}", name=evil, note=evil[:50]), 1.0, SCORES)
    page = Page(render_gallery([GallerySection(evil, [hit], note=evil, answer=evil)], title=evil))
    assert {tag for tag, _ in page.tags} & {"script", "img"} == set()
    assert page.words.count("alert(1)") > 4


def test_the_page_needs_nothing_beside_it() -> None:
    page = Page(render_gallery([GallerySection("x", [Hit(image_chunk(1), 1.0)])]))
    for _, attributes in page.tags:
        for name in ("src", "href"):
            assert (attributes.get(name) or "data:").startswith("data:")


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
