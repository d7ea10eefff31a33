from __future__ import annotations

import asyncio
import multiprocessing
import os
import pickle
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drawings import cut_jpeg, noise, noise_ref
from ragsight import ClipEncoder
from ragsight.encoders import EncoderSpec, FloatArray, ImageTextEncoder
from ragsight.encoders.cache import (
    CachedEncoder,
    CacheKey,
    EmbeddingCache,
    cached_encoder,
    content,
    windows,
)
from ragsight.errors import (
    ConfigurationError,
    EncoderError,
    ImageError,
    InputError,
    RagsightError,
    SourceNotFoundError,
)
from ragsight.images import ImageSource


class Counting:
    """An encoder that remembers what it was asked for."""

    def __init__(self, encoder: ImageTextEncoder, fingerprint: str = "counting") -> None:
        self.encoder = encoder
        self.fingerprint = fingerprint
        self.texts: list[str] = []
        self.images: list[ImageSource] = []

    @property
    def spec(self) -> EncoderSpec:
        return self.encoder.spec

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        self.texts += texts
        return self.encoder.encode_texts(texts)

    def encode_images(self, images: Iterable[ImageSource], **options: Any) -> FloatArray:
        images = list(images)
        self.images += images
        return self.encoder.encode_images(images, **options)


@pytest.fixture
def counting(encoder: ClipEncoder) -> Counting:
    return Counting(encoder)


@pytest.fixture
def cached(counting: Counting, tmp_path: Path) -> CachedEncoder:
    return CachedEncoder(counting, tmp_path / "cache.sqlite")


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    paths = [tmp_path / f"{n}.png" for n in range(4)]
    for n, path in enumerate(paths):
        noise(n).save(path)
    return paths


def test_a_second_time_nothing_is_encoded_and_the_vectors_are_the_same_bits(
    cached: CachedEncoder, counting: Counting, photos: list[Path]
) -> None:
    first = cached.encode_images(photos)
    np.testing.assert_allclose(first, counting.encoder.encode_images(photos), atol=1e-6)
    again = CachedEncoder(counting, cached.cache.path).encode_images(photos)
    assert first.tobytes() == again.tobytes()
    assert (first.dtype, first.shape) == (np.float32, (4, cached.spec.dimension))
    assert len(counting.images) == 4


def test_only_what_is_new_is_encoded_and_the_order_is_kept(
    cached: CachedEncoder, counting: Counting, photos: list[Path]
) -> None:
    cached.encode_images([photos[2], photos[0]])
    rows = cached.encode_images(photos)
    assert counting.images == [photos[2], photos[0], photos[1], photos[3]]
    np.testing.assert_allclose(rows, counting.encoder.encode_images(photos), atol=1e-5)


def test_equal_images_under_many_names_are_encoded_once(
    cached: CachedEncoder, counting: Counting, photos: list[Path], tmp_path: Path
) -> None:
    copy = tmp_path / "copy.png"
    data = photos[0].read_bytes()
    copy.write_bytes(data)
    rows = cached.encode_images([photos[0], copy, str(copy), data, photos[1]])
    assert len(counting.images) == 2
    assert len({row.tobytes() for row in rows[:4]}) == 1


def test_a_changed_image_is_encoded_again(
    cached: CachedEncoder, counting: Counting, photos: list[Path]
) -> None:
    before = cached.encode_images([photos[0]])
    photos[0].write_bytes(photos[1].read_bytes())
    after = cached.encode_images([photos[0]])
    assert before.tobytes() != after.tobytes()
    assert len(counting.images) == 2


def test_an_unchanged_file_is_not_even_read(
    cached: CachedEncoder, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "_SETTLED_NS", -(10**12))
    first = cached.encode_images(photos)
    read: list[str] = []
    monkeypatch.setattr(cached_encoder, "file_digest", read.append)
    assert cached.encode_images(photos).tobytes() == first.tobytes()
    assert read == []
    cached.trust_file_times = False
    cached.encode_images(photos)
    assert read == [str(path) for path in photos]


