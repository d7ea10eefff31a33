from __future__ import annotations

from answering import figure, passage
from ragsight.answer import cite_sources
from ragsight.chunks import Chunk, Source
from ragsight.retrieval.hits import Hit


def test_sources_are_numbered_in_their_order_whether_hits_or_chunks() -> None:
    cited = cite_sources([Hit(passage(), 0.1), figure(3)])

    assert [source.label for source in cited] == [
        "[1] (text, manual.pdf, p. 2)",
        "[2] (figure, manual.pdf, p. 4): Figure 3. The valve",
    ]


def test_a_long_text_becomes_an_excerpt_on_one_line() -> None:
    (cited,) = cite_sources([passage("one\ntwo   " * 100)], excerpt_chars=20)

    assert cited.excerpt == "one two one two one…"


def test_a_text_that_the_caption_holds_needs_no_excerpt() -> None:
    (cited,) = cite_sources([figure(3, text="The valve")])

    assert cited.excerpt == ""


def test_a_caption_that_begins_with_its_label_is_not_doubled() -> None:
    chunk = Chunk(
        source=Source(uri="a.pdf"),
        kind="figure",
        metadata={"label": "Figure 2", "caption": "Figure 2: The pump"},
    )

    assert cite_sources([chunk])[0].caption == "Figure 2: The pump"


def test_a_product_is_labelled_with_its_name() -> None:
    chunk = Chunk(
        text="A mug.", source=Source(uri="shop.csv"), kind="product", metadata={"name": "Mug"}
    )

    assert cite_sources([chunk])[0].label == "[1] (product, shop.csv): Mug"
