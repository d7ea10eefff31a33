"""From image files and queries to CLIP vectors: ragsight beside what else there is.

    pip install 'ragsight[onnx]' open_clip_torch sentence-transformers matplotlib
    python benchmarks/encode.py --threads 1 --rounds 5 --chart encode.png

Every contender gets the same generated pictures and, where its loader allows, the same random
ViT-B/32 weights; cosines to the first contender show that it did. All are measured in turn, so
that a machine whose speed drifts slows all; reported are medians. Peers that aren't installed are
listed as such.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from encode_contenders import CONTENDERS, PEERS, Contender, Setup, features, transformers_parts
from encode_data import (
    QUERIES,
    SETS,
    TEXT_WIDTH,
    VISION_WIDTH,
    forward_gflop,
    write_checkpoint,
    write_pictures,
)
from encode_measure import Row, as_json, compare, draw_chart, in_turn, machine, table, timed

FORWARD_BATCH = 16
GEMM_SHAPES = (
    (2048, 2048, 2048),
    (FORWARD_BATCH * 50, VISION_WIDTH, 4 * VISION_WIDTH),
    (FORWARD_BATCH * 50, 4 * VISION_WIDTH, VISION_WIDTH),
)
GEMM_GFLOP = 40
PHOTOS = "12 MP JPEG"


def image_rows(
    contenders: Sequence[Contender], setup: Setup, arguments: argparse.Namespace
) -> list[Row]:
    """From files to vectors, one section for each set of pictures."""

    def prepare(paths: Sequence[Path]) -> Callable[[Contender, Setup], Callable[[], np.ndarray]]:
        def make(contender: Contender, setup: Setup) -> Callable[[], np.ndarray]:
            assert contender.files is not None
            embed = contender.files(setup)
            return lambda: embed(paths)

        return make

    able = [each for each in contenders if each.files is not None]
    rows: list[Row] = []
    for name in SETS:
        paths = write_pictures(setup.folder, name, arguments.images)
        section = f"{name}, file to vector"
        rows += compare(section, able, setup, prepare(paths), arguments.rounds, len(paths))
    return rows


def text_rows(
    contenders: Sequence[Contender], setup: Setup, arguments: argparse.Namespace
) -> list[Row]:
    """From one query to its vector."""

    def prepare(contender: Contender, setup: Setup) -> Callable[[], np.ndarray]:
        assert contender.text is not None
        embed = contender.text(setup)
        return lambda: np.stack([embed(query) for query in QUERIES])

    able = [each for each in contenders if each.text is not None]
    return compare(
        "text query, one at a time", able, setup, prepare, 2 * arguments.rounds, len(QUERIES)
    )


def forward_rows(setup: Setup, arguments: argparse.Namespace) -> list[Row]:
    """The vision forward pass alone, against the best matrix product of the same run."""
    calls = forward_calls(setup)
    section = f"vision forward pass alone, batches of {FORWARD_BATCH}"
    rates: list[float] = []
    calls["sgemm"] = lambda: rates.append(sgemm_rate())
    medians = in_turn(calls, arguments.rounds, FORWARD_BATCH)
    del medians["sgemm"]
    ceiling = statistics.median(rates)
    first = next(iter(medians.values()))[0]
    rows = []
    for name, (cpu, wall) in medians.items():
        share = forward_gflop() / (cpu / 1000) / ceiling
        remark = f"{share:.1%} of the best sgemm, {ceiling:.0f} GFLOP/s"
        rows.append(Row(section, name, cpu, wall, cpu / first, remark=remark))
    return rows


def forward_calls(setup: Setup) -> dict[str, Callable[[], Any]]:
    """The forward passes to measure."""
    import torch

    from ragsight.encoders.clip.checkpoint import Checkpoint
    from ragsight.encoders.clip.fast_vision import fast_vision_tower
    from ragsight.encoders.clip.preprocessing import ImagePreparer

    shape = (FORWARD_BATCH, 224, 224, 3)
    pixels = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    checkpoint = Checkpoint(str(setup.checkpoint))
    recipe = ImagePreparer(checkpoint, exact=True).recipe
    assert recipe is not None
    model, _ = transformers_parts(setup)
    values = torch.from_numpy(pixels).permute(0, 3, 1, 2).float() / 255

    def plain() -> Any:
        with torch.inference_mode():
            return features(model.get_image_features(pixel_values=values))

    tower = fast_vision_tower(
        checkpoint.load_model().eval(),
        mean=recipe.mean,
        std=recipe.std,
        rescale=recipe.rescale,
    )
    assert tower is not None
    found: dict[str, Callable[[], Any]] = {
        "transformers": plain,
        "ragsight, torch": lambda: tower(torch.from_numpy(pixels)),
    }
    for name, precision in (("onnx", "fp32"), ("onnx int8", "int8")):
        try:
            from ragsight.encoders.onnx import onnx_backend

            backend = onnx_backend(
                checkpoint,
                recipe,
                precision=precision,  # type: ignore[arg-type]
                cache_folder=setup.folder / "onnx",
                threads=setup.threads,
            )
        except ImportError as error:
            print(f"ragsight, {name}: {error}")
            continue
        found[f"ragsight, {name}"] = lambda backend=backend: backend.embed_pixels(pixels)
    for call in found.values():
        call()
    return found


def sgemm_rate() -> float:
    """GFLOP in a second of CPU time of the fastest of a few float32 matrix products."""
    return max(_sgemm_rate(*shape) for shape in GEMM_SHAPES)


def _sgemm_rate(rows: int, inner: int, columns: int) -> float:
    import torch

    first, second = torch.randn(rows, inner), torch.randn(columns, inner)
    result = torch.empty(rows, columns)
    # As long as a forward pass takes, so that both meet the same disturbances.
    repeats = 1 + int(GEMM_GFLOP / (2e-9 * rows * inner * columns))

    def multiply() -> None:
        for _ in range(repeats):
            torch.mm(first, second.t(), out=result)

    return repeats * 2e-9 * rows * inner * columns / timed(multiply)[0]


def cache_rows(setup: Setup, arguments: argparse.Namespace) -> list[Row]:
    """Images that were embedded before, through the cache, against embedding them."""
    from ragsight.encoders import ClipEncoder, ClipOptions
    from ragsight.encoders.cache import CachedEncoder, EmbeddingCache

    encoder = ClipEncoder(
        str(setup.checkpoint), options=ClipOptions(threads=setup.threads, workers=0)
    )
    cached = CachedEncoder(encoder, EmbeddingCache(setup.folder / "cache.sqlite"))
    rows = []
    for name in (PHOTOS, "0.3 MP JPEG"):
        paths = write_pictures(setup.folder, name, arguments.images)
        calls: dict[str, Callable[[], Any]] = {
            "ragsight, embedded": lambda paths=paths: encoder.encode_images(paths),
            "ragsight, cached": lambda paths=paths: cached.encode_images(paths),
        }
        for call in calls.values():
            call()
        medians = in_turn(calls, arguments.rounds, len(paths))
        first = medians["ragsight, embedded"][0]
        for each, (cpu, wall) in medians.items():
            remark = f"{first / cpu:.0f} times faster" if each != "ragsight, embedded" else ""
            section = f"{name}, again"
            rows.append(Row(section, each, cpu, wall, cpu / first, remark=remark))
    return rows


def memory_lines(
    contenders: Sequence[Contender], setup: Setup, arguments: argparse.Namespace
) -> list[str]:
    """How much memory grows over photographs, each contender in a process of its own."""
    counts = arguments.photos
    paths = write_pictures(setup.folder, PHOTOS, max(counts))
    small = write_pictures(setup.folder, "0.3 MP JPEG", 1)
    lines = [
        f"memory growth in MB over {PHOTOS} photographs, beyond model and one small image",
        f"  {'':32}" + "".join(f"{count:>8} photos" for count in counts),
    ]
    for contender in contenders:
        if contender.files is None:
            continue
        cells = [
            memory_growth(contender, setup, small + paths[:count], arguments) for count in counts
        ]
        lines.append(f"  {contender.name:32}" + "".join(f"{cell:>15}" for cell in cells))
    return lines


def memory_growth(
    contender: Contender, setup: Setup, paths: Sequence[Path], arguments: argparse.Namespace
) -> str:
    """Memory growth of one contender, in MB as text; what kept it from running otherwise."""
    task = {
        "contender": contender.name,
        "checkpoint": str(setup.checkpoint),
        "folder": str(setup.folder),
        "paths": [str(path) for path in paths],
    }
    command = [sys.executable, __file__, "--threads", str(arguments.threads), "--child"]
    done = subprocess.run([*command, json.dumps(task)], capture_output=True, text=True, check=False)
    if done.returncode == 0:
        return done.stdout.split()[-1]
    return (
        "not installed" if "ImportError" in done.stderr or "NotFound" in done.stderr else "failed"
    )


def run_child(task: dict[str, Any], threads: int) -> None:
    """Print by how many MB the process's peak grows; run in a process of its own."""
    (contender,) = (each for each in CONTENDERS if each.name == task["contender"])
    setup = Setup(Path(task["checkpoint"]), Path(task["folder"]), threads)
    small, *paths = map(Path, task["paths"])
    assert contender.files is not None
    embed = contender.files(setup)
    embed([small])
    before = start_peak()
    embed(paths)
    print(round((peak() - before) / 1024))


