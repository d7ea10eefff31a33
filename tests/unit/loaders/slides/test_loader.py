from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest

from decks import TITLE_ONLY, add_picture, add_slide, add_text, box, merged_table, new_deck, saved
from drawings import noise
from pdfs import line, mupdf, picture
from ragsight import Chunk, ClipEncoder, MultimodalStore, SlideLoader, SlideOptions, ingest, load
from ragsight.errors import (
    ConfigurationError,
    EmptyDocumentError,
    PasswordRequiredError,
    RagsightError,
)
from ragsight.gallery import GallerySection, render_gallery
from ragsight.loaders import discover, loader_for
from ragsight.retrieval import MultimodalRetriever


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    """Three slides; on the second a table and a picture."""
    made = new_deck()
    made.core_properties.title = "The offer"
    add_slide(made, "Welcome")
    slide = add_slide(made, "Pricing", TITLE_ONLY)
    merged_table(slide)
    add_picture(slide, 1, box(60, 320, 300, 180), alt="A coin")
    add_slide(made, "Questions")
    return saved(made, tmp_path / "deck.pptx")


def test_chunks_know_their_neighbours_and_their_slide(deck: Path) -> None:
    chunks = SlideLoader(deck, render="off").load()

    assert [c.kind for c in chunks] == ["slide", "slide", "table", "figure", "slide"]
    assert [c.metadata["order"] for c in chunks] == [1, 2, 3, 4, 5]
    for before, after in pairwise(chunks):
        assert before.metadata["next"] == after.id
        assert after.metadata["previous"] == before.id
    assert [c.metadata.get("page_id") for c in chunks] == [None, None, *[chunks[1].id] * 2, None]
    assert {c.metadata["deck_title"] for c in chunks if c.kind == "slide"} == {"The offer"}


def test_the_same_deck_gives_the_same_ids(deck: Path) -> None:
    ids = [c.id for c in SlideLoader(deck, render="off").lazy_load()]

    assert ids == [c.id for c in SlideLoader(deck, render="off").load()]
    assert len(set(ids)) == len(ids)


def test_chunks_survive_being_written_and_read(deck: Path) -> None:
    for chunk in SlideLoader(deck, render="off").load():
        back = Chunk.from_dict(chunk.to_dict())
        assert (back, str(back.source)) == (chunk, str(chunk.source))


def test_the_fingerprint_follows_file_and_options(deck: Path) -> None:
    def fingerprint(**settings: object) -> str:
        return SlideLoader(deck, **settings).fingerprint()  # type: ignore[arg-type]

    first = fingerprint(render="off")
    assert fingerprint(options=SlideOptions(render="off", timeout=5)) == first
    others = [
        fingerprint(render="off", notes=False),
        fingerprint(render="off", include_hidden=False),
        fingerprint(render="off", chart_data=False),
        fingerprint(render="off", figures=False),
        fingerprint(render="off", slides=[1]),
    ]
    deck.write_bytes(deck.read_bytes() + b" ")
    others.append(fingerprint(render="off"))
    assert len({first, *others}) == 7


def test_some_slides_can_be_chosen(deck: Path) -> None:
    chunks = SlideLoader(deck, slides=[3, 1, 99], render="off").load()

    assert [c.source.page for c in chunks] == [1, 3]
    assert SlideLoader(deck, slides=[99], render="off").load() == []


def test_bytes_are_loaded_like_a_file(deck: Path) -> None:
    loader = SlideLoader(deck.read_bytes(), render="off")

    assert [c.text for c in loader.load()] == [
        c.text for c in SlideLoader(deck, render="off").load()
    ]
    assert {c.source.uri for c in loader.load()} == {loader.uri}
    assert loader.uri.startswith("bytes:")


@pytest.mark.parametrize(
    "settings", [{"render": "always"}, {"timeout": 0}, {"timeout": float("nan")}, {"slides": [0]}]
)
def test_settings_that_make_no_sense_are_refused(deck: Path, settings: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError):
        SlideLoader(deck, **settings)  # type: ignore[arg-type]


def test_a_deck_without_slides_or_words_says_so(tmp_path: Path) -> None:
    empty = saved(new_deck(), tmp_path / "empty.pptx")
    with pytest.raises(EmptyDocumentError, match="no slides"):
        SlideLoader(empty, render="off").load()
    made = new_deck()
    add_slide(made)
    with pytest.raises(EmptyDocumentError, match="nothing on any"):
        SlideLoader(saved(made, tmp_path / "blank.pptx"), render="off").load()


