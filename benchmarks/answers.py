"""How long photographs take to be planned and prepared for a vision model, and what goes out.

    python benchmarks/answers.py [--photos 8] [--rounds 3]

Beside it what a request is without preparation: the files as they are, in base64. Photographs are
generated (see `encode_data.py`); those of 12 megapixels take 3 MB. CPU time is that of all threads,
so on two idle cores the wall time is about half of it.
"""

from __future__ import annotations

import argparse
import base64
import resource
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from encode_data import write_pictures

from ragsight import Chunk, Source, SynthesizerOptions, image_ref
from ragsight.answer import RequestPlan, plan_request, profile_for

MODELS = (
    ("openai", "gpt-5.4", "high"),
    ("openai", "gpt-4o", "high"),
    ("openai", "gpt-5.5", "original"),
    ("anthropic", "claude-opus-4-7", "high"),
    ("anthropic", "claude-sonnet-4-5", "high"),
    ("local", "qwen2.5vl", "high"),
)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        paths = write_pictures(Path(folder), "12 MP JPEG", arguments.photos)
        print(f"{len(paths)} photographs of 12 megapixels, median of {arguments.rounds} rounds\n")
        print("| model, detail | wall s | CPU s | size | largest image | all images |")
        print("|---|---|---|---|---|---|")
        print(_as_they_are(paths))
        for provider, model, detail in MODELS:
            print(_row(provider, model, detail, paths, arguments.rounds))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory of the whole process: {peak:,.0f} MB")


def _as_they_are(paths: Sequence[Path]) -> str:
    sizes = [len(base64.b64encode(path.read_bytes())) for path in paths]
    return f"| the files as they are | | | 4000x3000 | {_mb(max(sizes))} | {_mb(sum(sizes))} |"


def _row(provider: str, model: str, detail: str, paths: Sequence[Path], rounds: int) -> str:
    walls, cpus = [], []
    for _ in range(rounds):
        wall, cpu = time.perf_counter(), time.process_time()
        plan = _plan(provider, model, detail, paths)
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    images = [] if plan.request is None else plan.request.images
    if len(images) != len(paths):
        raise SystemExit(f"{model}: only {len(images)} images were sent: {plan.warnings}")
    sizes = [image.base64_size for image in images]
    return (
        f"| {model}, {detail} | {statistics.median(walls):.2f} | {statistics.median(cpus):.2f} "
        f"| {images[0].width}x{images[0].height} | {_mb(max(sizes))} | {_mb(sum(sizes))} |"
    )


def _plan(provider: str, model: str, detail: str, paths: Sequence[Path]) -> RequestPlan:
    """From files to a request, as an answer begins."""
    chunks = [
        Chunk(image=image_ref(path), source=Source(uri=str(path)), kind="image") for path in paths
    ]
    options = SynthesizerOptions(detail=detail, max_images=len(paths), image_token_budget=1_000_000)
    return plan_request("What do these show?", chunks, profile_for(provider, model), options)


def _mb(size: int) -> str:
    return f"{size / 1e6:.2f} MB"


if __name__ == "__main__":
    main()
