from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image, ImageDraw

from answering import picture
from drawings import noise
from ragsight.answer.model.profiles import CLAUDE_4_7
from ragsight.answer.request.options import SynthesizerOptions
from ragsight.answer.request.plan import RequestPlan, plan_request
from ragsight.chunks import Chunk, Source
from ragsight.images import image_ref


def chart(bars: tuple[int, ...], colour: str = "navy") -> Image.Image:
    """A bar chart with axes and a title line."""
    image = Image.new("RGB", (640, 420), "white")
    draw = ImageDraw.Draw(image)
    draw.line((60, 30, 60, 380, 620, 380), fill="black", width=4)
    for index, height in enumerate(bars):
        left = 90 + 75 * index
        draw.rectangle((left, 380 - height, left + 50, 380), fill=colour)
        draw.text((left, 390), f"Q{index}", fill="black")
    return image


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, format=kind, **options)
    return buffer.getvalue()


def chunk(data: bytes, uri: str = "/docs/report.pdf", page: int = 1) -> Chunk:
    return Chunk(
        image=image_ref(data),
        source=Source(uri=uri, page=page),
        kind="figure",
        metadata={"label": f"Figure {page}"},
    )


def plan(*chunks: Chunk, **options: Any) -> RequestPlan:
    return plan_request("What?", chunks, CLAUDE_4_7, SynthesizerOptions(**options))


BARS = (120, 300, 80, 210, 260, 150, 330)
CHART = chart(BARS)


@pytest.mark.parametrize(
    "other",
    [
        encoded(CHART, "JPEG", quality=60),
        encoded(CHART.resize((420, 276), Image.Resampling.LANCZOS)),
        encoded(CHART, "WEBP", quality=70),
    ],
)
def test_another_version_of_a_picture_of_the_same_document_is_referred_to(other: bytes) -> None:
    made = plan(chunk(encoded(CHART)), chunk(other, page=7))

    assert made.request is not None
    assert len(made.request.images) == 1
    assert (made.sources[1].same_as, made.sources[1].near) == (1, True)
    assert "nearly the same as that of [1]" in made.request.text
    assert [(entry.part, entry.cause) for entry in made.dropped] == [("image", "duplicate")]
    assert "nearly the same" in made.warnings[0]


def test_versions_in_two_documents_are_both_sent() -> None:
    made = plan(
        chunk(encoded(CHART)), chunk(encoded(CHART, "JPEG", quality=60), uri="/docs/other.pdf")
    )

    assert made.request is not None
    assert len(made.request.images) == 2


def test_near_duplicates_may_be_wanted() -> None:
    other = chunk(encoded(CHART, "JPEG", quality=60), page=7)

    made = plan(chunk(encoded(CHART)), other, near_duplicates=False)

    assert made.request is not None
    assert len(made.request.images) == 2


@pytest.mark.parametrize(
    "other",
    [
        chart((120, 300, 80, 210, 260, 150, 180)),
        chart(BARS, "firebrick"),
        chart((*BARS[:6], 290)),
    ],
)
def test_one_other_bar_or_another_colour_makes_another_picture(other: Image.Image) -> None:
    made = plan(chunk(encoded(CHART)), chunk(encoded(other), page=7))

    assert made.request is not None
    assert len(made.request.images) == 2


def test_flat_pictures_are_never_taken_for_versions_of_each_other() -> None:
    made = plan(chunk(picture(mark=1)), chunk(picture(mark=2), page=2))

    assert made.request is not None
    assert len(made.request.images) == 2


def test_images_are_prepared_alike_whether_one_by_one_or_many_at_once() -> None:
    data = [encoded(noise(n, (300, 200)), "JPEG") for n in range(5)]
    chunks = [chunk(item, page=n) for n, item in enumerate(data, start=1)]

    together = plan(*chunks)
    alone = [plan(one) for one in chunks]

    assert together.request is not None
    assert list(together.request.images) == [
        made.request.images[0] for made in alone if made.request is not None
    ]


def test_only_as_many_images_are_prepared_as_will_be_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    from ragsight.answer.request import pictures

    prepared: list[str] = []
    prepare = pictures.prepare_image

    def counting(ref: Any, limits: Any) -> Any:
        prepared.append(ref.sha256)
        return prepare(ref, limits)

    monkeypatch.setattr(pictures, "prepare_image", counting)
    chunks = [chunk(encoded(noise(n, (64, 64))), page=n + 1) for n in range(9)]

    made = plan(*chunks, max_images=3)

    assert made.request is not None
    assert len(made.request.images) == len(prepared) == 3
