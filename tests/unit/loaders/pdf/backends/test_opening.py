from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from pdfs import PAGE, for_each_backend, mupdf, paragraph, photo, png, save_pdf
from ragsight.errors import (
    ConfigurationError,
    DocumentError,
    EmptyDocumentError,
    PasswordRequiredError,
    RagsightError,
    SourceNotFoundError,
    WrongPasswordError,
)
from ragsight.loaders.pdf import PdfLoader, PdfOptions

backend = for_each_backend(globals())


def _one_page(path: Path) -> Path:
    return save_pdf(path, lambda page: paragraph(page, (60, 60, 530, 400)))


def _encrypted(path: Path) -> Path:
    return save_pdf(
        path,
        lambda page: paragraph(page, (60, 60, 530, 400)),
        encryption=mupdf.PDF_ENCRYPT_AES_256,
        user_pw="sesame",
        owner_pw="owner",
    )


def test_a_missing_file_is_reported_at_once(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match=r"nowhere\.pdf"):
        PdfLoader(tmp_path / "nowhere.pdf")


def test_a_folder_is_no_document(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="folder"):
        PdfLoader(tmp_path).load()


def test_an_empty_file_is_called_empty() -> None:
    with pytest.raises(EmptyDocumentError, match="0 bytes"):
        PdfLoader(b"").load()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"<!DOCTYPE html><html><body>404</body></html>", "HTML"),
        (b"\n<html><body>404</body></html>", "HTML"),
        (png(photo()), "PNG"),
        (b"just words\n" * 300, "%PDF-"),
        (bytes(range(256)) * 20, "%PDF-"),
    ],
    ids=["html", "html-without-doctype", "png", "text", "bytes"],
)
def test_what_is_no_pdf_is_refused_by_its_content(tmp_path: Path, data: bytes, kind: str) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(data)
    with pytest.raises(DocumentError, match=kind):
        PdfLoader(path).load()


def test_a_zip_archive_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "archive.pdf"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "words")
    with pytest.raises(DocumentError, match="ZIP"):
        PdfLoader(path).load()


def test_a_mark_without_a_document_behind_it_is_reported() -> None:
    with pytest.raises(DocumentError):
        PdfLoader(b"%PDF-1.7\n" + b"\x00garbage" * 400).load()


@pytest.mark.parametrize("share", [0.05, 0.2])
def test_a_file_cut_short_is_reported(tmp_path: Path, share: float) -> None:
    data = _one_page(tmp_path / "whole.pdf").read_bytes()
    with pytest.raises(DocumentError):
        PdfLoader(data[: int(len(data) * share)]).load()


def test_a_document_without_pages_is_reported(backend: str) -> None:
    data = (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )
    # PDFium can't tell it from a damaged one.
    kind = EmptyDocumentError if backend == "pymupdf" else DocumentError
    with pytest.raises(kind, match="no pages"):
        PdfLoader(data).load()


def test_a_file_without_its_index_is_repaired_and_says_so(tmp_path: Path) -> None:
    data = _one_page(tmp_path / "whole.pdf").read_bytes()
    start = data.rindex(b"startxref")
    chunks = PdfLoader(data[:start] + b"startxref\n99\n%%EOF").load()
    assert "The pump lifts water" in chunks[0].text
    assert "repaired" in chunks[0].metadata["warnings"][0]


def test_an_encrypted_file_asks_for_its_password(tmp_path: Path) -> None:
    with pytest.raises(PasswordRequiredError, match="password="):
        PdfLoader(_encrypted(tmp_path / "secret.pdf")).load()


def test_a_wrong_password_is_told_from_a_missing_one(tmp_path: Path) -> None:
    with pytest.raises(WrongPasswordError):
        PdfLoader(_encrypted(tmp_path / "secret.pdf"), password="guess").load()


def test_the_right_password_opens_the_file(tmp_path: Path) -> None:
    chunks = PdfLoader(_encrypted(tmp_path / "secret.pdf"), password="sesame").load()
    assert "The pump lifts water" in chunks[0].text


def test_nothing_is_printed_about_damaged_files(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    data = _one_page(tmp_path / "whole.pdf").read_bytes()
    for broken in (data[: len(data) // 10], b"%PDF-1.7\n" + b"junk" * 500):
        with pytest.raises(DocumentError):
            PdfLoader(broken).load()
    assert capfd.readouterr() == ("", "")


def _with_a_page_too_many() -> bytes:
    document = mupdf.open()
    for _ in range(2):
        paragraph(document.new_page(width=PAGE[0], height=PAGE[1]), (60, 160, 530, 400))
    root = int(document.xref_get_key(document.pdf_catalog(), "Pages")[1].split()[0])
    document.xref_set_key(root, "Count", "3")
    return bytes(document.tobytes())


def test_a_page_that_cannot_be_read_is_reported_and_the_others_are_loaded() -> None:
    problems: list[RagsightError] = []
    chunks = PdfLoader(_with_a_page_too_many(), on_error=problems.append).load()
    assert [str(problem).count("page 3 can't be read") for problem in problems] == [1]
    assert {chunk.source.page for chunk in chunks} == {1, 2}


def test_an_unreadable_page_stops_a_loader_without_a_handler() -> None:
    with pytest.raises(DocumentError, match="page 3"):
        PdfLoader(_with_a_page_too_many()).load()


def test_blank_pages_are_reported_as_nothing_to_load(tmp_path: Path) -> None:
    path = save_pdf(tmp_path / "blank.pdf", lambda _page: None, pages=2)
    with pytest.raises(EmptyDocumentError, match="nothing on the pages"):
        PdfLoader(path).load()


def test_the_fingerprint_follows_the_bytes_and_the_options(tmp_path: Path) -> None:
    path = _one_page(tmp_path / "a.pdf")
    same = PdfLoader(path).fingerprint()
    assert PdfLoader(path).fingerprint() == same
    assert PdfLoader(path, password="unused").fingerprint() == same
    assert PdfLoader(path.read_bytes()).fingerprint() == same
    assert PdfLoader(path, pages=[1]).fingerprint() != same
    assert PdfLoader(path, figures=False).fingerprint() != same
    assert PdfLoader(path, options=PdfOptions(image_side=800)).fingerprint() != same
    path.write_bytes(path.read_bytes() + b"\n")
    assert PdfLoader(path).fingerprint() != same


def test_bytes_are_named_by_their_digest(tmp_path: Path) -> None:
    data = _one_page(tmp_path / "a.pdf").read_bytes()
    loader = PdfLoader(data)
    assert loader.uri.startswith("bytes:")
    assert loader.load()[0].source.uri == loader.uri


def test_only_the_pages_asked_for_are_loaded(tmp_path: Path) -> None:
    path = save_pdf(tmp_path / "a.pdf", lambda page: paragraph(page, (60, 60, 530, 400)), pages=4)
    chunks = PdfLoader(path, pages=[3, 2, 99]).load()
    assert [chunk.source.page for chunk in chunks] == [2, 3]


def test_page_numbers_start_at_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="start at 1"):
        PdfLoader(_one_page(tmp_path / "a.pdf"), pages=[0])


def test_the_same_file_gives_the_same_ids(tmp_path: Path) -> None:
    path = _one_page(tmp_path / "a.pdf")
    assert [c.id for c in PdfLoader(path).load()] == [c.id for c in PdfLoader(path).load()]