def test_decks_are_found_and_loaded_by_their_suffix(deck: Path) -> None:
    assert discover([deck.parent]) == [deck]
    assert isinstance(loader_for(deck), SlideLoader)
    options = SlideOptions(render="off", figures=False)
    assert {c.kind for c in load(deck.parent, slides=options)} == {"slide"}


def test_an_indexed_deck_answers_with_slides_and_thumbnails(
    deck: Path, tmp_path: Path, encoder: ClipEncoder
) -> None:
    (tmp_path / "broken.pptx").write_bytes(b"PK\x03\x04")
    with MultimodalStore.open(":memory:", encoder=encoder) as store:
        report = ingest([deck, tmp_path / "broken.pptx"], store, slides=SlideOptions(render="off"))
        assert [(s.status, s.chunks) for s in report.sources] == [("indexed", 5), ("failed", 0)]
        hits = MultimodalRetriever(store).retrieve("pricing", k=5)
        shown = render_gallery([GallerySection("pricing", hits)])

    assert str(hits[0].chunk.source) == "deck.pptx, slide 2"
    assert "deck.pptx, slide 2" in shown
    assert "data:image/" in shown
    assert hits[0].chunk.metadata["hidden"] is False


def pdf_deck(path: Path) -> Path:
    """A PDF of two slides and a portrait page."""
    document = mupdf.open()
    for title in ("Welcome", "Pricing"):
        page = document.new_page(width=960, height=540)
        line(page, (60, 80), title, size=40)
        line(page, (60, 200), f"Words about {title.lower()} on the slide.", size=20)
        if title == "Pricing":
            picture(page, (500, 150, 860, 450), noise(3, (240, 200)))
    page = document.new_page(width=595, height=842)
    line(page, (60, 80), "A handout to read at home.", size=11)
    document.save(path)
    return path


def test_pages_of_a_pdf_that_look_like_slides_are_slides(tmp_path: Path) -> None:
    chunks = SlideLoader(pdf_deck(tmp_path / "deck.pdf")).load()

    slides = [c for c in chunks if c.kind == "slide"]
    assert [str(c.source) for c in slides] == ["deck.pdf, slide 1", "deck.pdf, slide 2"]
    for chunk, title in zip(slides, ("Welcome", "Pricing"), strict=True):
        assert chunk.metadata["title"] == title
        assert f"Words about {title.lower()} on the slide." in chunk.text
        assert chunk.image is not None
        assert chunk.image.width > chunk.image.height
    figures = [c for c in chunks if c.kind == "figure"]
    assert [c.metadata["page_id"] for c in figures if c.source.page == 2] == [slides[1].id]
    handout = [c for c in chunks if c.source.page == 3]
    assert [c.kind for c in handout] == ["text"]
    assert str(handout[0].source) == "deck.pdf, p. 3"
    ids = {c.id for c in chunks}
    for chunk in chunks:
        links = [chunk.metadata.get(key) for key in ("previous", "next", "page_id")]
        assert {link for link in links if link is not None} <= ids


def test_a_pdf_deck_without_renders_keeps_its_words(tmp_path: Path) -> None:
    chunks = SlideLoader(pdf_deck(tmp_path / "deck.pdf"), render="off", slides=[1]).load()

    (slide,) = chunks
    assert slide.image is None
    assert slide.text.startswith("Welcome")


def test_an_encrypted_pdf_deck_opens_with_its_password(tmp_path: Path) -> None:
    document = mupdf.open(pdf_deck(tmp_path / "plain.pdf"))
    document.save(
        tmp_path / "secret.pdf", encryption=mupdf.PDF_ENCRYPT_AES_256, user_pw="u", owner_pw="o"
    )

    with pytest.raises(PasswordRequiredError):
        SlideLoader(tmp_path / "secret.pdf").load()
    assert SlideLoader(tmp_path / "secret.pdf", password="u").load()


def test_what_was_loaded_before_a_problem_is_not_lost(deck: Path) -> None:
    from decks import rewritten

    rewritten(deck, dropped=r"slides/slide3\.xml$")
    seen: list[Chunk] = []

    with pytest.raises(RagsightError, match="slide 3"):
        seen.extend(SlideLoader(deck, render="off").lazy_load())
    assert [c.kind for c in seen] == ["slide", "slide", "table", "figure"]


def test_text_boxes_without_words_make_no_chunk(tmp_path: Path) -> None:
    made = new_deck()
    add_text(add_slide(made), "   ", box(60, 60, 100, 40))
    add_slide(made, "Words")

    chunks = SlideLoader(saved(made, tmp_path / "deck.pptx"), render="off").load()
    assert [c.source.page for c in chunks] == [2]
