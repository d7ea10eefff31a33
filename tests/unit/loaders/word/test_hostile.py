from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest

from documents import NAMES, TYPES, paragraph, table, word_file
from ragsight import load
from ragsight.errors import (
    DocumentError,
    EmptyDocumentError,
    PasswordRequiredError,
    RagsightError,
    UnsupportedFormatError,
)
from ragsight.loaders import WordLoader

BOMB = (
    "<!DOCTYPE w [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10 if n else '&a;'}'>" for n in range(9))
    + f"]><w:document {NAMES}><w:body><w:p><w:r><w:t>&a8;</w:t></w:r></w:p></w:body></w:document>"
)
OUTSIDE = (
    "<!DOCTYPE w [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>"
    f"<w:document {NAMES}><w:body><w:p><w:r><w:t>&x;</w:t></w:r></w:p></w:body></w:document>"
)


@pytest.mark.parametrize("document", [BOMB, OUTSIDE, "<w:document", "", "\0" * 99])
def test_hostile_and_broken_xml_is_refused(tmp_path: Path, document: str) -> None:
    path = word_file(tmp_path / "a.docx", "", parts={"word/document.xml": document})
    with pytest.raises(DocumentError, match=r"a\.docx"):
        WordLoader(path).load()


def test_other_files_under_this_suffix_are_named_for_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.docx"
    for content, error in (
        (b"", EmptyDocumentError),
        (b"<html>404</html>", UnsupportedFormatError),
        (b"PK\x03\x04 broken", DocumentError),
    ):
        path.write_bytes(content)
        with pytest.raises(error, match=r"a\.docx"):
            WordLoader(path).load()
    sheet = TYPES.replace("wordprocessingml.document", "spreadsheetml.sheet")
    with pytest.raises(UnsupportedFormatError, match="Excel"):
        WordLoader(word_file(path, "", types=sheet)).load()
    mark = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    path.write_bytes(mark + bytes(600) + "EncryptedPackage".encode("utf-16-le") + bytes(600))
    with pytest.raises(PasswordRequiredError):
        WordLoader(path).load()


def test_a_part_that_grows_without_bounds_is_refused_unpacked(tmp_path: Path) -> None:
    path = word_file(tmp_path / "a.docx", paragraph("x"))
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/media/bomb.png", bytes(60_000_000))
    with pytest.raises(DocumentError, match="bomb"):
        WordLoader(path).load()


def test_nesting_and_claims_without_end_stay_small(tmp_path: Path) -> None:
    started = time.perf_counter()
    deep = paragraph("core")
    for _ in range(70):
        deep = f"<w:tbl><w:tr><w:tc>{deep}</w:tc></w:tr></w:tbl>"
    wide = (
        "<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val='999999999'/></w:tcPr>"
        f"{paragraph('a')}</w:tc><w:tc>{paragraph('b')}</w:tc></w:tr></w:tbl>"
    )
    body = paragraph("Words") + deep + wide + table(*[f"{n} | x" for n in range(3_000)])
    problems: list[RagsightError] = []
    path = word_file(tmp_path / "a.docx", body)
    chunks = WordLoader(path, on_error=problems.append).load()
    assert chunks[0].text == "Words"
    assert "2999" in chunks[-1].text
    assert "nested" in str(problems[0])
    assert time.perf_counter() - started < 20


def test_a_broken_document_costs_itself_among_others(tmp_path: Path) -> None:
    word_file(tmp_path / "a.docx", paragraph("Good"))
    (tmp_path / "b.docx").write_bytes((tmp_path / "a.docx").read_bytes()[:300])
    word_file(tmp_path / "c.docm", paragraph("Good too"))
    problems: list[RagsightError] = []
    assert [c.text for c in load(tmp_path, on_error=problems.append)] == ["Good", "Good too"]
    assert "b.docx" in str(problems[0])