def test_setting_the_time_back_does_not_hide_a_change(
    cached: CachedEncoder, photos: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(content, "_SETTLED_NS", -(10**12))
    red, blue = noise(1).convert("L"), noise(2).convert("L")
    path = photos[0].with_suffix(".bmp")
    red.save(path)
    status = path.stat()
    before = cached.encode_images([path])
    blue.save(path)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert (path.stat().st_size, path.stat().st_mtime_ns) == (status.st_size, status.st_mtime_ns)
    assert cached.encode_images([path]).tobytes() != before.tobytes()


def test_a_file_written_to_while_it_is_encoded_is_not_cached(
    encoder: ClipEncoder, photos: list[Path], tmp_path: Path
) -> None:
    class Slow(Counting):
        def encode_images(self, images: Iterable[ImageSource], **options: Any) -> FloatArray:
            photos[0].write_bytes(photos[1].read_bytes())
            return super().encode_images(images, **options)

    slow = CachedEncoder(Slow(encoder), tmp_path / "cache.sqlite")
    original = photos[0].read_bytes()
    slow.encode_images([photos[0]])
    photos[0].write_bytes(original)
    assert (
        slow.cache.get_many([CacheKey(content.file_digest(str(photos[0])) or "", "counting")]) == {}
    )


def test_every_kind_of_source_is_cached(cached: CachedEncoder, counting: Counting) -> None:
    sources = [noise(1), noise_ref(2), noise_ref(3).data]
    first = cached.encode_images(sources)
    assert cached.encode_images(sources).tobytes() == first.tobytes()
    assert len(counting.images) == 3


def test_texts_are_cached_by_their_exact_characters(
    cached: CachedEncoder, counting: Counting
) -> None:
    texts = ["red", "Red", "red ", "red"]
    first = cached.encode_texts(texts)
    np.testing.assert_allclose(first, counting.encoder.encode_texts(texts), atol=1e-6)
    assert counting.texts == ["red", "Red", "red "]
    assert cached.encode_texts(texts).tobytes() == first.tobytes()
    assert len(counting.texts) == 3


def test_nothing_gives_an_empty_array_of_the_right_width(cached: CachedEncoder) -> None:
    empty = (0, cached.spec.dimension)
    assert cached.encode_texts([]).shape == cached.encode_images([]).shape == empty
    assert cached.encode_images([b"no image"], on_skip=lambda *_: None).shape == empty


def test_encoders_do_not_share_vectors(
    encoder: ClipEncoder, tmp_path: Path, photos: list[Path]
) -> None:
    shared = EmbeddingCache(tmp_path / "cache.sqlite")
    one, other = Counting(encoder, "one"), Counting(encoder, "other")
    for each in (one, other):
        CachedEncoder(each, shared).encode_images(photos)
    assert (len(one.images), len(other.images)) == (4, 4)


def test_an_encoder_without_fingerprint_is_told_by_its_class_and_spec(
    encoder: ClipEncoder, tmp_path: Path
) -> None:
    class Plain(Counting):
        def __init__(self, encoder: ImageTextEncoder) -> None:
            super().__init__(encoder)
            del self.fingerprint

    fingerprint = CachedEncoder(Plain(encoder), tmp_path / "cache.sqlite").fingerprint
    assert "Plain" in fingerprint
    assert encoder.spec.name in fingerprint


def bad_and_good(photos: list[Path]) -> list[ImageSource]:
    absent = photos[0].with_name("absent.png")
    url = "http://127.0.0.1/private.png"
    return [photos[0], cut_jpeg(), absent, photos[1], url, cut_jpeg(), photos[0], b""]


@pytest.mark.parametrize("window", [1, 3, 256])
def test_what_cannot_be_encoded_is_reported_in_order_and_costs_no_other(
    cached: CachedEncoder,
    counting: Counting,
    photos: list[Path],
    monkeypatch: pytest.MonkeyPatch,
    window: int,
) -> None:
    monkeypatch.setattr(windows, "WINDOW_IMAGES", window)
    expected = counting.encoder.encode_images([photos[0], photos[1], photos[0]])
    for _ in range(2):
        skipped: dict[int, RagsightError] = {}
        rows = cached.encode_images(bad_and_good(photos), on_skip=skipped.__setitem__)
        assert list(skipped) == [1, 2, 4, 5, 7]
        assert isinstance(skipped[2], SourceNotFoundError)
        np.testing.assert_allclose(rows, expected, atol=1e-5)


def test_a_report_says_which_vector_is_whose(cached: CachedEncoder, photos: list[Path]) -> None:
    for _ in range(2):
        report = cached.encode_images_with_report(bad_and_good(photos))
        assert report.indices == (0, 3, 6)
        assert [each.index for each in report.skipped] == [1, 2, 4, 5, 7]
        np.testing.assert_array_equal(report.vectors[0], report.vectors[2])
    with pytest.raises(ImageError, match="cut short"):
        cached.encode_images_with_report(bad_and_good(photos), on_error="raise")
    with pytest.raises(ConfigurationError, match="on_error"):
        cached.encode_images_with_report([], on_error="ignore")  # type: ignore[arg-type]


def test_one_image_or_text_in_place_of_a_list_is_refused(cached: CachedEncoder) -> None:
    with pytest.raises(EncoderError, match=r"Pass \[text\]"):
        cached.encode_texts("red")
    with pytest.raises(EncoderError, match=r"Pass \[image\]"):
        cached.encode_images("photo.jpg")
    with pytest.raises(InputError, match="text 1 is of type"):
        cached.encode_texts(["red", None])  # type: ignore[list-item]


def test_without_a_handler_the_first_error_is_raised(
    cached: CachedEncoder, photos: list[Path]
) -> None:
    with pytest.raises(ImageError, match="damaged or cut short"):
        cached.encode_images([photos[0], cut_jpeg(), "http://127.0.0.1/private.png"])
    with pytest.raises(ImageError, match="isn't public"):
        cached.encode_images([photos[0], "http://127.0.0.1/private.png", cut_jpeg()])
    with pytest.raises(SourceNotFoundError, match=r"absent\.png"):
        cached.encode_images([photos[0].with_name("absent.png"), cut_jpeg()])


def test_an_encoder_that_loses_rows_is_caught(encoder: ClipEncoder, tmp_path: Path) -> None:
    class Lossy(Counting):
        def encode_images(self, images: Iterable[ImageSource], **options: Any) -> FloatArray:
            return super().encode_images(images, **options)[:-1]

    with pytest.raises(EncoderError, match="gave 1 vectors for 2"):
        CachedEncoder(Lossy(encoder), tmp_path).encode_images([noise(1), noise(2)])


def test_a_stream_is_taken_a_window_at_a_time(
    cached: CachedEncoder, counting: Counting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "WINDOW_BYTES", 3 * 48 * 40 * 3)
    taken: list[int] = []

    def stream() -> Iterator[ImageSource]:
        for n in range(9):
            taken.append(n - len(counting.images))
            yield noise(n)

    assert [index for index, _ in cached.stream_images(stream())] == list(range(9))
    assert max(taken) == 2


@given(st.lists(st.integers(0, 5), max_size=12), st.integers(1, 5))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=30
)
def test_the_cache_changes_no_result(
    cached: CachedEncoder,
    encoder: ClipEncoder,
    monkeypatch: pytest.MonkeyPatch,
    numbers: list[int],
    window: int,
) -> None:
    monkeypatch.setattr(windows, "WINDOW_IMAGES", window)
    # A 5 stands for an image that can't be opened.
    images: list[ImageSource] = [noise(n) if n < 5 else b"no image" for n in numbers]
    skipped: list[int] = []
    rows = cached.encode_images(images, on_skip=lambda index, _: skipped.append(index))
    assert skipped == [index for index, n in enumerate(numbers) if n == 5]
    good = encoder.encode_images([noise(n) for n in numbers if n < 5])
    np.testing.assert_allclose(rows, good, atol=1e-5)


