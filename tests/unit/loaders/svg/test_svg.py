from __future__ import annotations

import gzip
import os
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from ragsight import Chunk, load
from ragsight.errors import DocumentError, EmptyDocumentError, RagsightError
from ragsight.images import open_image
from ragsight.loaders import SvgLoader, discover
from ragsight.loaders.svg.drawing import read_drawing
from ragsight.loaders.svg.painting import can_paint

needs_painter = pytest.mark.skipif(not can_paint(), reason="resvg-py isn't installed")
HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" {}>'
RED = '<rect width="100" height="50" fill="#c00"/>'


def written(path: Path, inside: str, attributes: str = 'viewBox="0 0 100 50"') -> Path:
    path.write_text(HEAD.format(attributes) + inside + "</svg>")
    return path


def words_of(path: Path) -> Chunk:
    """The chunk, painted or not."""
    [chunk] = SvgLoader(path, on_error=lambda _: None).load()
    return chunk


def painted(path: Path) -> Image.Image:
    [chunk] = SvgLoader(path).load()
    assert chunk.image is not None
    return open_image(chunk.image)


@needs_painter
def test_a_drawing_is_painted_on_white_and_no_larger_than_models_look(tmp_path: Path) -> None:
    image = painted(written(tmp_path / "a.svg", '<circle cx="50" cy="25" r="20" fill="#c00"/>'))
    assert image.size == (768, 384)
    assert image.getpixel((384, 192)) == (204, 0, 0)
    assert image.getpixel((5, 5)) == (255, 255, 255)
    wide = written(tmp_path / "b.svg", RED, 'width="80000mm" height="400mm"')
    assert painted(wide).size == (1568, 8)
    assert painted(written(tmp_path / "c.svg", RED, "")).width == 768


def test_title_and_description_are_its_text_and_its_words_are_searched(tmp_path: Path) -> None:
    inside = (
        "<title>Pump</title><desc>How it lifts water</desc><g><text x='1'>In<tspan>let</tspan>"
        "</text><text>Pump</text><a xlink:href='http://x'><text>Valve</text></a></g>"
        "<script>var Script = 1</script><style>.Style{}</style><path aria-label='Outlet'/>"
        "<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>Boxed</p></foreignObject>"
    )
    chunk = words_of(written(tmp_path / "a-b.svg", inside))
    assert chunk.text == "Pump\n\nHow it lifts water"
    assert chunk.metadata["inner_text"] == "Inlet\nValve\nOutlet\nBoxed"
    assert (chunk.kind, chunk.metadata["name"]) == ("image", "a b")
    assert "Inlet" in chunk.indexed_text
    (tmp_path / "a-b.txt").write_text("Beside")
    assert words_of(tmp_path / "a-b.svg").text == "Beside"
    assert [path.name for path in discover([tmp_path])] == ["a-b.svg"]


def test_words_that_a_plot_draws_as_outlines_are_found_in_its_comments(tmp_path: Path) -> None:
    inside = '<!-- made by a program --><g id="text_3"><!-- Pressure [bar] --><path d="M0 0"/></g>'
    assert words_of(written(tmp_path / "a.svg", inside)).text == "Pressure [bar]"


def test_a_packed_drawing_and_one_with_a_document_type_are_read(tmp_path: Path) -> None:
    text = (
        '<?xml version="1.0"?><!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://192.0.2.1/x"'
        ' [<!ENTITY ns "http://www.w3.org/2000/svg">]><svg xmlns="&ns;"><text>Inlet</text></svg>'
    )
    (tmp_path / "a.svgz").write_bytes(gzip.compress(text.encode()))
    assert words_of(tmp_path / "a.svgz").text == "Inlet"


@pytest.mark.parametrize(
    "inside",
    [
        '<image xlink:href="/etc/passwd" width="9" height="9"/>',
        '<image href="secret.png" width="100" height="50"/>',
        '<image href="http://192.0.2.1/x.png"/>',
        '<image href="data:image/svg+xml;base64,PHN2Zy8+"/>',
        '<use href="other.svg#a"/>',
        '<rect style="fill: url(http://192.0.2.1/x#a)"/>',
        "<rect fill=\"url( 'secret.png')\"/>",
        '<style>@import "http://192.0.2.1/x.css"; rect { fill: url("x.png") }</style>',
        "<style>@font-face { src: url(file:///etc/passwd) }</style>",
    ],
)
def test_what_lies_outside_is_not_followed_and_that_is_said(tmp_path: Path, inside: str) -> None:
    Image.new("RGB", (100, 50), "#0c0").save(tmp_path / "secret.png")
    path = written(tmp_path / "a.svg", RED + "<text>Inlet</text>" + inside)
    safe = read_drawing(path.read_bytes(), "a.svg").safe.decode()
    for mark in ("passwd", "secret", "192.0.2.1", "svg+xml", "other.svg", "x.css"):
        assert mark not in safe
    chunk = words_of(path)
    assert "outside" in chunk.metadata["warnings"][0]
    if can_paint():
        assert painted(path).getpixel((700, 200)) == (204, 0, 0)


