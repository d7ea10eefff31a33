from __future__ import annotations

import asyncio
import io
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from drawings import cut_jpeg
from ragsight import ClipEncoder
from ragsight.encoders import ClipOptions
from ragsight.errors import (
    ConfigurationError,
    EncoderError,
    ImageError,
    RagsightError,
)


def picture(seed: int, size: tuple[int, int] = (60, 40)) -> Image.Image:
    noise = np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    return Image.fromarray(noise)


def test_a_broken_image_is_named(encoder: ClipEncoder, tmp_path: Path) -> None:
    path = tmp_path / "broken.png"
    path.write_bytes(b"no image")
    with pytest.raises(ImageError, match=r"broken\.png"):
        encoder.encode_images([path])


def test_a_skipped_image_is_reported_by_index_and_costs_no_other(encoder: ClipEncoder) -> None:
    skipped: list[tuple[int, RagsightError]] = []
    rows = encoder.encode_images(
        [picture(1), b"no image", picture(2)],
        on_skip=lambda index, error: skipped.append((index, error)),
    )
    assert [index for index, _ in skipped] == [1]
    np.testing.assert_allclose(rows, encoder.encode_images([picture(1), picture(2)]), atol=1e-6)


def png(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def gif(*frames: Image.Image) -> bytes:
    buffer = io.BytesIO()
    frames[0].save(buffer, format="GIF", save_all=True, append_images=frames[1:])
    return buffer.getvalue()


BAD_IMAGES = {
    "corrupt": b"\x89PNG\r\n\x1a\nnothing",
    "truncated": cut_jpeg(),
    "zero-byte": b"",
    "500-megapixel": png(Image.new("1", (25_000, 20_000))),
    "text": b"these are words",
}


@pytest.fixture(scope="module")
def bad_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("bad")
    files = {name: folder / f"{name}.jpg" for name in BAD_IMAGES}
    for name, path in files.items():
        path.write_bytes(BAD_IMAGES[name])
    return {**files, "missing": folder / "missing.jpg"}


@pytest.mark.parametrize("workers", [0, 3])
@pytest.mark.parametrize("batch_size", [1, 3, None])
def test_bad_images_cost_no_good_one_and_are_reported_by_index_and_name(
    workers: int, batch_size: int | None, bad_files: dict[str, Path], clip_folder: Path
) -> None:
    good = [picture(seed) for seed in range(4)]
    bad = list(bad_files.values())
    mixed = [bad[0], good[0], bad[1], bad[2], good[1], good[2], bad[3], bad[4], good[3], bad[5]]
    encoder = ClipEncoder(
        str(clip_folder), batch_size=batch_size, options=ClipOptions(workers=workers)
    )
    report = encoder.encode_images_with_report(mixed)
    assert report.indices == (1, 4, 5, 8)
    assert [each.index for each in report.skipped] == [0, 2, 3, 6, 7, 9]
    for each, path in zip(report.skipped, bad, strict=True):
        assert path.name in str(each.error)
    np.testing.assert_allclose(report.vectors, encoder.encode_images(good), atol=1e-6)


def test_the_first_bad_image_stops_the_run_where_that_is_asked_for(
    encoder: ClipEncoder, bad_files: dict[str, Path]
) -> None:
    with pytest.raises(ImageError, match="truncated"):
        encoder.encode_images_with_report([picture(1), bad_files["truncated"]], on_error="raise")
    with pytest.raises(ConfigurationError, match="on_error"):
        encoder.encode_images_with_report([], on_error="ignore")  # type: ignore[arg-type]


def test_of_an_animation_the_first_frame_is_encoded(encoder: ClipEncoder) -> None:
    frames = [picture(1).quantize(16), picture(2).quantize(16)]
    moving = encoder.encode_images([gif(*frames)])
    np.testing.assert_allclose(moving, encoder.encode_images([gif(frames[0])]), atol=1e-6)


def test_threads_keep_the_order_of_the_images(clip_folder: Path) -> None:
    # Large and small in turn, so that threads finish out of order.
    images = [png(picture(seed, (900, 900) if seed % 3 == 0 else (40, 40))) for seed in range(12)]
    alone = ClipEncoder(str(clip_folder), options=ClipOptions(workers=0)).encode_images(images)
    threaded = ClipEncoder(str(clip_folder), options=ClipOptions(workers=4)).encode_images(images)
    np.testing.assert_allclose(threaded, alone, atol=1e-6)


def test_a_stream_yields_index_and_vector_of_each_good_image(encoder: ClipEncoder) -> None:
    skipped: list[int] = []
    images = [picture(1), b"no image", picture(2)]
    found = list(encoder.stream_images(images, on_skip=lambda index, _: skipped.append(index)))
    assert ([index for index, _ in found], skipped) == ([0, 2], [1])
    expected = encoder.encode_images([picture(1), picture(2)])
    np.testing.assert_allclose([row for _, row in found], expected, atol=1e-6)


def test_an_endless_stream_is_drawn_only_a_little_ahead(encoder: ClipEncoder) -> None:
    drawn = 0

    def endless() -> Iterator[Image.Image]:
        nonlocal drawn
        for seed in itertools.count():
            drawn += 1
            yield picture(seed % 3)

    stream = encoder.stream_images(endless())
    for taken, (index, _) in enumerate(itertools.islice(stream, 100)):
        assert index == taken
        assert drawn - taken <= 3 * encoder.batch_size
    stream.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if "ragsight" in thread.name]