async def test_async_gives_what_sync_gives_and_leaves_the_loop_free(
    cached: CachedEncoder, photos: list[Path]
) -> None:
    task = asyncio.gather(cached.aencode_images(photos), cached.aencode_texts(["red"]))
    turns = 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    images, texts = await task
    assert turns > 5
    np.testing.assert_array_equal(images, cached.encode_images(photos))
    np.testing.assert_array_equal(texts, cached.encode_texts(["red"]))


def test_a_cached_encoder_is_an_encoder(cached: CachedEncoder, counting: Counting) -> None:
    assert isinstance(cached, ImageTextEncoder)
    assert (cached.spec, cached.fingerprint) == (counting.spec, counting.fingerprint)


def test_it_survives_pickling_with_its_cache(
    clip_folder: Path, tmp_path: Path, photos: list[Path]
) -> None:
    cached = CachedEncoder(ClipEncoder(str(clip_folder)), tmp_path / "cache.sqlite")
    rows = cached.encode_images(photos)
    copy = pickle.loads(pickle.dumps(cached))
    assert copy.encode_images(photos).tobytes() == rows.tobytes()


def encode_in_process(folder: Path, path: Path, photos: list[Path], answers: Any) -> None:
    counting = Counting(ClipEncoder(str(folder)))
    rows = CachedEncoder(counting, path).encode_images(photos)
    answers.put((len(counting.images), rows.tobytes()))


def test_no_other_process_encodes_an_unchanged_image_again(
    clip_folder: Path, tmp_path: Path, photos: list[Path]
) -> None:
    context = multiprocessing.get_context("spawn")
    answers = context.SimpleQueue()
    found = []
    for _ in range(2):
        arguments = (clip_folder, tmp_path / "cache.sqlite", photos, answers)
        process = context.Process(target=encode_in_process, args=arguments)
        process.start()
        found.append(answers.get())
        process.join()
    (first, vectors), (second, same) = found
    assert (first, second) == (4, 0)
    assert vectors == same
