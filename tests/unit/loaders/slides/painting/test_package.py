from __future__ import annotations

import io
import re
import struct
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ragsight.errors import (
    DocumentError,
    EmptyDocumentError,
    InputError,
    PasswordRequiredError,
    SourceNotFoundError,
    UnsupportedFormatError,
)
from ragsight.loaders.slides.painting import check_package

PRESENTATION = "application/vnd.openxmlformats-officedocument.presentationml.presentation.main+xml"
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
OPENDOCUMENT = "application/vnd.oasis.opendocument."
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)


def _package(path: Path, parts: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return path


def _ooxml(path: Path, main: str = PRESENTATION, **parts: bytes) -> Path:
    types = f'<Types><Override PartName="/main.xml" ContentType="{main}"/></Types>'
    return _package(path, {"[Content_Types].xml": types.encode(), **parts})


def _opendocument(path: Path, kind: str, manifest: bytes = b"<manifest/>") -> Path:
    media = (OPENDOCUMENT + kind).encode()
    return _package(path, {"mimetype": media, "META-INF/manifest.xml": manifest})


@pytest.mark.parametrize("kind", ["presentation", "slideshow", "template"])
def test_presentations_templates_and_shows_pass(tmp_path: Path, kind: str) -> None:
    main = PRESENTATION.replace("ml.presentation.", f"ml.{kind}.")
    check_package(_ooxml(tmp_path / "deck.pptx", main))


def test_opendocument_presentations_pass_as_such(tmp_path: Path) -> None:
    check_package(_opendocument(tmp_path / "deck.odp", "presentation"), kind="odp")
    check_package(_opendocument(tmp_path / "deck.otp", "presentation-template"), kind="odp")


@pytest.mark.parametrize(
    ("main", "name"),
    [(WORD, r"a Word document \(.docx\)"), (EXCEL, r"an Excel workbook \(.xlsx\)")],
)
def test_a_renamed_document_is_called_by_its_name(tmp_path: Path, main: str, name: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=f"deck.pptx: this is {name}, no PowerPoint"):
        check_package(_ooxml(tmp_path / "deck.pptx", main))


def test_a_presentation_with_a_workbook_in_its_types_is_a_presentation(tmp_path: Path) -> None:
    check_package(
        _ooxml(tmp_path / "deck.pptx", f'{EXCEL}"/><Override ContentType="{PRESENTATION}')
    )


def test_the_other_family_of_formats_is_told_apart(tmp_path: Path) -> None:
    deck = _opendocument(tmp_path / "deck.pptx", "presentation")
    with pytest.raises(UnsupportedFormatError, match="an OpenDocument presentation"):
        check_package(deck)
    text = _opendocument(tmp_path / "deck.odp", "text")
    with pytest.raises(UnsupportedFormatError, match="an OpenDocument text"):
        check_package(text, kind="odp")
    with pytest.raises(UnsupportedFormatError, match="a PowerPoint presentation"):
        check_package(_ooxml(tmp_path / "b.odp"), kind="odp")


def test_any_other_archive_is_called_one(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormatError, match="a ZIP archive without an Office document"):
        check_package(_package(tmp_path / "deck.pptx", {"a.txt": b"a"}))


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (b"<!DOCTYPE html><p>404", "an HTML page"),
        (b"\n<html><p>404", "an HTML page"),
        (b"%PDF-1.7", "a PDF"),
        (b"\x89PNG\r\n\x1a\n", "a PNG image"),
        (b"just words", "a file of an unknown kind"),
    ],
)
def test_what_is_no_archive_is_called_by_its_name(
    tmp_path: Path, content: bytes, name: str
) -> None:
    path = tmp_path / "deck.pptx"
    path.write_bytes(content)
    for kind in ("pptx", "odp", "ppt"):
        with pytest.raises(UnsupportedFormatError, match=f"this is {name}"):
            check_package(path, kind=kind)


def test_missing_empty_and_unreadable_files_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError):
        check_package(tmp_path / "deck.pptx")
    with pytest.raises(DocumentError, match="folder"):
        check_package(tmp_path)
    (tmp_path / "empty.pptx").touch()
    with pytest.raises(EmptyDocumentError):
        check_package(tmp_path / "empty.pptx")


