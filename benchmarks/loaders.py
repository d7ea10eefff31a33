"""Speed and memory of PDF loaders over a mixed corpus, and memory over a long file.

    python benchmarks/loaders.py
    python benchmarks/loaders.py --rounds 5 --sample 30 --long 5000 --json loaders.json

The corpus is a sample of pages, evenly spread, of every document of the labelled set. Each
contender loads it in a process of its own, in turn, several times; reported are medians of pages
per CPU second (imports excluded) and of the process's peak memory. `--long` adds a file of so many
pages, made of the sample's pages over and over.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.util
import io
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pymupdf
from labelled.fetch import CACHE, fetch

Load = Callable[[Path], int]
"""Loads one file, keeps nothing, and returns how many things it made."""

SMOKE_PAGES = 3


def count(things: Iterable[Any]) -> int:
    """How many there are; each is let go before the next is made."""
    return sum(1 for _ in things)


def with_ragsight(**settings: Any) -> Load:
    """`PdfLoader`, read as a stream; a file with a bad page is still loaded."""

    def load(path: Path) -> int:
        from ragsight import PdfLoader
        from ragsight.errors import EmptyDocumentError

        ignored: list[Exception] = []
        try:
            return count(PdfLoader(path, on_error=ignored.append, **settings).lazy_load())
        except EmptyDocumentError:
            # A scan holds nothing for a loader that is told to make no pictures of pages.
            return 0

    return load


def with_pymupdf4llm(*, layout: bool) -> Load:
    """pymupdf4llm to Markdown by page, pictures written to a folder."""

    def load(path: Path) -> int:
        import pymupdf4llm

        pymupdf4llm.use_layout(layout)
        with (
            tempfile.TemporaryDirectory() as folder,
            contextlib.redirect_stdout(io.StringIO()),
        ):
            return len(
                pymupdf4llm.to_markdown(
                    str(path), write_images=True, image_path=folder, page_chunks=True
                )
            )

    return load


def with_pymupdf(path: Path) -> int:
    """Plain text by PyMuPDF: what no loader on top of it can beat."""
    with pymupdf.open(path) as document:
        return count(page.get_text() for page in document)


def with_pypdf(path: Path) -> int:
    """Plain text by pypdf, LangChain's default PDF loader."""
    from pypdf import PdfReader

    return count(page.extract_text() for page in PdfReader(path).pages)


CONTENDERS: Mapping[str, tuple[Load, tuple[str, ...]]] = {
    "ragsight, text only": (with_ragsight(figures=False, page_images="none"), ("ragsight",)),
    "ragsight, text + figures + tables": (
        with_ragsight(figure_images="none", page_images="none"),
        ("ragsight",),
    ),
    "ragsight, and those painted": (with_ragsight(page_images="none"), ("ragsight",)),
    "ragsight, and every page painted": (with_ragsight(page_images="all"), ("ragsight",)),
    "pymupdf4llm with images": (with_pymupdf4llm(layout=True), ("pymupdf4llm", "pymupdf.layout")),
    "pymupdf4llm with images, no layout model": (
        with_pymupdf4llm(layout=False),
        ("pymupdf4llm",),
    ),
    "PyMuPDF, plain text": (with_pymupdf, ("pymupdf",)),
    "pypdf, plain text": (with_pypdf, ("pypdf",)),
}


def missing(name: str) -> str | None:
    """The module that a contender lacks, if any."""
    for module in CONTENDERS[name][1]:
        try:
            if importlib.util.find_spec(module) is None:
                return module
        except ModuleNotFoundError:
            return module
    return None


def sample(path: Path, pages: int, folder: Path) -> Path:
    """A file of some pages of another, evenly spread; made once."""
    target = folder / f"{path.stem}-{pages}.pdf"
    if not target.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with pymupdf.open(path) as document:
            step = max(1, document.page_count / pages)
            wanted = sorted({int(n * step) for n in range(min(pages, document.page_count))})
            document.select(wanted)
            document.save(target, garbage=3, deflate=True)
    return target


def long_file(samples: Sequence[Path], pages: int, folder: Path) -> Path:
    """A file of so many pages: the samples, over and over; made once."""
    target = folder / f"long-{pages}.pdf"
    if not target.exists():
        with pymupdf.open() as document:
            while document.page_count < pages:
                for path in samples:
                    with pymupdf.open(path) as part:
                        last = min(part.page_count, pages - document.page_count) - 1
                        if last >= 0:
                            document.insert_pdf(part, to_page=last, links=False, annots=False)
            document.save(target)
    return target


def pages_in(path: Path) -> int:
    """How many pages a file has."""
    with pymupdf.open(path) as document:
        return document.page_count


