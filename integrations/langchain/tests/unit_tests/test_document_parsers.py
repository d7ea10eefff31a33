from __future__ import annotations

import io
from pathlib import Path

import pytest
from langchain_core.documents.base import Blob
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from decks import add_slide, new_deck, saved
from drawings import noise
from langchain_ragsight import (
    CatalogLoader,
    CatalogParser,
    ImageLoader,
    ImageParser,
    PdfLoader,
    PdfParser,
    SlideLoader,
    SlideParser,
    document_to_chunk,
)
from ragsight import PdfOptions, open_image
from ragsight.errors import ConfigurationError, InputError, SourceNotFoundError


@pytest.fixture
def manual(tmp_path: Path) -> Path:
    path = tmp_path / "manual.pdf"
    canvas = Canvas(str(path), pagesize=(400, 500))
    canvas.drawString(40, 450, "The valve opens at 3 bar and closes at 2 bar.")
    canvas.drawImage(ImageReader(noise(0, (240, 200))), 80, 180, 240, 200)
    canvas.drawString(80, 165, "Figure 1: The valve, seen from above.")
    canvas.save()
    return path


def test_files_are_parsed_as_the_loaders_load_them(manual: Path, tmp_path: Path) -> None:
    noise(1).save(tmp_path / "shoe.png")
    (tmp_path / "shoe.txt").write_text("A red shoe")
    (tmp_path / "shop.csv").write_text("name,price,image\nRed shoe,39.9,shoe.png\n")
    kept = tmp_path / "kept"

    assert PdfParser(image_store=kept).parse(Blob.from_path(manual)) == (
        PdfLoader(manual, image_store=kept).load()
    )
    for name, parser, loader in (
        ("shoe.png", ImageParser(), ImageLoader(tmp_path / "shoe.png")),
        ("shop.csv", CatalogParser(), CatalogLoader(tmp_path / "shop.csv")),
    ):
        assert parser.parse(Blob.from_path(tmp_path / name)) == loader.load()


def test_the_options_of_the_pdf_loader_hold(manual: Path) -> None:
    documents = PdfParser(figures=False, pages=[1]).parse(Blob.from_path(manual))

    assert {document.metadata["ragsight"]["kind"] for document in documents} == {"text"}
    assert PdfParser(pages=[2]).parse(Blob.from_path(manual)) == []


def test_a_pdf_in_memory_names_where_it_came_from(manual: Path, tmp_path: Path) -> None:
    blob = Blob.from_data(
        manual.read_bytes(), metadata={"source": "https://example.com/manual.pdf", "team": "a"}
    )

    documents = PdfParser(image_store=tmp_path / "kept").parse(blob)

    assert {d.metadata["source"] for d in documents} == {"https://example.com/manual.pdf"}
    assert {d.metadata["team"] for d in documents} == {"a"}
    assert {d.metadata["page"] for d in documents} == {1}
    (figure,) = [d for d in documents if d.metadata["ragsight"]["kind"] == "figure"]
    assert document_to_chunk(figure).metadata["source"] == "https://example.com/manual.pdf"


def test_an_image_in_memory_is_kept(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    noise(1).save(buffer, format="PNG")
    blob = Blob.from_data(buffer.getvalue(), path="https://example.com/a.png")

    (document,) = ImageParser(image_store=tmp_path).parse(blob)

    assert document.metadata["source"] == "https://example.com/a.png"
    image = document_to_chunk(document).image
    assert image is not None
    assert Path(image.uri).is_relative_to(tmp_path)
    assert open_image(image).tobytes() == noise(1).tobytes()


def test_captions_may_be_made(tmp_path: Path) -> None:
    noise(1).save(tmp_path / "shoe.png")
    parser = ImageParser(caption=lambda path: f"It is {path.stem}.")

    assert parser.parse(Blob.from_path(tmp_path / "shoe.png"))[0].page_content == "It is shoe."


def test_a_catalogue_in_memory_is_refused_with_the_way_out() -> None:
    with pytest.raises(InputError, match="from_path"):
        CatalogParser().parse(Blob.from_data("name,price\nShoe,3\n"))


def test_a_missing_file_is_reported(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError):
        PdfParser().parse(Blob.from_path(tmp_path / "absent.pdf"))


def test_settings_of_the_pdf_parser_are_those_of_the_loader(manual: Path, tmp_path: Path) -> None:
    settings = {"page_images": "all", "options": PdfOptions(image_side=200)}
    parsed = PdfParser(image_store=tmp_path / "kept", **settings).parse(Blob.from_path(manual))
    assert parsed == PdfLoader(manual, image_store=tmp_path / "kept", **settings).load()
    assert "page" in {document.metadata["ragsight"]["kind"] for document in parsed}
    with pytest.raises(ConfigurationError, match="image_side"):
        PdfParser(image_side=0)


def test_a_deck_is_parsed_as_it_is_loaded_and_in_memory_too(tmp_path: Path) -> None:
    made = new_deck()
    add_slide(made, "Pricing")
    path = saved(made, tmp_path / "deck.pptx")
    parser = SlideParser(render="off", image_store=tmp_path)

    loaded = SlideLoader(path, render="off", image_store=tmp_path).load()
    assert parser.parse(Blob.from_path(path)) == loaded
    blob = Blob.from_data(path.read_bytes(), metadata={"source": "https://example.com/deck.pptx"})
    (document,) = parser.parse(blob)
    assert document.page_content == "Pricing"
    assert document.metadata["source"] == "https://example.com/deck.pptx"