def test_an_encrypted_deck_asks_for_a_copy_without_a_password(tmp_path: Path) -> None:
    wrapped = tmp_path / "deck.pptx"
    wrapped.write_bytes(OLE + "EncryptedPackage".encode("utf-16-le"))
    old = tmp_path / "deck.ppt"
    stream = "PowerPoint Document".encode("utf-16-le")
    old.write_bytes(OLE + stream + struct.pack("<II", 20, 0xF3D1C4DF))
    manifest = b'<manifest:encryption-data manifest:checksum="abc"/>'
    new = _opendocument(tmp_path / "deck.odp", "presentation", manifest)
    for path, kind in ((wrapped, "pptx"), (old, "ppt"), (new, "odp")):
        with pytest.raises(PasswordRequiredError, match="Save a copy without a password"):
            check_package(path, kind=kind)  # type: ignore[arg-type]


def test_an_encrypted_archive_is_one_too(tmp_path: Path) -> None:
    data = bytearray(_ooxml(tmp_path / "deck.pptx").read_bytes())
    listed = data.index(b"PK\x01\x02")
    data[listed + 8] |= 1
    (tmp_path / "deck.pptx").write_bytes(data)
    with pytest.raises(PasswordRequiredError):
        check_package(tmp_path / "deck.pptx")


@pytest.mark.parametrize(
    ("stream", "name"),
    [
        ("PowerPoint Document", "a PowerPoint 97-2003 presentation"),
        ("WordDocument", "a Word 97-2003 document"),
        ("Workbook", "an Excel 97-2003 workbook"),
        ("Something", "an old Office file of another kind"),
    ],
)
def test_an_old_file_with_a_new_name_is_called_by_its_name(
    tmp_path: Path, stream: str, name: str
) -> None:
    path = tmp_path / "deck.pptx"
    path.write_bytes(OLE + stream.encode("utf-16-le"))
    with pytest.raises(UnsupportedFormatError, match=f"this is {name}"):
        check_package(path)


def test_old_presentations_pass_as_such(tmp_path: Path) -> None:
    path = tmp_path / "deck.ppt"
    # Embedded workbooks have a stream of their own in it.
    streams = "PowerPoint Document\0Workbook".encode("utf-16-le")
    path.write_bytes(OLE + streams + struct.pack("<II", 20, 0xE391C05F))
    check_package(path, kind="ppt")
    path.write_bytes(_ooxml(tmp_path / "deck.pptx").read_bytes())
    with pytest.raises(UnsupportedFormatError, match="newer Office document"):
        check_package(path, kind="ppt")


def _claiming(path: Path, unpacked: int, packed: int | None = None, *, times: int = 1) -> Path:
    """A deck whose list of parts claims sizes that aren't there; nothing may unpack it."""
    media = {f"ppt/media/{number}.png": b"x" * 50 for number in range(times)}
    data = bytearray(_ooxml(path, **media).read_bytes())
    at = data.index(b"PK\x01\x02") + 4
    for _ in range(times):
        at = data.index(b"PK\x01\x02", at) + 4
        sizes = struct.unpack_from("<II", data, at + 16)
        struct.pack_into("<II", data, at + 16, packed if packed is not None else sizes[0], unpacked)
    path.write_bytes(data)
    return path


def test_a_part_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    deck = _claiming(tmp_path / "deck.pptx", 200_000_001)
    with pytest.raises(DocumentError, match=r"media/0.png' has 200,000,001 bytes unpacked"):
        check_package(deck)


def test_a_part_that_grows_out_of_proportion_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="grows"):
        check_package(_claiming(tmp_path / "deck.pptx", 50_000_000, 240_000))
    check_package(_claiming(tmp_path / "b.pptx", 9_000_000, 9))


def test_parts_that_are_too_much_together_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DocumentError, match="more than 1,000,000,000 bytes"):
        check_package(_claiming(tmp_path / "deck.pptx", 150_000_000, 10_000_000, times=7))
    check_package(_claiming(tmp_path / "b.pptx", 150_000_000, 10_000_000, times=6))


def _sound_deck() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", f"<Types><a b='{PRESENTATION}'/></Types>")
        for number in range(5):
            package.writestr(f"ppt/slides/slide{number}.xml", b"<slide/>" * 100)
    return buffer.getvalue()


DECK = _sound_deck()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    length=st.integers(1, len(DECK)),
    flips=st.lists(st.tuples(st.integers(0, len(DECK) - 1), st.integers(0, 255)), max_size=8),
)
def test_a_truncated_or_flipped_deck_passes_or_gives_an_error_of_ours(
    tmp_path: Path, length: int, flips: list[tuple[int, int]]
) -> None:
    data = bytearray(DECK)
    for at, value in flips:
        data[at] = value
    path = tmp_path / "deck.pptx"
    path.write_bytes(data[:length])
    if length < len(DECK) // 2:
        # The list of parts stands at the end: a file cut short has none.
        with pytest.raises(InputError, match=re.escape(str(path))):
            check_package(path)
    else:
        with suppress(InputError):
            check_package(path)
