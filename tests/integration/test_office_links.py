from __future__ import annotations

import io
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pptx
import pytest
from PIL import Image
from pptx.opc.constants import RELATIONSHIP_TYPE
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.util import Inches

from ragsight.loaders.slides.painting import DeckFacts, batches, open_renders, soffice
from ragsight.loaders.slides.painting.batches import converted
from ragsight.loaders.slides.painting.soffice import find_soffice

pytestmark = pytest.mark.skipif(find_soffice() is None, reason="LibreOffice isn't installed")

OPENDOCUMENT = "urn:oasis:names:tc:opendocument:xmlns"


def _linked_picture(slide: Any, address: str) -> None:
    drawn = io.BytesIO()
    Image.new("RGB", (8, 8), "blue").save(drawn, "PNG")
    picture = slide.shapes.add_picture(drawn, 0, 0, Inches(3))
    blip = picture._element.xpath(".//a:blip")[0]
    del blip.attrib[qn("r:embed")]
    blip.set(qn("r:link"), _related(slide, address, RELATIONSHIP_TYPE.IMAGE))


def _linked_background(slide: Any, address: str) -> None:
    link = _related(slide, address, RELATIONSHIP_TYPE.IMAGE)
    slide._element.cSld.insert(
        0,
        parse_xml(
            f"<p:bg {nsdecls('p', 'a', 'r')}><p:bgPr><a:blipFill><a:blip r:link='{link}'/>"
            "<a:stretch><a:fillRect/></a:stretch></a:blipFill><a:effectLst/></p:bgPr></p:bg>"
        ),
    )


def _linked_workbook(slide: Any, address: str) -> None:
    link = _related(slide, address, RELATIONSHIP_TYPE.OLE_OBJECT)
    frame = slide.shapes.add_table(1, 1, 0, 0, Inches(3), Inches(3))._element
    data = frame.xpath(".//a:graphicData")[0]
    data.set("uri", "http://schemas.openxmlformats.org/presentationml/2006/ole")
    data[:] = [
        parse_xml(
            f"<p:oleObj {nsdecls('p', 'r')} name='w' r:id='{link}' imgW='100' imgH='100' "
            "progId='Excel.Sheet.12'><p:link updateAutomatic='1'/></p:oleObj>"
        )
    ]


def _related(slide: Any, address: str, kind: str) -> str:
    return str(slide.part.relate_to(address, kind, is_external=True))


def _powerpoint(path: Path, link: Callable[[Any, str], None], address: str) -> Path:
    presentation = pptx.Presentation()
    link(presentation.slides.add_slide(presentation.slide_layouts[6]), address)
    presentation.save(str(path))
    return path


