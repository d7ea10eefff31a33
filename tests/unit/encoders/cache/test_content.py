from __future__ import annotations

import base64
import hashlib
import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from drawings import noise, noise_ref
from ragsight import BlobStore
from ragsight.encoders.cache.content import FileState, file_digest, image_content, text_digest
from ragsight.errors import ImageError
from ragsight.images import image_ref


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.png"
    noise(1).save(path)
    return path


def test_one_image_has_one_digest_wherever_its_bytes_are(photo: Path) -> None:
    data = photo.read_bytes()
    uri = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    expected = f"file:{hashlib.sha256(data).hexdigest()}"
    assert file_digest(str(photo)) == expected
    for source in (data, image_ref(data), uri, photo.as_uri()):
        assert image_content(source).digest == expected


def test_a_local_file_is_not_read_before_that_is_needed(photo: Path) -> None:
    content = image_content(photo)
    assert content.digest is None
    assert content.file is not None
    assert (content.file.path, content.file.size) == (str(photo), photo.stat().st_size)
    assert content.is_unchanged
    photo.write_bytes(photo.read_bytes() + b"more")
    assert not content.is_unchanged


def test_the_digest_of_a_reference_is_believed_only_in_a_blob_store(
    photo: Path, tmp_path: Path
) -> None:
    blobs = BlobStore(tmp_path / "blobs")
    kept = blobs.locate(blobs.keep(image_ref(photo)))
    assert image_content(kept).digest == f"file:{kept.sha256}"
    wrong = replace(image_ref(photo), sha256="0" * 64)
    assert image_content(wrong).digest is None
    held = replace(noise_ref(1), sha256="0" * 64)
    assert held.data is not None
    assert image_content(held).digest == f"file:{hashlib.sha256(held.data).hexdigest()}"


def test_what_is_far_away_is_kept_with_its_address(photo: Path) -> None:
    content = image_content(photo.as_uri())
    assert content.source.uri == photo.as_uri()  # type: ignore[union-attr]
    assert content.source.data == photo.read_bytes()  # type: ignore[union-attr]
    with pytest.raises(ImageError, match="isn't public"):
        image_content("http://127.0.0.1/a.png")


def test_pillow_images_differ_by_all_that_can_be_seen() -> None:
    grey = Image.fromarray(np.arange(24, dtype=np.uint8).reshape(4, 6))
    turned = grey.copy()
    turned.getexif()[0x0112] = 6
    reshaped = Image.frombytes("L", (4, 6), grey.tobytes())
    palette, other_palette = grey.convert("P"), grey.convert("P")
    other_palette.putpalette([1, 2, 3])
    clear = palette.copy()
    clear.info["transparency"] = 0
    images = [grey, turned, reshaped, palette, other_palette, clear, noise(1), noise(2)]
    digests = [image_content(image).digest for image in images]
    assert len(set(digests)) == len(images)
    assert digests[-2:] == [image_content(noise(n)).digest for n in (1, 2)]


def test_a_damaged_pillow_image_has_no_digest(photo: Path) -> None:
    cut = Image.open(io.BytesIO(photo.read_bytes()[:2000]))
    assert image_content(cut).digest is None


@pytest.mark.parametrize("source", ["/nowhere/a.png", "blob:0", "\0", "a" * 5000])
def test_what_cannot_be_read_has_no_digest_and_raises_nothing(source: str) -> None:
    content = image_content(source)
    assert (content.digest, content.file, content.held_bytes) == (None, None, 0)


def test_a_file_is_settled_when_its_last_change_lies_back() -> None:
    now = FileState.of(__file__)
    assert now is not None
    assert now._replace(modified_ns=0, changed_ns=0).is_settled
    later = Path(__file__).stat().st_mtime_ns + 10**18
    assert not now._replace(modified_ns=0, changed_ns=later).is_settled
    assert not now._replace(modified_ns=later, changed_ns=0).is_settled


@given(st.text(), st.text())
def test_texts_have_one_digest_only_if_they_are_equal(one: str, other: str) -> None:
    assert (text_digest(one) == text_digest(other)) is (one == other)


def test_a_text_is_never_taken_for_an_image() -> None:
    assert text_digest("a") != image_content(b"a").digest
    assert text_digest("\ud800") != text_digest("?")
