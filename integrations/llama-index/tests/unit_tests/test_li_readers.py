from __future__ import annotations

import logging
from pathlib import Path

import pytest
from fsspec.implementations.memory import MemoryFileSystem
from llama_index.core import SimpleDirectoryReader
from llama_index.core.schema import Document, ImageDocument
from reportlab.lib.utils import ImageReader as Picture
from reportlab.pdfgen.canvas import Canvas

from decks import add_picture, add_slide, box, new_deck, rewritten, saved
from drawings import cut_jpeg, noise
from llama_index_ragsight import (
    CatalogReader,
    ImageReader,
    PdfReader,
    SlideReader,
    node_to_chunk,
)
from ragsight import BlobStore, MultimodalStore, PdfLoader, PdfOptions, SlideLoader, open_image
from ragsight.errors import ConfigurationError, DocumentError, RagsightError, SourceNotFoundError

PASSAGE = "The pump moves water through the filter and back into the tank below it."
CAPTION = "Figure 1: The pump seen from the side."


@pytest.fixture
def manual(tmp_path: Path) -> Path:
    """A page with a passage, and a figure with its caption."""
    path = tmp_path / "docs" / "manual.pdf"
    path.parent.mkdir()
    canvas = Canvas(str(path), pagesize=(400, 500))
    canvas.drawString(30, 440, PASSAGE[:50])
    canvas.drawString(30, 425, PASSAGE[50:].strip())
    canvas.drawImage(Picture(noise(5, (300, 200))), 50, 180, width=300, height=200)
    canvas.drawString(50, 160, CAPTION)
    canvas.save()
    return path


@pytest.fixture
def reader(tmp_path: Path) -> PdfReader:
    return PdfReader(image_store=tmp_path / "images")


def figure_of(documents: list[Document]) -> ImageDocument:
    [figure] = [d for d in documents if isinstance(d, ImageDocument) and CAPTION in d.text]
    return figure


def test_a_pdf_gives_passages_and_figures_with_captions(manual: Path, reader: PdfReader) -> None:
    documents = reader.load_data(manual)
    assert any("moves water" in document.text for document in documents)
    figure = figure_of(documents)
    assert figure.metadata["page_label"] == "1"
    assert figure.metadata["file_path"] == str(manual)
    assert figure.image_path is not None
    assert open_image(figure.image_path).width > 100


def test_documents_are_the_loaders_chunks(manual: Path, reader: PdfReader) -> None:
    chunks = list(PdfLoader(manual).lazy_load())
    documents = reader.load_data(manual)
    assert [document.id_ for document in documents] == [chunk.id for chunk in chunks]
    for document, chunk in zip(documents, chunks, strict=True):
        back = node_to_chunk(document)
        assert (back.text, back.source, back.kind) == (chunk.text, chunk.source, chunk.kind)
        assert back.metadata == chunk.metadata


def test_a_directory_reader_uses_it(
    manual: Path, reader: PdfReader, store: MultimodalStore
) -> None:
    documents = SimpleDirectoryReader(
        str(manual.parent), file_extractor={".pdf": reader}, raise_on_error=True
    ).load_data()
    figure = figure_of(documents)
    assert figure.metadata["file_type"] == "application/pdf"
    assert figure.metadata["file_name"] == "manual.pdf"
    assert "file_name" in figure.excluded_llm_metadata_keys
    assert store.upsert(map(node_to_chunk, documents)) == len(documents)


async def test_a_directory_reader_uses_it_in_async(manual: Path, reader: PdfReader) -> None:
    directory = SimpleDirectoryReader(str(manual.parent), file_extractor={".pdf": reader})
    assert figure_of(await directory.aload_data()).metadata["file_name"] == "manual.pdf"


def test_the_image_store_may_be_anywhere_fsspec_can_write(manual: Path) -> None:
    reader = PdfReader(image_store=BlobStore("memory://reader-test"))
    image = node_to_chunk(figure_of(reader.load_data(manual))).image
    assert image is not None
    assert image.uri.startswith("memory://")
    assert open_image(image).width > 100


def test_options_of_the_loader_may_be_given_early_or_late(manual: Path, tmp_path: Path) -> None:
    early = PdfReader(image_store=tmp_path / "images", figures=False).load_data(manual)
    late = PdfReader(image_store=tmp_path / "images").load_data(manual, figures=False)
    assert [d.id_ for d in early] == [d.id_ for d in late]
    assert not any(node_to_chunk(d).kind == "figure" for d in early)


