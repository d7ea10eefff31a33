"""Images that hold several pages, or words about themselves, or come in newer forms."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, PngImagePlugin, TiffImagePlugin

from drawings import noise
from ragsight import ImageLoader, load
from ragsight.errors import RagsightError
from ragsight.images import open_image

XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF
 xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
 photoshop:Headline="Works in May"><dc:description><rdf:Alt>
 <rdf:li xml:lang="x-default">A pump of bronze</rdf:li><rdf:li xml:lang="de">Eine Pumpe</rdf:li>
 </rdf:Alt></dc:description></rdf:Description></rdf:RDF></x:xmpmeta>"""


def iptc(caption: bytes) -> bytes:
    """An APP13 segment as Photoshop writes it, with a caption in IPTC."""
    record = b"\x1c\x02\x78" + len(caption).to_bytes(2, "big") + caption
    block = b"8BIM\x04\x04\0\0" + len(record).to_bytes(4, "big") + record
    body = b"Photoshop 3.0\0" + block + b"\0" * (len(record) % 2)
    return b"\xff\xed" + (len(body) + 2).to_bytes(2, "big") + body


def exif(**values: Any) -> Image.Exif:
    found = Image.Exif()
    tags = {"description": 0x010E, "make": 0x010F, "model": 0x0110, "xp_title": 0x9C9B}
    for name, value in values.items():
        if name == "comment":
            found.get_ifd(0x8769)[0x9286] = value
        else:
            found[tags[name]] = value
    return found


def text_of(path: Path) -> str:
    [chunk] = ImageLoader(path).load()
    return chunk.text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"description": "The valve in section"}, "The valve in section"),
        ({"description": "Das Ventil für Öl".encode()}, "Das Ventil für Öl"),
        ({"xp_title": "Ventil 図".encode("utf-16-le")}, "Ventil 図"),
        ({"comment": b"ASCII\0\0\0Seen from below"}, "Seen from below"),
        ({"comment": b"UNICODE\0" + "Von unten".encode("utf-16-be")}, "Von unten"),
        ({"description": "OLYMPUS DIGITAL CAMERA"}, ""),
        ({"description": "ACME X1", "make": "ACME", "model": "X1"}, ""),
        ({"description": r"C:\Users\ann\DSC_1.JPG"}, ""),
    ],
)
def test_words_of_exif_are_the_caption(tmp_path: Path, values: Any, words: str) -> None:
    noise(1).save(tmp_path / "a.jpg", exif=exif(**values))
    assert text_of(tmp_path / "a.jpg") == words


