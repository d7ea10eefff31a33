"""How many files of ragsight a call goes through: `python benchmarks/files_entered.py`.

That is what somebody reads who wants to know what happens. Counted are files with a function that
runs during the call, on a small index in a folder, the second time that it is made.
"""

from __future__ import annotations

import io
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from PIL import Image, ImageDraw

import ragsight
from ragsight import (
    Chunk,
    ClipEncoder,
    MultimodalRetriever,
    MultimodalStore,
    Source,
    VisionSynthesizer,
)
from ragsight.images import image_ref
from ragsight.testing import FakeVisionBackend

ROOT = Path(ragsight.__file__).parent
APART = {"encoders/clip", "images", "testing.py"}
"""Rooms that stand for a step that a reader may pass over: the forward pass, preparing images, and
the model's stand-in."""


def entered(call: Callable[[], Any]) -> set[str]:
    """Files of ragsight in which a function ran, in any thread that the call began."""
    call()
    found: set[str] = set()

    def note(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_name != "<module>":
            found.add(frame.f_code.co_filename)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        call()
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]
    own = (Path(name) for name in found)
    return {path.relative_to(ROOT).as_posix() for path in own if path.is_relative_to(ROOT)}


def drawn(text: str) -> bytes:
    """A small picture."""
    image = Image.new("RGB", (320, 200), "white")
    ImageDraw.Draw(image).text((20, 80), text, fill="black")
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return buffer.getvalue()


def calls(folder: Path) -> dict[str, Callable[[], Any]]:
    """What is counted, by name."""
    encoder = ClipEncoder("ragsight-demo")
    store = MultimodalStore.open(folder / "index", encoder=encoder)
    source = Source(uri="manual.pdf", page=2)
    store.upsert(
        [
            Chunk(text="The valve opens at 3 bar.", source=source),
            Chunk(text="Figure 1: the valve.", image=image_ref(drawn("valve")), source=source),
        ]
    )
    retriever = MultimodalRetriever(store)
    hits = retriever.retrieve("valve")
    synthesizer = VisionSynthesizer(FakeVisionBackend("At 3 bar [1]."))
    return {
        "retrieve, words and a filter": lambda: retriever.retrieve("valve", filter={"page": 2}),
        "answer, a passage and a figure": lambda: synthesizer.answer("When does it open?", hits),
    }


def main() -> None:
    """Print the counts, and with `--names` the files."""
    print(f"{'call':<34}{'files':>6}{'apart from ' + ', '.join(sorted(APART)):>45}")
    with tempfile.TemporaryDirectory() as folder:
        for name, call in calls(Path(folder)).items():
            files = entered(call)
            rest = {file for file in files if not any(file.startswith(room) for room in APART)}
            print(f"{name:<34}{len(files):>6}{len(rest):>45}")
            if "--names" in sys.argv:
                print(*(f"    {file}" for file in sorted(files)), sep="\n")


if __name__ == "__main__":
    main()
