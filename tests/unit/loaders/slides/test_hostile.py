from __future__ import annotations

import io
import re
import socket
import struct
import threading
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pptx.enum.chart import XL_CHART_TYPE

from decks import (
    OFFICE,
    TITLE_AND_CONTENT,
    add_chart,
    add_picture,
    add_slide,
    box,
    category_data,
    loaded,
    merged_table,
    new_deck,
    rewritten,
    saved,
    three_slides,
    titles,
)
from ragsight import RagsightError, SlideLoader
from ragsight.errors import (
    DocumentError,
    EmptyDocumentError,
    PasswordRequiredError,
    SourceNotFoundError,
    UnsupportedFormatError,
)


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    return three_slides(tmp_path / "deck.pptx")


def test_what_is_no_deck_is_named(tmp_path: Path) -> None:
    path = tmp_path / "deck.pptx"
    with pytest.raises(SourceNotFoundError):
        SlideLoader(path)
    path.write_bytes(b"")
    with pytest.raises(EmptyDocumentError, match="0 bytes"):
        SlideLoader(path).load()
    path.write_text("<html>Not found</html>")
    with pytest.raises(UnsupportedFormatError, match="an HTML page"):
        SlideLoader(path).load()
    with pytest.raises(DocumentError, match="folder"):
        SlideLoader(tmp_path).load()


def test_a_cut_archive_is_one_clear_error(deck: Path) -> None:
    deck.write_bytes(deck.read_bytes()[:-400])

    with pytest.raises(DocumentError, match=r"deck\.pptx"):
        SlideLoader(deck, render="off").load()


def test_a_renamed_document_is_named(tmp_path: Path) -> None:
    path = tmp_path / "report.pptx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(
            "[Content_Types].xml",
            '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
            '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
            'officedocument.wordprocessingml.document.main+xml"/></Types>',
        )
        archive.writestr(
            "_rels/.rels",
            '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            f'<Relationship Id="rId1" Type="{OFFICE}/officeDocument" Target="word/document.xml"/>'
            "</Relationships>",
        )
        archive.writestr(
            "word/document.xml",
            '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"/>',
        )

    with pytest.raises(UnsupportedFormatError, match="Word"):
        SlideLoader(path, render="off").load()


def test_a_deck_with_a_password_says_so(tmp_path: Path) -> None:
    path = tmp_path / "secret.pptx"
    directory = "EncryptedPackage".encode("utf-16-le").ljust(128, b"\0")
    path.write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 1016 + directory)

    with pytest.raises(PasswordRequiredError, match="password"):
        SlideLoader(path).load()


BOMB = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>'


def test_entities_are_refused_in_a_slide_and_the_other_slides_are_loaded(deck: Path) -> None:
    def laughing(data: bytes) -> bytes:
        start = data.index(b"<p:sld")
        return data[:start] + BOMB + data[start:].replace(b"Two", b"&c;")

    rewritten(deck, changed={"ppt/slides/slide2.xml": laughing})

    chunks, problems = loaded(deck)

    assert titles(chunks) == ["One", "Three"]
    (problem,) = problems
    assert "slide 2" in problem
    assert "document type" in problem


