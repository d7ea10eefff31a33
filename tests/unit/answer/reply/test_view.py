from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser

import pytest
from PIL import Image
from rich.console import Console

from answering import figure, passage
from ragsight import Answer, Chunk, Source, VisionSynthesizer
from ragsight.answer import Price
from ragsight.testing import FakeVisionBackend

EVIL = '<script>alert(1)</script><img src="https://evil.example/x.png" onerror="x()">'


def answered(reply: str = "At 3 bar [1], see [2].") -> Answer:
    synthesizer = VisionSynthesizer(
        FakeVisionBackend(reply), prices={"fake-vision": Price(input=2, output=2)}
    )
    return synthesizer.answer("When?", [passage(), figure(1), figure(2)])


class Page(HTMLParser):
    """What tags a page has."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def test_a_notebook_shows_the_cited_images_inline_as_the_model_got_them() -> None:
    page = Page(answered()._repr_html_())

    (image,) = page.all("img")
    head, _, data = str(image["src"]).partition(",")
    assert head == "data:image/jpeg;base64"
    assert Image.open(io.BytesIO(base64.b64decode(data))).size == (320, 200)
    assert "Figure 1" in str(image["alt"])


def test_each_marker_leads_to_its_source() -> None:
    page = Page(answered()._repr_html_())

    targets = {item["id"] for item in page.all("li")}
    assert {str(link["href"]).removeprefix("#") for link in page.all("a")} == targets
    assert len(targets) == 2


def test_the_text_of_a_hostile_answer_and_source_stays_text() -> None:
    chunk = Chunk(text=EVIL, source=Source(uri=f"/{EVIL}"), metadata={"caption": EVIL})
    answer = VisionSynthesizer(FakeVisionBackend(f"{EVIL} [1]")).answer("When?", [chunk])

    for html in (answer._repr_html_(), answer.to_html(title=EVIL)):
        page = Page(html)
        assert not page.all("script")
        assert not page.all("img")
        assert all(str(link["href"]).startswith("#") for link in page.all("a"))
        assert not any("onerror" in attributes for _, attributes in page.tags)


def test_markdown_is_shown_as_it_is_meant_with_the_markers_in_it() -> None:
    blocks = ["**Opens** at 3 bar [1]:", "- see [2]", "```\nx[1] = 2\n```", "| a |\n|---|\n| c |"]
    reply = "\n\n".join(blocks)

    html = answered(reply)._repr_html_()

    tags = [tag for tag, _ in Page(html).tags]
    assert {"strong", "ul", "pre", "td"} <= set(tags)
    assert "x[1] = 2" in html
    assert tags.count("a") == 2


@pytest.mark.parametrize(
    "reply",
    [
        "[click](https://evil.example) ![x](https://evil.example/x.png) <https://evil.example>",
        "[click][ref]\n\n[ref]: javascript:alert(1)",
        "\ue0000\ue001 [1] \ue0001\ue001",
    ],
)
def test_markdown_leads_nowhere_and_forges_no_marker(reply: str) -> None:
    page = Page(answered(f"{reply} [1]").to_html())

    assert all(str(link["href"]).startswith("#ragsight-") for link in page.all("a"))
    assert not page.all("img")
    assert len(page.all("a")) == reply.count("[1]") + 1


def test_a_page_needs_nothing_beside_it() -> None:
    html = answered().to_html(title="Valves")

    assert html.startswith("<!doctype html>")
    assert "default-src 'none'" in html
    assert not re.search(r"(?:src|href)=\"(?!data:|#)", html)


def test_a_terminal_shows_text_sources_and_what_it_took() -> None:
    console = Console(width=100, file=io.StringIO(), force_terminal=False)

    console.print(answered("At 3 bar [1]. [9]"))

    file = console.file
    assert isinstance(file, io.StringIO)
    shown = file.getvalue()
    assert "At 3 bar [1]." in shown
    assert "[1] (text, manual.pdf, p. 2)" in shown
    assert "warning: The model cited 9" in shown
    assert re.search(r"fake-vision · [\d,]+ tokens · cost 0\.\d{4}", shown)


def test_an_image_that_can_no_longer_be_opened_is_left_out() -> None:
    answer = answered()
    lost = figure(3)
    assert lost.image is not None
    object.__setattr__(lost.image, "data", b"gone")
    citation = type(answer.citations[0])(7, lost, ())

    html = Answer(text="Gone.", citations=(citation,))._repr_html_()

    assert not Page(html).all("img")
    assert "Figure 3" in html


def test_half_a_sign_as_broken_files_have_them_costs_nothing() -> None:
    assert "Opens" in answered("Opens \ud800 at 3 bar [1].").to_html()