def start_peak() -> int:
    """Make the kernel forget the process's peak; what it uses now, in kB. Linux only."""
    Path("/proc/self/clear_refs").write_text("5")
    return _status("VmRSS")


def peak() -> int:
    """The most that the process has used since `start_peak`, in kB."""
    return _status("VmHWM")


def _status(name: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    (line,) = (line for line in lines if line.startswith(f"{name}:"))
    return int(line.split()[1])


def set_threads(threads: int) -> None:
    """Limit every library to a number of threads; before any of them is imported."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[name] = str(threads)
    os.environ.update(TOKENIZERS_PARALLELISM="false", HF_HUB_OFFLINE="1")
    import torch

    torch.set_num_threads(threads)


SECTIONS = ("images", "text", "forward", "cache", "memory")


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--threads", type=int, default=1, help="of every library")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--images", type=int, default=16, help="in each set")
    parser.add_argument("--photos", type=int, nargs="+", default=[8, 24], help="for memory")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=list(SECTIONS))
    parser.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    parser.add_argument("--json", type=Path, help="write all figures to a file")
    parser.add_argument("--chart", type=Path, help="draw a PNG; needs matplotlib")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    return parser.parse_args()


def run(arguments: argparse.Namespace, folder: Path) -> tuple[list[Row], list[str]]:
    """Measure the sections that were asked for, printing each."""
    contenders = [each for each in CONTENDERS if each.peer in arguments.peers]
    setup = Setup(write_checkpoint(folder / "clip"), folder, arguments.threads)
    tasks: dict[str, Callable[[], list[Row]]] = {
        "images": lambda: image_rows(contenders, setup, arguments),
        "text": lambda: text_rows(contenders, setup, arguments),
        "forward": lambda: forward_rows(setup, arguments),
        "cache": lambda: cache_rows(setup, arguments),
    }
    rows: list[Row] = []
    for name, task in tasks.items():
        if name in arguments.sections:
            fresh = task()
            rows += fresh
            for section in dict.fromkeys(row.section for row in fresh):
                print(table([row for row in fresh if row.section == section]), end="\n\n")
    lines = []
    if "memory" in arguments.sections:
        lines = memory_lines(contenders, setup, arguments)
        print("\n".join(lines))
    return rows, lines


def main() -> None:
    """Measure, print the tables, and write what else was asked for."""
    arguments = parse()
    set_threads(arguments.threads)
    if arguments.child is not None:
        run_child(json.loads(arguments.child), arguments.threads)
        return
    about = machine()
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    print(f"{arguments.threads} thread(s), {arguments.rounds} rounds, {TEXT_WIDTH} dimensions\n")
    with tempfile.TemporaryDirectory() as folder:
        rows, memory = run(arguments, Path(folder))
    if arguments.json is not None:
        content = {"machine": about, "threads": arguments.threads, "rows": as_json(rows)}
        arguments.json.write_text(json.dumps({**content, "memory": memory}, indent=2))
    if arguments.chart is not None:
        draw_chart(rows, arguments.chart)


if __name__ == "__main__":
    main()
