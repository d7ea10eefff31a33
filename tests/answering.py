"""Chunks and pictures for the tests of answers."""

from __future__ import annotations

import io
from collections.abc import Sequence

from PIL import Image, ImageDraw

from ragsight import Answer, VisionSynthesizer
from ragsight.chunks import Chunk, ImageRef, Source
from ragsight.images import image_ref


def picture(size: tuple[int, int] = (320, 200), colour: str = "red", mark: int = 0) -> bytes:
    """A PNG; pictures with different marks differ."""
    image = Image.new("RGB", size, colour)
    ImageDraw.Draw(image).text((5, 5), str(mark), fill="white")
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def passage(text: str = "The valve opens at 3 bar.", page: int = 2) -> Chunk:
    """A passage of a manual."""
    return Chunk(text=text, source=Source(uri="/docs/manual.pdf", page=page))


def figure(mark: int = 0, *, size: tuple[int, int] = (320, 200), text: str = "") -> Chunk:
    """A figure of a manual with a picture of its own."""
    return Chunk(
        text=text,
        image=image_ref(picture(size, mark=mark)),
        source=Source(uri="/docs/manual.pdf", page=4, part=f"figure {mark}"),
        kind="figure",
        metadata={"label": f"Figure {mark}", "caption": "The valve"},
    )


def broken_figure() -> Chunk:
    """A figure whose picture is cut short."""
    whole = image_ref(picture())
    cut = picture()[:-30]
    ref = ImageRef(
        uri="blob:cut", sha256="c" * 64, mime="image/png", width=whole.width,
        height=whole.height, size=len(cut), data=cut,
    )  # fmt: skip
    return Chunk(
        text="A cut figure shows the pump.",
        image=ref,
        source=Source(uri="/docs/manual.pdf", page=5),
        kind="figure",
    )


WAYS = ("answer", "aanswer", "stream", "astream")
"""The ways of asking a synthesizer."""


async def ask_in(
    way: str, synthesizer: VisionSynthesizer, sources: Sequence[Chunk], question: str = "When?"
) -> tuple[str, Answer]:
    """Ask in one of the four ways; returns the text that was shown and the answer."""
    if way == "answer":
        answer = synthesizer.answer(question, sources)
        return answer.text, answer
    if way == "aanswer":
        answer = await synthesizer.aanswer(question, sources)
        return answer.text, answer
    if way == "stream":
        stream = synthesizer.stream(question, sources)
        return "".join(stream), stream.answer
    astream = synthesizer.astream(question, sources)
    return "".join([piece async for piece in astream]), astream.answer
