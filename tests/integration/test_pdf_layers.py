"""Layers that are switched off hold nothing that a reader sees, and nothing that is loaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pdfs import PAGE, for_each_backend, line, mupdf, paragraph, photo, png, save_pdf
from ragsight.loaders.pdf import PdfLoader

backend = for_each_backend(globals())

_SAVED: list[dict[str, Any]] = [
    {},
    {"use_objstms": 1, "garbage": 1},
    {"encryption": mupdf.PDF_ENCRYPT_AES_256, "owner_pw": "o", "use_objstms": 1},
]
"""Plainly, with the catalogue packed, and with it packed and encrypted."""


def _layered(path: Path, **options: Any) -> Path:
    document = mupdf.open()
    page = document.new_page(width=PAGE[0], height=PAGE[1])
    off, on = document.add_ocg("draft", on=False), document.add_ocg("final", on=True)
    twin = document.add_ocg("final", on=False)
    paragraph(page, (72, 72, 500, 150))
    page.insert_text((72, 200), "The old price was 900 crowns", oc=off)
    page.insert_text((72, 220), "The new price is 800 crowns", oc=on)
    page.insert_text((72, 240), "The twin price is 700 crowns", oc=twin)
    page.draw_rect((60, 250, 400, 290), fill=(0, 0, 0), color=None, oc=on)
    page.insert_text((72, 270), "White on black", color=(1, 1, 1), oc=on)
    page.insert_text((72, 310), "Words behind a scan", render_mode=3, oc=on)
    page.insert_image(mupdf.Rect(100, 350, 340, 530), stream=png(photo()), oc=off)
    line(page, (100, 545), "Figure 1: What is hidden.")
    stamp = mupdf.open()
    line(stamp.new_page(width=200, height=50), (10, 30), "Stamped in secret")
    page.show_pdf_page(mupdf.Rect(300, 600, 500, 650), stamp, 0, oc=off)
    page.show_pdf_page(mupdf.Rect(300, 700, 500, 750), stamp, 0, oc=on)
    document.save(path, **options)
    return path


@pytest.mark.parametrize("options", _SAVED)
def test_what_is_switched_off_is_not_loaded(tmp_path: Path, options: dict[str, Any]) -> None:
    chunks = PdfLoader(_layered(tmp_path / "layers.pdf", **options)).load()
    text = "\n".join(f"{chunk.text} {chunk.metadata.get('inner_text', '')}" for chunk in chunks)
    assert "old price" not in text
    assert "twin price" not in text
    assert "new price is 800" in text
    assert "White on black" in text
    assert "Words behind a scan" in text
    assert text.count("Stamped in secret") == 1
    assert all(chunk.metadata["method"] != "bitmap" for chunk in chunks)


def test_files_without_layers_lose_nothing(tmp_path: Path) -> None:
    def draw(page: Any) -> None:
        page.insert_text((72, 100), "White on nothing", color=(1, 1, 1))

    (chunk,) = PdfLoader(save_pdf(tmp_path / "plain.pdf", draw)).load()
    assert chunk.text == "White on nothing"
