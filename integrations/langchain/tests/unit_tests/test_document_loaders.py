from __future__ import annotations

import json
from pathlib import Path

import pytest
from langchain_core.documents import Document
from langchain_core.documents.base import Blob
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

import ragsight
from decks import add_picture, add_slide, box, new_deck, saved
from drawings import cut_jpeg, noise
from langchain_ragsight import (
    CatalogLoader,
    CatalogParser,
    ChunkLoader,
    ImageLoader,
    PdfLoader,
    SlideLoader,
    document_to_chunk,
)
from ragsight import (
    ChunkingOptions,
    ClipEncoder,
    MultimodalStore,
    PdfOptions,
    RagsightError,
    open_image,
)
from ragsight.errors import ConfigurationError, ImageError, SourceNotFoundError


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    noise(0).save(folder / "red-shoe.png")
    (folder / "red-shoe.txt").write_text("A red shoe")
    noise(1).save(folder / "mug.png")
    return folder


def test_an_image_folder_gives_documents_that_lead_to_the_files(photos: Path) -> None:
    mug, shoe = ImageLoader(photos).load()

    assert (mug.page_content, shoe.page_content) == ("", "A red shoe")
    assert shoe.metadata["source"] == str(photos / "red-shoe.png")
    assert shoe.metadata["name"] == "red shoe"
    image = document_to_chunk(shoe).image
    assert image is not None
    assert image.uri == str(photos / "red-shoe.png")
    assert open_image(image).size == (48, 40)


async def test_documents_are_loaded_without_blocking_too(photos: Path) -> None:
    loader = ImageLoader(photos)

    assert [document async for document in loader.alazy_load()] == loader.load()


def test_a_catalogue_gives_its_facts_as_metadata(photos: Path) -> None:
    table = photos / "shop.csv"
    table.write_text("name,price,source,image\nRed shoe,39.9,Leeds,red-shoe.png\n")

    (document,) = CatalogLoader(table).load()

    assert document.metadata["price"] == 39.9
    assert document.metadata["source"] == "Leeds"
    assert document_to_chunk(document) == ragsight.CatalogLoader(table).load()[0]
    json.dumps(document.metadata)


def test_a_catalogue_s_pictures_lie_below_it_unless_their_folder_is_named(photos: Path) -> None:
    table = photos / "tables" / "shop.csv"
    table.parent.mkdir()
    table.write_text("name,image\nRed shoe,../red-shoe.png\n")
    blob = Blob.from_path(table)
    problems: list[RagsightError] = []

    CatalogLoader(table, on_error=problems.append).load()
    CatalogParser(on_error=problems.append).parse(blob)
    (loaded,) = CatalogLoader(table, image_root=photos).load()
    (parsed,) = CatalogParser(image_root=photos).parse(blob)

    assert ["image_root" in str(problem) for problem in problems] == [True, True]
    assert document_to_chunk(loaded).image is not None
    assert document_to_chunk(parsed) == document_to_chunk(loaded)


def test_a_bad_image_is_reported_and_the_rest_is_loaded(photos: Path) -> None:
    (photos / "empty.png").write_bytes(b"")
    problems: list[RagsightError] = []

    documents = ImageLoader(photos, on_error=problems.append).load()

    assert len(documents) == 2
    assert [type(problem) for problem in problems] == [ImageError]
    assert "empty.png" in str(problems[0])


def test_any_loader_of_ragsight_is_taken(tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("# Pumps\n\nOil them.\n")

    (document,) = ChunkLoader(ragsight.TextLoader(notes)).load()

    assert isinstance(document, Document)
    assert document.metadata["source"] == str(notes)
    assert document.metadata["ragsight"]["source"]["section"] == ["Pumps"]


def test_a_missing_file_is_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError):
        ImageLoader(tmp_path / "absent")


def test_a_cut_image_still_gives_its_document(tmp_path: Path) -> None:
    (tmp_path / "cut.jpg").write_bytes(cut_jpeg())

    (document,) = ImageLoader(tmp_path / "cut.jpg").load()

    assert document.metadata["name"] == "cut"


@pytest.fixture
def manual(tmp_path: Path) -> Path:
    path = tmp_path / "manual.pdf"
    canvas = Canvas(str(path), pagesize=(400, 500))
    canvas.drawString(40, 450, "The valve opens at 3 bar and closes at 2 bar.")
    canvas.drawImage(ImageReader(noise(0, (240, 200))), 80, 180, 240, 200)
    canvas.drawString(80, 165, "Figure 1: The valve, seen from above.")
    canvas.save()
    return path