def work(name: str, warm_up: Path, paths: Sequence[Path]) -> None:
    """Load the files in this process, and print what it cost as JSON."""
    load, modules = CONTENDERS[name]
    for module in modules:
        importlib.import_module(module)
    # The first pages pay for lazy imports and for loading models. The file for it is made by the
    # parent: cutting it out of a long one here would count towards the peak.
    load(warm_up)
    started = time.process_time()
    things = sum(load(path) for path in paths)
    seconds = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"seconds": seconds, "megabytes": peak / 1024, "things": things}))


def measured(
    name: str, warm_up: Path, paths: Sequence[Path], timeout: float
) -> dict[str, float] | str:
    """What a run in a new process cost, or why there is no result."""
    command = [sys.executable, __file__, "--worker", name, str(warm_up), *map(str, paths)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=True)
    except subprocess.TimeoutExpired:
        return f"took more than {timeout:.0f} s"
    except subprocess.CalledProcessError as error:
        return (error.stderr.strip() or f"exit code {error.returncode}").splitlines()[-1]
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


def compare(
    names: Sequence[str],
    warm_up: Path,
    paths: Sequence[Path],
    rounds: int,
    timeout: float,
) -> dict[str, dict[str, Any]]:
    """Medians over rounds, in each of which every contender runs once."""
    pages = sum(pages_in(path) for path in paths)
    runs: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    failed: dict[str, str] = {}
    for _ in range(rounds):
        for name in names:
            if name not in failed:
                result = measured(name, warm_up, paths, timeout)
                if isinstance(result, str):
                    failed[name] = result
                else:
                    runs[name].append(result)
    return {
        name: {
            "pages per CPU second": pages / statistics.median(r["seconds"] for r in runs[name]),
            "peak MB": statistics.median(r["megabytes"] for r in runs[name]),
        }
        if name not in failed
        else {"failed": failed[name]}
        for name in names
    }


def show(title: str, rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Print a Markdown table."""
    print(f"\n{title}\n\n| | pages per CPU second | peak MB |\n|---|---|---|")
    for name, row in rows.items():
        if "failed" in row:
            print(f"| {name} | {row['failed']} | |")
        else:
            print(f"| {name} | {row['pages per CPU second']:.1f} | {row['peak MB']:.0f} |")


def chart(rows: Mapping[str, Mapping[str, Any]], path: Path) -> None:
    """Bars of speed and of memory side by side."""
    import matplotlib.pyplot as plt

    kept = {name: row for name, row in rows.items() if "failed" not in row}
    figure, axes = plt.subplots(1, 2, figsize=(11, 4), layout="constrained", sharey=True)
    for ax, column in zip(axes, ("pages per CPU second", "peak MB"), strict=True):
        bars = ax.barh(list(kept), [row[column] for row in kept.values()])
        ax.bar_label(bars, fmt="%.0f", padding=3)
        ax.set_title(column)
        ax.margins(x=0.15)
    axes[0].set_xscale("log")
    axes[0].invert_yaxis()
    figure.savefig(path, dpi=120)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of the PDFs")
    parser.add_argument("--sample", type=int, default=15, help="pages of each document")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", choices=list(CONTENDERS), default=list(CONTENDERS))
    parser.add_argument("--long", type=int, default=0, help="pages of a long file; 0 for none")
    parser.add_argument("--timeout", type=float, default=1800.0, help="seconds for one run")
    parser.add_argument("--json", type=Path, help="write the numbers")
    parser.add_argument("--chart", type=Path, help="write a chart as PNG")
    return parser.parse_args()


def main() -> None:
    """Measure the contenders and print the tables."""
    if sys.argv[1:2] == ["--worker"]:
        work(sys.argv[2], Path(sys.argv[3]), [Path(arg) for arg in sys.argv[4:]])
        return
    args = parsed()
    fetched = fetch(args.cache)
    for name, why in fetched.missing.items():
        print(f"{name}: skipped: {why}", file=sys.stderr)
    folder = args.cache / "samples"
    samples = [sample(path, args.sample, folder) for path in fetched.documents.values()]
    warm_up = sample(samples[0], SMOKE_PAGES, folder)
    absent = {name: module for name in args.only if (module := missing(name))}
    names = [name for name in args.only if name not in absent]
    results = {"corpus": compare(names, warm_up, samples, args.rounds, args.timeout)}
    pages = sum(pages_in(path) for path in samples)
    show(f"{len(samples)} documents, {pages} pages", results["corpus"])
    for name, module in absent.items():
        print(f"{name}: not run: {module} isn't installed")
    if args.long:
        path = long_file(samples, args.long, folder)
        results["long"] = compare(names, warm_up, [path], 1, args.timeout)
        show(f"One file of {args.long:,} pages", results["long"])
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n", "utf-8")
    if args.chart:
        chart(results["corpus"], args.chart)


if __name__ == "__main__":
    main()