def test_words_of_xmp_and_iptc_are_the_caption_and_come_once(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    noise(1).save(buffer, "JPEG", xmp=XMP.encode(), exif=exif(description="A pump of bronze"))
    data = buffer.getvalue()
    (tmp_path / "a.jpg").write_bytes(data[:2] + iptc(b"A pump of bronze, 1910") + data[2:])
    assert text_of(tmp_path / "a.jpg") == "A pump of bronze, 1910\n\nWorks in May"
    (tmp_path / "b.jpg").write_bytes(data[:2] + iptc("Käthes Pumpe".encode("cp1252")) + data[2:])
    assert text_of(tmp_path / "b.jpg").startswith("Käthes Pumpe\n\n")


def test_texts_of_png_are_the_caption(tmp_path: Path) -> None:
    info = PngImagePlugin.PngInfo()
    info.add_itxt("Title", "Ein Ventil")
    info.add_text("Description", "It closes by a spring.", zip=True)
    info.add_text("Comment", "Created with GIMP")
    info.add_text("Software", "painter 3")
    noise(1).save(tmp_path / "a.png", pnginfo=info)
    assert text_of(tmp_path / "a.png") == "Ein Ventil\n\nIt closes by a spring."


def test_a_text_beside_the_image_and_a_given_caption_come_before_words_inside(
    tmp_path: Path,
) -> None:
    noise(1).save(tmp_path / "a.jpg", exif=exif(description="Inside"))
    assert ImageLoader(tmp_path / "a.jpg", caption=lambda _: "").load()[0].text == ""
    (tmp_path / "a.txt").write_text("Beside")
    assert text_of(tmp_path / "a.jpg") == "Beside"


@pytest.mark.parametrize("xmp", [b"<x", b"<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>", b"\0" * 99])
def test_damaged_words_do_not_cost_the_image(tmp_path: Path, xmp: bytes) -> None:
    noise(1).save(tmp_path / "a.jpg", xmp=xmp)
    assert text_of(tmp_path / "a.jpg") == ""


def test_avif_and_other_suffixes_of_jpeg_are_images(tmp_path: Path) -> None:
    noise(1).save(tmp_path / "a.avif")
    for name in ("b.jfif", "c.jpe"):
        noise(2).save(tmp_path / name, "JPEG")
    chunks = list(load(tmp_path))
    assert [chunk.source.name for chunk in chunks] == ["a.avif", "b.jfif", "c.jpe"]
    assert chunks[0].image is not None
    assert (chunks[0].image.mime, chunks[0].image.width) == ("image/avif", 48)
    data = bytearray((tmp_path / "a.avif").read_bytes())
    data[8:12] = b"mif1"  # Some encoders name the container first, and AV1 among the others.
    assert open_image(bytes(data)).size == (48, 40)


def scan(path: Path, count: int, **settings: Any) -> Path:
    first, *others = [Image.new("RGB", (48, 40), (60 * n, 90, 200)) for n in range(count)]
    first.save(path, save_all=True, append_images=others, **settings)
    return path


def test_each_page_of_a_tiff_is_a_chunk(tmp_path: Path) -> None:
    path = scan(tmp_path / "scan.tif", 3, compression="tiff_lzw")
    (tmp_path / "scan.txt").write_text("Letter of May")
    chunks = ImageLoader(path).load()
    assert [str(chunk.source) for chunk in chunks] == [f"scan.tif, p. {n}" for n in (1, 2, 3)]
    assert {chunk.text for chunk in chunks} == {"Letter of May"}
    images = [chunk.image for chunk in chunks if chunk.image is not None]
    assert [open_image(image).getpixel((20, 20)) for image in images] == [
        (60 * number, 90, 200) for number in range(3)
    ]
    assert len({chunk.id for chunk in chunks}) == 3


def test_a_tiff_of_one_page_stays_a_reference_to_the_file(tmp_path: Path) -> None:
    [chunk] = ImageLoader(scan(tmp_path / "one.tif", 1)).load()
    assert chunk.source.page is None
    assert chunk.image is not None
    assert (chunk.image.mime, chunk.image.data) == ("image/tiff", None)


def test_smaller_copies_in_a_tiff_are_no_pages(tmp_path: Path) -> None:
    info = Image.new("1", (1, 1)).getexif()
    info[254] = 1
    buffer = io.BytesIO()
    with TiffImagePlugin.AppendingTiffWriter(buffer, True) as writer:
        for number in range(2):
            noise(number).save(writer, format="TIFF")
            writer.newFrame()
        noise(1).resize((12, 10)).save(writer, format="TIFF", tiffinfo=info)
    (tmp_path / "a.tif").write_bytes(buffer.getvalue())
    assert [c.source.page for c in ImageLoader(tmp_path / "a.tif").load()] == [1, 2]


def test_a_damaged_page_of_a_tiff_costs_itself(tmp_path: Path) -> None:
    path = scan(tmp_path / "scan.tif", 3, compression="tiff_adobe_deflate")
    whole = path.read_bytes()
    with Image.open(path) as image:
        image.seek(1)
        start, length = image.tag_v2[273][0], image.tag_v2[279][0]  # type: ignore[attr-defined]
    damaged = bytearray(whole)
    damaged[start : start + length] = b"\xaa" * length
    path.write_bytes(damaged)
    problems: list[RagsightError] = []
    pages = [chunk.source.page for chunk in ImageLoader(path, on_error=problems.append).load()]
    assert pages == [1, 3]
    assert "scan.tif: page 2" in str(problems[0])


def test_a_tiff_whose_pages_lead_in_a_circle_ends(tmp_path: Path) -> None:
    path = scan(tmp_path / "scan.tif", 2)
    data = bytearray(path.read_bytes())
    first = int.from_bytes(data[4:8], "little")
    count = int.from_bytes(data[first : first + 2], "little")
    at = first + 2 + 12 * count
    data[at : at + 4] = first.to_bytes(4, "little")
    path.write_bytes(data)
    assert len(ImageLoader(path, on_error=lambda _: None).load()) <= 2