def test_a_pdf_gives_passages_and_figures_with_their_images(manual: Path, tmp_path: Path) -> None:
    documents = PdfLoader(manual, image_store=tmp_path / "kept").load()

    assert any("opens at 3 bar" in document.page_content for document in documents)
    assert {document.metadata["page"] for document in documents} == {1}
    (figure,) = [d for d in documents if d.metadata["ragsight"]["kind"] == "figure"]
    assert "seen from above" in figure.page_content
    image = document_to_chunk(figure).image
    assert image is not None
    assert Path(image.uri).is_relative_to(tmp_path / "kept")
    assert min(open_image(image).size) > 50


def test_a_pdfs_figures_are_kept_in_the_default_folder_unless_told_otherwise(
    manual: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAGSIGHT_HOME", str(tmp_path / "home"))

    figures = [d for d in PdfLoader(manual).load() if d.metadata["ragsight"]["image"]]

    assert figures
    for figure in figures:
        kept = Path(figure.metadata["ragsight"]["image"]["uri"])
        assert kept.is_relative_to(tmp_path / "home" / "blobs")
        assert kept.is_file()


def test_a_pdfs_documents_and_the_stores_own_chunks_are_the_same(
    manual: Path, tmp_path: Path, encoder: ClipEncoder
) -> None:
    with MultimodalStore.open(":memory:", encoder=encoder) as store:
        documents = PdfLoader(manual, image_store=tmp_path).load()
        store.upsert(map(document_to_chunk, documents))
        ids = [document.id for document in documents if document.id is not None]
        kept = store.get(ids)

    assert [chunk.id for chunk in kept] == [chunk.id for chunk in ragsight.PdfLoader(manual).load()]


def test_figures_can_be_left_out(manual: Path) -> None:
    kinds = {d.metadata["ragsight"]["kind"] for d in PdfLoader(manual, figures=False).load()}

    assert "figure" not in kinds


def test_every_setting_of_the_core_is_passed_on(manual: Path) -> None:
    options = PdfOptions(chunking=ChunkingOptions(size=40, overlap=0), figures=False)
    documents = PdfLoader(manual, options=options, page_images="all", figures=True).load()
    kinds = [document.metadata["ragsight"]["kind"] for document in documents]
    assert "page" in kinds
    assert all(
        len(document.page_content) <= 40
        for document, kind in zip(documents, kinds, strict=True)
        if kind == "text"
    )
    with pytest.raises(ConfigurationError, match="page_images"):
        PdfLoader(manual, page_images="some")  # type: ignore[arg-type]


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    made = new_deck()
    slide = add_slide(made, "Pricing")
    slide.notes_slide.notes_text_frame.text = "Pause here."
    add_picture(slide, 1, box(60, 150, 300, 300), alt="A coin")
    add_slide(made, "Questions")
    return saved(made, tmp_path / "deck.pptx")


def test_a_deck_gives_slides_with_words_notes_and_pictures(deck: Path, tmp_path: Path) -> None:
    documents = SlideLoader(deck, render="off", image_store=tmp_path / "kept").load()

    assert [(d.metadata["page"], d.metadata["ragsight"]["kind"]) for d in documents] == [
        (1, "slide"), (1, "figure"), (2, "slide")
    ]  # fmt: skip
    assert documents[0].page_content == "Pricing\n\nPicture: A coin\n\nNotes:\nPause here."
    assert documents[0].metadata["title"] == "Pricing"
    image = document_to_chunk(documents[1]).image
    assert image is not None
    assert open_image(image).tobytes() == noise(1, (120, 120)).tobytes()
    assert str(document_to_chunk(documents[2]).source) == "deck.pptx, slide 2"


def test_options_of_the_slide_loader_hold(deck: Path, tmp_path: Path) -> None:
    loader = SlideLoader(
        deck.read_bytes(), render="off", notes=False, figures=False, slides=[1],
        image_store=tmp_path,
    )  # fmt: skip

    (document,) = loader.load()
    assert document.page_content == "Pricing\n\nPicture: A coin"
    assert document.metadata["source"] == loader.loader.uri
