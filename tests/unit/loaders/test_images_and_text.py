from __future__ import annotations

import sys
from pathlib import Path

import pytest

from drawings import heic, noise
from ragsight import ImageLoader, TextLoader, load
from ragsight.errors import (
    DocumentError,
    EmptyDocumentError,
    ImageError,
    InputError,
    RagsightError,
    SourceNotFoundError,
)
from ragsight.loaders import ChunkingOptions


def test_an_image_file_is_one_chunk_named_after_it(tmp_path: Path) -> None:
    noise(1).save(tmp_path / "red_shoe-left.png")
    [chunk] = ImageLoader(tmp_path / "red_shoe-left.png").load()
    assert (chunk.kind, chunk.text, chunk.metadata["name"]) == ("image", "", "red shoe left")
    assert chunk.image is not None
    assert (chunk.image.width, chunk.image.height) == (48, 40)


def test_a_text_file_beside_an_image_is_its_caption(tmp_path: Path) -> None:
    noise(1).save(tmp_path / "shoe.png")
    (tmp_path / "shoe.txt").write_text("A shoe.\n")
    assert ImageLoader(tmp_path / "shoe.png").load()[0].text == "A shoe."
    assert ImageLoader(tmp_path / "shoe.png", caption=lambda p: p.stem).load()[0].text == "shoe"


def test_a_folder_gives_its_images_in_order_and_skips_broken_ones(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("b.png", "a.jpg", "sub/c.webp"):
        noise(1).save(tmp_path / name)
    (tmp_path / "broken.jpg").write_text("these are words")
    problems: list[RagsightError] = []
    chunks = ImageLoader(tmp_path, on_error=problems.append).load()
    assert [chunk.source.name for chunk in chunks] == ["a.jpg", "b.png", "c.webp"]
    assert "broken.jpg" in str(problems[0])
    flat = ImageLoader(tmp_path, recursive=False, on_error=problems.append).load()
    assert [chunk.source.name for chunk in flat] == ["a.jpg", "b.png"]


def test_a_broken_image_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_text("these are words")
    with pytest.raises(ImageError, match=r"broken\.jpg"):
        ImageLoader(tmp_path / "broken.jpg").load()


def test_a_folder_without_images_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no images"):
        ImageLoader(tmp_path).load()


def test_an_image_s_fingerprint_follows_its_bytes_and_its_caption(tmp_path: Path) -> None:
    path = tmp_path / "shoe.png"
    noise(1).save(path)
    prints = [ImageLoader(path).fingerprint(), ImageLoader(path).fingerprint()]
    (tmp_path / "shoe.txt").write_text("A shoe.")
    prints.append(ImageLoader(path).fingerprint())
    noise(2).save(path)
    prints.append(ImageLoader(path).fingerprint())
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_markdown_headings_are_the_section_of_what_follows(tmp_path: Path) -> None:
    path = tmp_path / "notes.md"
    path.write_text(
        "Before.\n# Pumps\nAbout pumps.\n## Care #\nOil it.\n```\n# no heading\n```\n# Valves\nV.\n"
    )
    chunks = TextLoader(path).load()
    assert [(c.source.section, c.text) for c in chunks] == [
        ((), "Before."),
        (("Pumps",), "About pumps."),
        (("Pumps", "Care"), "Oil it.\n\n```\n# no heading\n```"),
        (("Valves",), "V."),
    ]


def test_a_hash_in_plain_text_is_no_heading(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("# of parts: 3")
    assert TextLoader(path).load()[0].text == "# of parts: 3"


def test_equal_passages_of_a_file_keep_ids_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("Same words.\n\nSame words.")
    chunks = TextLoader(path, chunking=ChunkingOptions(12, 0)).load()
    assert len({chunk.id for chunk in chunks}) == 2


def test_an_empty_or_binary_text_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "binary.txt").write_bytes(b"a\0b")
    with pytest.raises(EmptyDocumentError, match=r"empty\.txt"):
        TextLoader(tmp_path / "empty.txt").load()
    with pytest.raises(DocumentError, match="binary"):
        TextLoader(tmp_path / "binary.txt").load()


def test_a_missing_file_is_an_error_at_once(tmp_path: Path) -> None:
    for loader in (TextLoader, ImageLoader):
        with pytest.raises(SourceNotFoundError, match="absent"):
            loader(tmp_path / "absent")


def test_a_telephones_photograph_is_loaded_like_any_other(tmp_path: Path) -> None:
    (tmp_path / "IMG_1.HEIC").write_bytes(heic(noise(1)))
    [chunk] = ImageLoader(tmp_path).load()
    assert chunk.image is not None
    assert (chunk.image.mime, chunk.image.width, chunk.image.height) == ("image/heic", 48, 40)


def test_without_the_decoder_only_such_photographs_are_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.heic").write_bytes(heic(noise(1)))
    noise(2).save(tmp_path / "b.png")
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    problems: list[RagsightError] = []

    chunks = list(load(tmp_path, on_error=problems.append))

    assert [chunk.metadata["name"] for chunk in chunks] == ["b"]
    assert "pip install 'ragsight[heif]'" in str(problems[0])
    assert "a.heic" in str(problems[0])