def test_what_lies_inside_stays_and_what_runs_goes() -> None:
    inside = (
        '<defs><linearGradient id="g"/></defs><rect fill="url(#g)" onclick="x()"/><use href="#r"/>'
        '<image href="data:image/png;base64,AAAA"/><script>x()</script><!-- c --> tail'
        "<style>rect { fill: url(#g) }</style>"
    )
    drawing = read_drawing((HEAD.format("") + inside + "</svg>").encode(), "a.svg")
    safe = drawing.safe.decode()
    assert not drawing.removed
    assert safe.count("url(#g)") == 2
    assert 'href="#r"' in safe
    assert "data:image/png" in safe
    assert "tail" in safe
    assert "x()" not in safe


BOMB = (
    "<!DOCTYPE svg [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10 if n else '&a;'}'>" for n in range(10))
    + ']><svg xmlns="http://www.w3.org/2000/svg"><text>&a9;</text></svg>'
)
FLAT = (
    f"<!DOCTYPE svg [<!ENTITY a '{'ha' * 50_000}'>]>"
    f'<svg xmlns="http://www.w3.org/2000/svg"><text>{"&a;" * 5_000}</text></svg>'
)
OUTSIDE = (
    "<!DOCTYPE svg [<!ENTITY x SYSTEM 'file:///etc/hostname'>]>"
    '<svg xmlns="http://www.w3.org/2000/svg"><text>&x;</text></svg>'
)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (BOMB.encode(), "damaged|bounds"),
        (FLAT.encode(), "damaged|bounds"),
        (OUTSIDE.encode(), "damaged"),
        (gzip.compress(bytes(30 << 20)), "longer"),
        (b"\x1f\x8bbroken", "damaged"),
        (b"<html/>", "no drawing"),
        (b"", "empty"),
        (b"<svg", "damaged"),
        ((HEAD.format("") + "<g>" * 5_000 + "</g>" * 5_000 + "</svg>").encode(), "nested"),
        ((HEAD.format("") + "<g/>" * 600_000 + "</svg>").encode(), "bounds"),
    ],
)
def test_hostile_and_broken_drawings_are_refused_soon(
    tmp_path: Path, data: bytes, says: str
) -> None:
    (tmp_path / "a.svg").write_bytes(data)
    started = time.perf_counter()
    with pytest.raises(DocumentError, match=says):
        SvgLoader(tmp_path / "a.svg").load()
    assert time.perf_counter() - started < 10


@needs_painter
def test_a_drawing_that_cannot_be_painted_costs_its_picture_only(tmp_path: Path) -> None:
    filters = "".join(
        f'<filter id="f{n}"><feTurbulence baseFrequency="9" numOctaves="9000000"/>'
        '<feGaussianBlur stdDeviation="900000"/></filter>'
        for n in range(3)
    )
    uses = "".join(f'<g id="u{n + 1}">' + f'<use href="#u{n}"/>' * 10 + "</g>" for n in range(12))
    problems: list[RagsightError] = []
    for inside in (uses + '<g id="u0"><rect width="1" height="1"/></g>', filters + RED):
        path = written(tmp_path / "a.svg", "<text>Inlet</text>" + inside)
        [chunk] = SvgLoader(path, on_error=problems.append).load()
        assert "Inlet" in chunk.text
    assert all("a.svg" in str(problem) for problem in problems)


def test_without_the_painter_the_words_are_loaded_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ragsight.loaders.svg.pictures.can_paint", lambda: False)
    written(tmp_path / "a.svg", "<text>Inlet</text>")
    written(tmp_path / "b.svg", RED)
    if sys.platform != "win32":
        os.mkfifo(tmp_path / "c.svg")
    problems: list[RagsightError] = []
    chunks = list(load(tmp_path, on_error=problems.append))
    assert [(chunk.text, chunk.image) for chunk in chunks] == [("Inlet", None)]
    assert "pip install 'ragsight[svg]'" in str(problems[0])
    assert any("c.svg" in str(problem) for problem in problems)
    with pytest.raises(EmptyDocumentError):
        SvgLoader(tmp_path / "b.svg", on_error=lambda _: None).load()


@needs_painter
def test_drawings_that_texts_and_pages_name_are_painted(tmp_path: Path) -> None:
    written(tmp_path / "a.svg", RED)
    (tmp_path / "a.md").write_text("Look\n\n![A disc](a.svg)\n")
    (tmp_path / "b.html").write_text("<p>Look<figure><img src=a.svg><figcaption>It</figure>")
    chunks = list(load(tmp_path))
    figures = [chunk for chunk in chunks if chunk.kind == "figure"]
    assert [figure.text for figure in figures] == ["A disc", "It"]
    assert [figure.image and figure.image.mime for figure in figures] == ["image/png"] * 2
    assert len(chunks) == 4