def _opendocument(path: Path, element: str, address: str) -> Path:
    """A presentation whose one frame shows what is at an address."""
    media = "application/vnd.oasis.opendocument.presentation"
    link = f'xlink:href="{address}" xlink:type="simple" xlink:show="embed" xlink:actuate="onLoad"'
    spaces = {"office": "office", "draw": "drawing", "svg": "svg-compatible"}
    names = " ".join(f'xmlns:{name}="{OPENDOCUMENT}:{kind}:1.0"' for name, kind in spaces.items())
    parts = {
        "mimetype": media,
        "content.xml": f'<office:document-content {names} office:version="1.2" '
        'xmlns:xlink="http://www.w3.org/1999/xlink"><office:body><office:presentation>'
        '<draw:page draw:name="a"><draw:frame svg:x="1cm" svg:y="1cm" svg:width="5cm" '
        f'svg:height="5cm"><draw:{element} {link}/></draw:frame></draw:page>'
        "</office:presentation></office:body></office:document-content>",
        "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{OPENDOCUMENT}:manifest:1.0">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{media}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>",
    }
    with zipfile.ZipFile(path, "w") as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return path


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, set[str]]]:
    """A server on this machine, and what was asked of it."""
    asked: set[str] = set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.add(self.path)
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_HEAD = do_OPTIONS = do_PROPFIND = do_GET  # noqa: N815 - named by the base class

        def log_message(self, *arguments: Any) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as opened:
        thread = threading.Thread(target=opened.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{opened.server_port}", asked
        opened.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def decks(tmp_path_factory: pytest.TempPathFactory, server: tuple[str, set[str]]) -> list[Path]:
    """Decks that refer to something on the server, each in its own way and by its own name."""
    folder, (address, _) = tmp_path_factory.mktemp("linking"), server
    return [
        _powerpoint(folder / "a.pptx", _linked_picture, f"{address}/picture.png"),
        _powerpoint(folder / "b.pptx", _linked_background, f"{address}/background.png"),
        _powerpoint(folder / "c.pptx", _linked_workbook, f"{address}/workbook.xlsx"),
        _opendocument(folder / "d.odp", "image", f"{address}/image.png"),
        _opendocument(folder / "e.odp", "object", f"{address}/object.odt"),
    ]


@pytest.mark.parametrize(
    ("cut", "guarded"),
    [
        pytest.param(True, True, id="as it is"),
        pytest.param(True, False, id="links cut only"),
        pytest.param(False, True, id="program guarded only"),
        pytest.param(False, False, id="neither"),
    ],
)
def test_no_request_leaves_while_a_deck_is_painted(
    decks: list[Path],
    server: tuple[str, set[str]],
    monkeypatch: pytest.MonkeyPatch,
    cut: bool,
    guarded: bool,
) -> None:
    if not cut:
        monkeypatch.setattr(batches, "copy_unlinked", shutil.copyfile)
    if not guarded:
        monkeypatch.setattr(soffice, "write_settings", Mock())
        monkeypatch.setattr(soffice, "_ENVIRONMENT", {"no_proxy": "127.0.0.1"})
    program, (_, asked) = find_soffice(), server
    assert program is not None
    asked.clear()
    results = dict(converted(program, decks, "pdf", timeout=120))
    assert all(isinstance(result, bytes) for result in results.values())
    # With neither, that links are followed shows that this test can fail. Which ones are depends
    # on the version of LibreOffice: 7.4 follows all of these.
    assert bool(asked) is not (cut or guarded)


@pytest.mark.parametrize("cut", [True, False])
def test_files_of_this_machine_are_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: bool
) -> None:
    address = _secret(tmp_path / "secret.png").as_uri()
    deck = _powerpoint(tmp_path / "deck.pptx", _linked_background, address)
    if not cut:
        # LibreOffice does show it, settings or no settings: the links have to be cut.
        monkeypatch.setattr(batches, "copy_unlinked", shutil.copyfile)
        if not _is_shown(deck):
            pytest.skip("this LibreOffice doesn't show files, so it can't show that the test fails")
    else:
        assert not _is_shown(deck)


@pytest.fixture(scope="module")
def old_deck(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A deck of PowerPoint 97 that refers to a picture by its full path."""
    folder = tmp_path_factory.mktemp("old") / "decks"
    folder.mkdir()
    picture = _secret(folder / "secret.png")
    # Beside the deck LibreOffice writes the name only. A full path as long can take its place.
    name = "x" * (len(str(picture)) - 4) + ".png"
    stand_in = shutil.copy(picture, folder / name)
    deck = _powerpoint(folder / "deck.pptx", _linked_picture, stand_in.as_uri())
    program = find_soffice()
    assert program is not None
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(soffice._FILTERS, "pptx", "ppt:MS PowerPoint 97")
        patch.setattr(soffice, "write_settings", Mock())
        program.convert([deck], "pptx", folder, timeout=120)
    old = folder / "deck.ppt"
    data, full = old.read_bytes(), str(picture).encode("utf-16-le")
    assert name.encode("utf-16-le") in data
    old.write_bytes(data.replace(name.encode("utf-16-le"), full))
    return old


@pytest.mark.parametrize("guarded", [True, False])
def test_files_of_this_machine_are_not_shown_by_old_decks(
    old_deck: Path, monkeypatch: pytest.MonkeyPatch, guarded: bool
) -> None:
    if not guarded:
        monkeypatch.setattr(soffice, "write_settings", Mock())
        if not _is_shown(old_deck):
            pytest.skip("this LibreOffice doesn't show files, so it can't show that the test fails")
    else:
        assert not _is_shown(old_deck)


def _secret(path: Path) -> Path:
    Image.new("RGB", (8, 8), "red").save(path)
    return path


def _is_shown(deck: Path) -> bool:
    renders = open_renders(deck, DeckFacts(1, frozenset(), (720.0, 540.0)), cache=False)
    assert renders is not None
    with renders, Image.open(io.BytesIO(renders.render(1).data or b"")) as picture:
        return picture.convert("RGB").getpixel((100, 100)) == (255, 0, 0)