async def test_coroutines_give_the_same_vectors_and_leave_the_loop_running(
    encoder: ClipEncoder,
) -> None:
    loop_thread = threading.get_ident()
    threads: list[int] = []

    def images() -> Iterator[Image.Image]:
        threads.append(threading.get_ident())
        yield picture(1)

    pixels, words = await asyncio.gather(
        encoder.aencode_images(images()), encoder.aencode_texts(["red"])
    )
    assert loop_thread not in threads
    np.testing.assert_allclose(pixels, encoder.encode_images([picture(1)]), atol=1e-6)
    np.testing.assert_allclose(words, encoder.encode_texts(["red"]), atol=1e-6)


async def test_a_coroutine_reports_skipped_images_too(encoder: ClipEncoder) -> None:
    skipped: list[int] = []
    rows = await encoder.aencode_images([b"x"], on_skip=lambda index, _: skipped.append(index))
    assert (rows.shape[0], skipped) == (0, [0])


def test_a_single_text_or_image_instead_of_a_list_is_refused(encoder: ClipEncoder) -> None:
    with pytest.raises(EncoderError, match=r"\[text\]"):
        encoder.encode_texts("a red shoe")
    for image in ("photo.jpg", Path("photo.jpg"), b"bytes", picture(1)):
        with pytest.raises(EncoderError, match=r"\[image\]"):
            encoder.encode_images(image)  # type: ignore[arg-type]


def test_larger_images_come_in_smaller_batches_unless_a_size_is_given() -> None:
    def at_once(side: int, **options: Any) -> int:
        return ClipEncoder(**options)._images_at_once(np.zeros((side, side, 3), np.uint8))

    assert [at_once(side) for side in (64, 224, 336, 512, 4096)] == [16, 16, 7, 3, 1]
    assert at_once(512, batch_size=32) == 32


def test_nothing_is_printed_unless_progress_is_asked_for(
    clip_folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    quiet = ClipEncoder(str(clip_folder))
    quiet.encode_images([picture(1)])
    quiet.encode_texts(["a"])
    assert capfd.readouterr() == ("", "")
    loud = ClipEncoder(str(clip_folder), options=ClipOptions(progress=True))
    loud.encode_images([picture(1), b"x", picture(2)], on_skip=lambda *_: None)
    loud.encode_texts(["a"])
    captured = capfd.readouterr()
    assert captured.out == ""
    assert "3/3" in captured.err
    assert "1/1" in captured.err
