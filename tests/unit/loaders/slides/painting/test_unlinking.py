from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from ragsight.loaders.slides.painting.unlinking import copy_unlinked

TYPE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"


def _copied(folder: Path, parts: dict[str, bytes]) -> dict[str, bytes]:
    """A package's parts after it was copied."""
    with zipfile.ZipFile(folder / "deck.zip", "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)
    copy_unlinked(folder / "deck.zip", folder / "copy.zip")
    with zipfile.ZipFile(folder / "copy.zip") as package:
        assert package.testzip() is None
        return {name: package.read(name) for name in package.namelist()}


def _relationships(*rows: str) -> bytes:
    return f'<?xml version="1.0"?><Relationships xmlns="{RELATIONSHIPS}">{"".join(rows)}'.encode()


def _external(kind: str, target: str) -> str:
    return f'<Relationship Id="r1" Type="{TYPE}/{kind}" Target="{target}" TargetMode="External"/>'


def _slide(folder: Path, row: str) -> str:
    name = "ppt/slides/_rels/slide1.xml.rels"
    return _copied(folder, {name: _relationships(row)})[name].decode()


@pytest.mark.parametrize("kind", ["image", "oleObject", "video", "audio", "hyperlink"])
@pytest.mark.parametrize(
    "target",
    ["file:///etc/passwd", "/etc/passwd", "..\\a.png", "&#102;ile:///etc/passwd", "smb://a"],
)
def test_references_to_files_are_cut(tmp_path: Path, kind: str, target: str) -> None:
    assert _slide(tmp_path, _external(kind, target)).count('Target="removed:"') == 1


@pytest.mark.parametrize("kind", ["image", "oleObject", "video", "attachedTemplate"])
def test_references_to_the_web_are_cut(tmp_path: Path, kind: str) -> None:
    assert "example.org" not in _slide(tmp_path, _external(kind, "https://example.org/a.png"))


@pytest.mark.parametrize("target", ["https://example.org/?a=1&amp;b=2", "mailto:a@example.org"])
def test_links_to_click_are_left(tmp_path: Path, target: str) -> None:
    row = _external("hyperlink", target)
    assert row in _slide(tmp_path, row)


def test_references_inside_are_left(tmp_path: Path) -> None:
    row = f'<Relationship Id="r1" Type="{TYPE}/image" Target="../media/image1.png"/>'
    assert row in _slide(tmp_path, row)


@pytest.mark.parametrize(
    "row",
    [
        "<!-- it's --><Relationship TargetMode = 'External'\n Target='file:///a' Type='image'/>",
        '<r:Relationship Target="file:///a" TargetMode="External" Type="&lt;"></r:Relationship>',
        '<a b="<c" d="><Relationship Target="file:///a" TargetMode=" External " Type="image"/>',
    ],
)
def test_odd_ways_of_writing_hide_nothing(tmp_path: Path, row: str) -> None:
    assert "file:" not in _slide(tmp_path, row)


@pytest.mark.parametrize(
    "content",
    [
        _relationships(_external("image", "file:///a")).decode().encode("utf-16"),
        _relationships(_external("image", "file:///a")).decode().encode("utf-16-be"),
        b'<?xml version="1.0" encoding="cp037"?>' + b"\xd3\x89\x95\x92" * 9,
        b'<!DOCTYPE a [<!ENTITY b "file:///a">]>' + _relationships(_external("image", "&b;")),
    ],
)
def test_parts_in_which_a_reference_could_be_hidden_are_emptied(
    tmp_path: Path, content: bytes
) -> None:
    assert _copied(tmp_path, {"_rels/.rels": content})["_rels/.rels"] == b""


def test_other_parts_are_copied_byte_by_byte(tmp_path: Path) -> None:
    parts = {
        "[Content_Types].xml": b"<Types/>",
        "ppt/slides/_rels/slide1.xml.rels": _relationships(_external("image", "file:///a")),
        "ppt/media/image1.png": bytes(range(256)) * 1000,
    }
    copy = _copied(tmp_path, parts)
    assert list(copy) == list(parts)
    assert copy["ppt/media/image1.png"] == parts["ppt/media/image1.png"]


def test_a_deck_without_references_is_copied_as_it_is(tmp_path: Path) -> None:
    _copied(tmp_path, {"_rels/.rels": _relationships(), "a.svg": b"<svg href='#a'/>"})
    assert (tmp_path / "copy.zip").read_bytes() == (tmp_path / "deck.zip").read_bytes()


def test_an_old_deck_with_an_archive_in_it_is_copied_as_it_is(tmp_path: Path) -> None:
    row = _external("image", "file:///a")
    _copied(tmp_path, {"_rels/.rels": _relationships(row)})
    old = b"no archive" + (tmp_path / "deck.zip").read_bytes()
    (tmp_path / "old.ppt").write_bytes(old)
    copy_unlinked(tmp_path / "old.ppt", tmp_path / "copy.ppt")
    assert (tmp_path / "copy.ppt").read_bytes() == old


def _content(folder: Path, body: str) -> str:
    parts = {
        "mimetype": b"",
        "content.xml": body.encode(),
        "Pictures/a b.png": b"",
        "Object 1/content.xml": b"",
    }
    return _copied(folder, parts)["content.xml"].decode()


@pytest.mark.parametrize(
    "address", ["http://example.org/a", "file:///a", "../a.png", "/a", "b.png"]
)
def test_references_of_opendocument_are_cut_outside_and_left_inside(
    tmp_path: Path, address: str
) -> None:
    inside = (
        '<draw:image xlink:href="Pictures/a%20b.png"/><draw:object xlink:href="./Object 1"/>'
        '<text:a xlink:href="https://example.org/?a&amp;b">it\'s</text:a>'
        '<chart:chart xlink:href=".."/><draw:use xlink:href="#a"/>'
        '<text:p>say href="here" or src="there"</text:p>'
    )
    outside = f'<draw:image a="b" xlink:href="{address}" c="d"/>'
    cut = '<draw:image a="b" xlink:href="removed:" c="d"/>'
    assert _content(tmp_path, f"<a>{inside}{outside}</a>") == f"<a>{inside}{cut}</a>"


def test_a_link_to_a_file_is_cut_even_if_it_is_clicked(tmp_path: Path) -> None:
    assert "file:" not in _content(tmp_path, '<text:a xlink:href="file:///a">a</text:a>')


def test_pictures_made_of_xml_are_read_too(tmp_path: Path) -> None:
    start = b'<!DOCTYPE svg PUBLIC "svg" "svg.dtd"><svg><image href="data:a"/>'
    svg = start + b'<image xlink:href="file:///a.png"/></svg>'
    vml = b'<xml><v:imagedata src="http://example.org/a.png"/></xml>'
    copy = _copied(tmp_path, {"ppt/media/image1.svg": svg, "ppt/drawings/vmlDrawing1.vml": vml})
    assert copy["ppt/media/image1.svg"] == svg.replace(b"file:///a.png", b"removed:")
    assert copy["ppt/drawings/vmlDrawing1.vml"] == vml.replace(
        b"http://example.org/a.png", b"removed:"
    )


def test_of_parts_with_one_name_the_last_is_kept(tmp_path: Path) -> None:
    """It is the one whose words are read, so it should be the one that is painted."""
    cut = _relationships(_external("image", "https://example.org/a.png"))
    with zipfile.ZipFile(tmp_path / "deck.zip", "w") as package:
        package.writestr("ppt/_rels/a.rels", cut)
        package.writestr("ppt/slide1.xml", b"first")
        with pytest.warns(UserWarning, match="Duplicate name"):
            package.writestr("ppt/slide1.xml", b"last")

    copy_unlinked(tmp_path / "deck.zip", tmp_path / "copy.zip")

    with zipfile.ZipFile(tmp_path / "copy.zip") as package:
        assert package.namelist() == ["ppt/_rels/a.rels", "ppt/slide1.xml"]
        assert package.read("ppt/slide1.xml") == b"last"


@pytest.mark.parametrize("part", [b"<a " + b"a" * 300_000 + b">", b"<!DOCTYPE " * 60_000])
def test_what_is_made_to_be_slow_is_copied_at_once(tmp_path: Path, part: bytes) -> None:
    parts = {"ppt/_rels/presentation.xml.rels": part, "ppt/media/a.svg": part}

    assert _copied(tmp_path, parts) == parts


@pytest.mark.parametrize("before", ["", ">", "<", "["])
def test_a_type_that_declares_entities_empties_its_part(tmp_path: Path, before: str) -> None:
    part = (
        f'<!DOCTYPE svg PUBLIC "{before}" "" [<!ENTITY a "file:///etc/passwd">]>'
        '<svg><image href="&a;"/></svg>'
    )

    assert _copied(tmp_path, {"ppt/media/a.svg": part.encode()}) == {"ppt/media/a.svg": b""}
