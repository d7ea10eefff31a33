from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from drawings import noise, noise_ref
from pdfs import PAGE, chart, paragraph, save_pdf
from ragsight import Chunk, GallerySection, Hit, Source, image_ref, render_gallery
from ragsight.gallery.pages import PAGE_SIDE, PagePictures

SIZE = (PAGE[0], PAGE[1])


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    return save_pdf(tmp_path / "a.pdf", lambda page: chart(page, (100, 100, 400, 300)))


def on_page(uri: Path | str, size: tuple[float, float] = SIZE, **metadata: object) -> Chunk:
    source = Source(uri=str(uri), page=1, page_size=size, bbox=(90, 90, 410, 320))
    return Chunk(text="The chart.", source=source, metadata=metadata)


def opened(data: bytes | None) -> Image.Image:
    assert data is not None
    return Image.open(io.BytesIO(data))


def test_a_page_is_painted_from_its_pdf(pdf: Path) -> None:
    picture = opened(PagePictures().picture(on_page(pdf)))
    assert max(picture.size) == pytest.approx(PAGE_SIDE, abs=2)
    assert picture.width / picture.height == pytest.approx(PAGE[0] / PAGE[1], rel=0.01)
    red, _, blue = picture.convert("RGB").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert blue > red  # the bars


def test_a_pdf_that_is_another_one_by_now_is_not_taken_for_the_page(pdf: Path) -> None:
    assert PagePictures().picture(on_page(pdf, (300.0, 300.0))) is None


def test_a_page_that_is_there_no_more_is_not_painted(pdf: Path) -> None:
    chunk = on_page(pdf)
    save_pdf(pdf, paragraphless, pages=1, encryption=4, user_pw="x", owner_pw="y")
    assert PagePictures().picture(chunk) is None
    pdf.write_bytes(b"%PDF-1.7 but no more")
    assert PagePictures().picture(chunk) is None
    pdf.unlink()
    assert PagePictures().picture(chunk) is None


def paragraphless(page: object) -> None:
    """Draw nothing."""


@pytest.mark.parametrize("uri", ["https://example.org/a.pdf", "\0.pdf", "bytes:00", "a.csv"])
def test_what_is_no_file_here_is_not_opened(uri: str) -> None:
    assert PagePictures().picture(on_page(uri)) is None


def test_without_the_file_the_picture_of_the_page_that_was_indexed_is_taken(
    tmp_path: Path,
) -> None:
    page = Chunk(image=noise_ref(3), source=Source(uri="deck.pptx", page=1), kind="page")
    chunk = on_page("deck.pptx", page_id=page.id)
    assert opened(PagePictures([page]).picture(chunk)).size == (48, 40)
    asked: list[str] = []

    def lookup(id_: str) -> Chunk | None:
        asked.append(id_)
        return page

    assert opened(PagePictures(lookup=lookup).picture(chunk)).size == (48, 40)
    assert asked == [page.id]
    noise(1).save(tmp_path / "gone.png")
    gone = Chunk(image=image_ref(tmp_path / "gone.png"), source=page.source, kind="page")
    (tmp_path / "gone.png").unlink()
    assert PagePictures(lookup=lambda _: gone).picture(chunk) is None
    assert PagePictures(lookup=lambda _: None).picture(chunk) is None


def test_a_gallery_holds_each_page_once_however_many_hits_stand_on_it(pdf: Path) -> None:
    save_pdf(pdf, lambda page: paragraph(page, (100, 100, 400, 300)))
    hits = [Hit(on_page(pdf, number=n), 1.0) for n in range(3)]
    html = render_gallery([GallerySection("x", hits), GallerySection("y", hits)])
    assert html.count("data:image/webp;base64,") == 1
    assert html.count("<use ") == 6 * 3  # closer, whole, and in full


def test_a_page_that_can_t_be_painted_is_outlined_with_its_region() -> None:
    html = render_gallery([GallerySection("x", [Hit(on_page("gone.pdf"), 1.0)])])
    assert "<use " not in html
    assert '<rect class="region" x="90" y="90" width="320" height="230"/>' in html