def test_extra_info_is_added_but_changes_no_place(manual: Path, reader: PdfReader) -> None:
    documents = reader.load_data(manual, extra_info={"team": "blue", "file_path": "x"})
    assert {d.metadata["team"] for d in documents} == {"blue"}
    assert {d.metadata["file_path"] for d in documents} == {str(manual)}


def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, reader: PdfReader) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 and no more")
    with pytest.raises(DocumentError):
        reader.load_data(tmp_path / "bad.pdf")
    with pytest.raises(SourceNotFoundError):
        reader.load_data(tmp_path / "none.pdf")


def test_files_elsewhere_are_refused_and_not_mistaken_for_local_ones(reader: PdfReader) -> None:
    with pytest.raises(ConfigurationError, match="only local files"):
        reader.load_data("manual.pdf", fs=MemoryFileSystem())


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    noise(1).save(folder / "good.png")
    (folder / "cut.jpg").write_bytes(cut_jpeg()[:40])
    return folder


def test_a_bad_image_of_a_folder_is_logged_and_the_others_are_read(
    photos: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        [document] = ImageReader().load_data(photos)
    assert document.metadata["name"] == "good"
    assert "cut.jpg" in caplog.text


def test_a_handler_of_ones_own_hears_of_it(photos: Path) -> None:
    problems: list[RagsightError] = []
    ImageReader(on_error=problems.append).load_data(photos)
    assert len(problems) == 1


def test_a_catalogue_gives_words_picture_and_facts(photos: Path) -> None:
    (photos / "shop.csv").write_text("name,price,image\nRed shoe,39.9,good.png\n")
    [document] = CatalogReader().load_data(photos / "shop.csv")
    assert isinstance(document, ImageDocument)
    assert (document.metadata["price"], document.image_path) == (39.9, str(photos / "good.png"))


def test_documents_are_made_one_by_one(photos: Path) -> None:
    lazy = ImageReader().lazy_load_data(photos / "good.png")
    assert next(iter(lazy)).metadata["name"] == "good"


def test_settings_of_the_pdf_reader_are_the_loaders(manual: Path, tmp_path: Path) -> None:
    options = PdfOptions(image_side=300)
    reader = PdfReader(image_store=tmp_path / "images", options=options, page_images="all")
    chunks = PdfLoader(manual, options=options, page_images="all").load()
    documents = reader.load_data(manual)
    assert [document.id_ for document in documents] == [chunk.id for chunk in chunks]
    assert "page" in {node_to_chunk(document).kind for document in documents}
    with pytest.raises(ConfigurationError, match="image_side"):
        PdfReader(image_side=0)


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    """Two slides, the first with notes and a picture."""
    made = new_deck()
    slide = add_slide(made, "Pricing")
    slide.notes_slide.notes_text_frame.text = "Pause here."
    add_picture(slide, 1, box(60, 150, 300, 300), alt="A coin")
    add_slide(made, "Questions")
    (tmp_path / "decks").mkdir()
    return saved(made, tmp_path / "decks" / "deck.pptx")


def test_a_directory_reader_reads_decks_slide_by_slide(deck: Path, tmp_path: Path) -> None:
    reader = SlideReader(render="off", image_store=tmp_path / "images")
    documents = SimpleDirectoryReader(
        str(deck.parent), file_extractor={".pptx": reader}, raise_on_error=True
    ).load_data()

    assert [d.id_ for d in documents] == [c.id for c in SlideLoader(deck, render="off").load()]
    first, picture, second = documents
    assert (first.metadata["page_label"], second.metadata["page_label"]) == ("1", "2")
    assert "Notes:\nPause here." in first.text
    assert "speaker_notes" in first.excluded_llm_metadata_keys
    assert isinstance(picture, ImageDocument)
    assert picture.image_path is not None
    assert open_image(picture.image_path).tobytes() == noise(1, (120, 120)).tobytes()
    assert str(node_to_chunk(second).source) == "deck.pptx, slide 2"


def test_a_slide_that_is_missing_is_logged_and_the_others_are_read(
    deck: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rewritten(deck, dropped=r"slides/slide1\.xml$")
    with caplog.at_level(logging.WARNING):
        [document] = SlideReader(render="off", image_store=tmp_path).load_data(deck)
    assert document.metadata["title"] == "Questions"
    assert "slide 1" in caplog.text
