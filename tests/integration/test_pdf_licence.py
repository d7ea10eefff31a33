"""With PDFium chosen PyMuPDF isn't imported, whatever is done with PDFs and decks."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from decks import add_slide, new_deck, saved
from pdfs import chart, heading, save_pdf
from ragsight import LoadOptions, PdfOptions, SlideOptions
from ragsight.errors import ConfigurationError
from ragsight.loaders.pdf.backends.registry import BACKEND_VARIABLE, default_backend
from ragsight.loaders.slides.painting.soffice import find_soffice

pytest.importorskip("pypdfium2")

EVERYTHING = """
import sys
from starlette.testclient import TestClient
from ragsight import (
    ClipEncoder, GallerySection, MultimodalRetriever, MultimodalStore, PdfOptions, SlideLoader,
    ingest, write_gallery, write_inspection,
)
from ragsight.ui import create_app

pdf = PdfOptions(backend="pdfium")
with MultimodalStore.open(":memory:", encoder=ClipEncoder("ragsight-demo")) as store:
    report = ingest(["page.pdf", "deck.pptx"], store, pdf=pdf)
    assert not report.problems, report.problems
    hits = MultimodalRetriever(store).retrieve("chart of the week", k=5)
    on_page = next(hit for hit in hits if hit.chunk.source.uri.endswith("page.pdf"))
    sections = [GallerySection("chart", hits)]
    page = write_gallery("page.html", sections, store=store, pdf_backend="pdfium")
    assert "data:image/webp" in page.read_text()
    shown = create_app(store, pdf_backend="pdfium")
    answer = TestClient(shown, base_url="http://localhost").get(f"/page?id={on_page.chunk.id}")
    assert answer.status_code == 200, answer.text
slides = SlideLoader("sheets.pdf", backend="pdfium").load()
assert slides[0].kind == "slide" and slides[0].image is not None
painted = SlideLoader("deck.pptx", backend="pdfium").load()[0].image is not None
write_inspection("inspected.html", "page.pdf", pdf=pdf)
print(painted, "pymupdf" in sys.modules, "pypdfium2" in sys.modules)
"""


SHOWN = """
import sys
from ragsight import Hit, PdfLoader, SlideLoader, show

hits = [Hit(chunk, 1.0) for chunk in PdfLoader("page.pdf").load()]
assert "data:image/webp" in show(hits)._repr_html_()
assert SlideLoader("sheets.pdf").load()[0].image is not None
print("pymupdf" in sys.modules, "pypdfium2" in sys.modules)
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    save_pdf(tmp_path / "page.pdf", lambda page: chart(page, (100, 100, 400, 300)))
    save_pdf(
        tmp_path / "sheets.pdf",
        lambda page: (page.set_mediabox((0, 0, 960, 540)), heading(page, (60, 60), "Sheet")),
    )
    deck = new_deck()
    add_slide(deck, "Chart of the week")
    saved(deck, tmp_path / "deck.pptx")
    return tmp_path


def run(script: str, folder: Path, **environment: str) -> str:
    surroundings = {name: value for name, value in os.environ.items() if name != BACKEND_VARIABLE}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=folder, capture_output=True, text=True, check=False, timeout=120,
        env={**surroundings, "RAGSIGHT_HOME": str(folder / "home"), **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_pymupdf_is_not_imported_where_pdfium_is_chosen(files: Path) -> None:
    assert run(EVERYTHING, files) == f"{find_soffice() is not None} False True"


def test_what_shows_itself_goes_by_the_library_that_the_environment_names(files: Path) -> None:
    assert run(SHOWN, files, **{BACKEND_VARIABLE: "pdfium"}) == "False True"


def test_decks_are_read_by_the_library_of_the_pdfs_beside_them() -> None:
    beside = LoadOptions(pdf=PdfOptions(backend="pdfium"))
    assert beside.slide_options.pdf_backend == "pdfium"
    own = LoadOptions(pdf=PdfOptions(backend="pdfium"), slides=SlideOptions(backend="pymupdf"))
    assert own.slide_options.pdf_backend == "pymupdf"


def test_an_unknown_library_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigurationError, match="backend='poppler'"):
        SlideOptions(backend="poppler")  # type: ignore[arg-type]
    monkeypatch.setenv(BACKEND_VARIABLE, "poppler")
    with pytest.raises(ConfigurationError, match="RAGSIGHT_PDF_BACKEND=poppler"):
        default_backend()