def test_external_entities_are_not_read(deck: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")

    def reading(data: bytes) -> bytes:
        start = data.index(b"<p:sld")
        kind = f'<!DOCTYPE x [<!ENTITY e SYSTEM "{secret.as_uri()}">]>'.encode()
        return data[:start] + kind + data[start:].replace(b"One", b"&e;")

    rewritten(deck, changed={"ppt/slides/slide1.xml": reading})

    chunks, problems = loaded(deck)

    assert titles(chunks) == ["Two", "Three"]
    assert len(problems) == 1
    assert not any("the secret" in chunk.text for chunk in chunks)


def test_entities_in_the_list_of_slides_are_one_clear_error(deck: Path) -> None:
    def laughing(data: bytes) -> bytes:
        start = data.index(b"<p:presentation")
        return data[:start] + BOMB + data[start:]

    rewritten(deck, changed={"ppt/presentation.xml": laughing})

    with pytest.raises(DocumentError, match="document type"):
        SlideLoader(deck, render="off").load()


@pytest.mark.parametrize(
    ("dropped", "left", "word"),
    [
        (r"slides/slide2\.xml$", ["One", "Three"], "slide 2: ppt/slides/slide2.xml is missing"),
        (r"charts/chart", ["One", "Two", "Three"], "slide 3: a chart can't be read"),
    ],
)
def test_a_missing_part_costs_what_it_describes(
    deck: Path, dropped: str, left: list[str], word: str
) -> None:
    chunks, problems = loaded(rewritten(deck, dropped=dropped))

    assert titles(chunks) == left
    (problem,) = problems
    assert word in problem


def test_missing_layouts_cost_nothing(deck: Path) -> None:
    chunks, problems = loaded(rewritten(deck, dropped="slideLayouts/|slideMasters/"))

    assert titles(chunks) == ["One", "Two", "Three"]
    assert problems == []


def test_a_slide_whose_bytes_are_damaged_costs_itself_only(deck: Path) -> None:
    data = bytearray(deck.read_bytes())
    with zipfile.ZipFile(deck) as archive:
        start = archive.getinfo("ppt/slides/slide2.xml").header_offset
    data[start + 120] ^= 0xFF
    deck.write_bytes(data)

    chunks, problems = loaded(deck)

    assert titles(chunks) == ["One", "Three"]
    assert len(problems) == 1
    assert "slide 2" in problems[0]


def _png_head(side: int) -> bytes:
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    body = zlib.compress(b"\0" * 1000)
    return b"".join(
        (
            b"\x89PNG\r\n\x1a\n",
            struct.pack(">I", len(head)), chunk, struct.pack(">I", zlib.crc32(chunk)),
            struct.pack(">I", len(body)), b"IDAT", body,
            struct.pack(">I", zlib.crc32(b"IDAT" + body)),
        )
    )  # fmt: skip


def test_a_picture_of_a_gigabyte_is_not_opened(deck: Path) -> None:
    rewritten(deck, changed={"ppt/media/image1.png": lambda _: _png_head(20_000)})

    chunks, problems = loaded(deck)

    assert titles(chunks) == ["One", "Two", "Three"]
    assert not any(c.source.page == 2 for c in chunks if c.kind == "figure")
    (problem,) = problems
    assert "20000x20000" in problem or "too large" in problem


def test_a_damaged_picture_is_reported_and_its_slide_kept(deck: Path) -> None:
    rewritten(deck, changed={"ppt/media/image1.png": lambda _: b"no picture"})

    chunks, problems = loaded(deck)

    assert titles(chunks) == ["One", "Two", "Three"]
    (problem,) = problems
    assert "image1.png: this is not an image" in problem


@pytest.fixture
def listener() -> Iterator[tuple[int, list[bytes]]]:
    """A server that keeps what it is asked."""
    asked: list[bytes] = []
    server = socket.create_server(("127.0.0.1", 0))
    server.settimeout(0.05)
    stop = threading.Event()

    def listen() -> None:
        while not stop.is_set():
            try:
                connection, _ = server.accept()
            except TimeoutError:
                continue
            asked.append(connection.recv(1000))
            connection.close()

    thread = threading.Thread(target=listen)
    thread.start()
    yield server.getsockname()[1], asked
    stop.set()
    thread.join()
    server.close()


def _link(path: Path, target: str) -> None:
    """Turn the picture on the second slide into a link."""

    def linked(data: bytes) -> bytes:
        outside = f'Target="{target}" TargetMode="External"'.encode()
        return data.replace(b'Target="../media/image1.png"', outside)

    rewritten(
        path,
        changed={
            "ppt/slides/_rels/slide2.xml.rels": linked,
            "ppt/slides/slide2.xml": lambda data: data.replace(b"r:embed=", b"r:link="),
        },
    )


def test_a_linked_picture_elsewhere_is_a_warning_and_no_request(
    deck: Path, listener: tuple[int, list[bytes]]
) -> None:
    port, asked = listener
    _link(deck, f"http://127.0.0.1:{port}/beacon.png?token=secret")

    chunks, problems = loaded(deck)

    assert titles(chunks) == ["One", "Two", "Three"]
    assert problems == []
    (warning,) = chunks[1].metadata["warnings"]
    assert f"127.0.0.1:{port}/beacon.png" in warning
    assert "secret" not in warning
    assert asked == []


def test_a_linked_file_that_is_not_there_is_a_warning(deck: Path) -> None:
    _link(deck, "file:///nowhere/at/all.png")

    chunks, problems = loaded(deck)

    assert problems == []
    assert "nowhere/at/all.png" in chunks[1].metadata["warnings"][0]


NESTING = {
    "groups": (b"<p:grpSp>", b"</p:grpSp>"),
    "alternatives": (
        b'<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/'
        b'2006"><mc:Choice>',
        b"</mc:Choice></mc:AlternateContent>",
    ),
}


@pytest.mark.parametrize("kind", NESTING)
@pytest.mark.parametrize("inside", [b"</p:spTree>", b"</a:p>"])
def test_nesting_without_end_costs_its_slide_only(deck: Path, kind: str, inside: bytes) -> None:
    start, end = NESTING[kind]

    def nested(data: bytes) -> bytes:
        return data.replace(inside, start * 20_000 + end * 20_000 + inside)

    rewritten(deck, changed={"ppt/slides/slide1.xml": nested})

    chunks, _ = loaded(deck)

    assert titles(chunks)[-2:] == ["Two", "Three"]


def test_a_zip_bomb_is_refused_before_anything_is_unpacked(
    deck: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rewritten(deck, added={"ppt/media/bomb.xml": b"0" * 60_000_000})
    monkeypatch.setattr("ragsight.loaders.slides.loader.Package.open", None)

    with pytest.raises(DocumentError, match=r"bomb\.xml.*grows"):
        SlideLoader(deck, render="off").load()


def test_numbers_that_are_none_do_no_harm(deck: Path) -> None:
    def odd(data: bytes) -> bytes:
        return data.replace(b'x="', b'x="1e9 or so').replace(b'cx="', b'cx="-')

    rewritten(deck, changed=dict.fromkeys(("ppt/slides/slide2.xml", "ppt/presentation.xml"), odd))

    chunks, _ = loaded(deck)

    assert titles(chunks) == ["One", "Two", "Three"]


@pytest.fixture(scope="module")
def rich(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A deck with something of everything, stored so that damage reaches the XML."""
    made = new_deck()
    slide = add_slide(made, "Pricing", TITLE_AND_CONTENT)
    slide.placeholders[1].text_frame.text = "Three plans"
    slide.notes_slide.notes_text_frame.text = "Pause here."
    merged_table(add_slide(made, "Plans"))
    add_picture(add_slide(made, "Photo"), 1, box(60, 150, 300, 300), alt="A pump")
    add_chart(add_slide(made, "Sales"), XL_CHART_TYPE.PIE, category_data())
    path = saved(made, tmp_path_factory.mktemp("rich") / "deck.pptx")
    kept = io.BytesIO()
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(kept, "w", zipfile.ZIP_STORED) as new:
        for name in old.namelist():
            if not name.startswith(("docProps/thumbnail", "ppt/embeddings", "ppt/printerSettings")):
                new.writestr(name, old.read(name))
    return kept.getvalue()


def _survives(data: bytes) -> None:
    """Only our own errors come out."""
    problems: list[RagsightError] = []
    with suppress(RagsightError):
        SlideLoader(data, render="off", on_error=problems.append).load()


MANY = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@MANY
@given(flips=st.lists(st.tuples(st.floats(0, 1), st.integers(1, 255)), min_size=1, max_size=30))
def test_flipped_bytes_give_only_our_own_errors(
    rich: bytes, flips: list[tuple[float, int]]
) -> None:
    data = bytearray(rich)
    for place, mask in flips:
        data[int(place * (len(data) - 1))] ^= mask
    _survives(bytes(data))


@MANY
@given(share=st.floats(0, 1))
def test_files_cut_anywhere_give_only_our_own_errors(rich: bytes, share: float) -> None:
    _survives(rich[: int(share * len(rich))])


PARTS = st.sampled_from(
    ["ppt/presentation.xml", *(f"ppt/slides/slide{n}.xml" for n in (1, 2, 3, 4)), "chart"]
)


@MANY
@given(part=PARTS, place=st.floats(0, 1), length=st.integers(1, 60), put=st.binary(max_size=8))
def test_xml_changed_anywhere_gives_only_our_own_errors(
    rich: bytes, part: str, place: float, length: int, put: bytes
) -> None:
    changed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(rich)) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            data = old.read(name)
            if name == part or (part == "chart" and name.startswith("ppt/charts/chart")):
                at = int(place * len(data))
                data = data[:at] + put + data[at + length :]
            new.writestr(name, data)
    _survives(changed.getvalue())


def test_attributes_and_elements_that_are_missing_do_no_harm(rich: bytes) -> None:
    for pattern in (rb' idx="\d+"', rb' r:id="[^"]+"', rb"<a:off[^>]*>", rb' name="[^"]*"',
                    rb"<p:nvPr>.*?</p:nvPr>", rb' val="[^"]*"', rb"<a:tblGrid>.*?</a:tblGrid>",
                    rb"<c:cat>.*?</c:cat>", rb"<a:ext [^>]*>", rb' r:embed="[^"]+"'):  # fmt: skip
        changed = io.BytesIO()
        with zipfile.ZipFile(io.BytesIO(rich)) as old, zipfile.ZipFile(changed, "w") as new:
            for name in old.namelist():
                new.writestr(name, re.sub(pattern, b"", old.read(name), flags=re.S))
        _survives(changed.getvalue())
