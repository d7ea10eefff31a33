"""Decks of slides: text that is found, slides a second, renders beside a bare LibreOffice.

    python benchmarks/slides.py --fetch
    python benchmarks/slides.py --rounds 3 --json slides.json

The decks are those inside the source distribution of python-pptx, which `--fetch` downloads with
pip, and the templates that LibreOffice ships, converted to .pptx. Reported are

- recall: which share of the runs of text (`a:t`) in the XML of slides, notes, diagrams and charts
  stands in the text of their slide's chunk. The XML is read here by itself, not by the loader. The
  automatic numbers of notes pages are counted apart: they are no words of a slide;
- slides a CPU second, without renders, the median of the rounds;
- CPU and wall seconds of painting all decks with an empty cache beside one bare
  `soffice --convert-to pdf` of the same files with a new profile, and of loading them a second
  time, from the cache.
"""

from __future__ import annotations

import argparse
import json
import os
import posixpath
import shutil
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from ragsight import SlideLoader
from ragsight.errors import EmptyDocumentError, RagsightError
from ragsight.loaders.slides.painting import RenderCache, convert, prepare_renders
from ragsight.loaders.slides.painting.soffice import find_soffice

CACHE = Path(os.environ.get("RAGSIGHT_TEST_DECKS", Path.home() / ".cache/ragsight/decks"))
SOURCE = "python-pptx==1.0.2"
TEMPLATES = Path("/usr/lib/libreoffice/share/template/common/presnt")

_OPEN = "http://schemas.openxmlformats.org"
_RUN = f"{{{_OPEN}/drawingml/2006/main}}t"
_FIELD = f"{{{_OPEN}/drawingml/2006/main}}fld"
_SLIDE_ID = f"{{{_OPEN}/presentationml/2006/main}}sldId"
_REFERENCE = f"{{{_OPEN}/officeDocument/2006/relationships}}id"
_WITH_WORDS = frozenset({"notesSlide", "chart", "chartEx", "diagramData", "chartUserShapes"})


def fetch(cache: Path) -> None:
    """Download the decks that can be had, and convert the templates."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "pip", "download", SOURCE, "--no-binary", ":all:"]
        subprocess.run([*command, "--no-deps", "--quiet", "--dest", folder], check=True)
        (archive,) = Path(folder).glob("*.tar.gz")
        with tarfile.open(archive) as opened:
            for member in opened:
                if member.isfile() and member.name.endswith(".pptx"):
                    data = opened.extractfile(member)
                    assert data is not None
                    name = "-".join(Path(member.name).parts[1:])
                    (cache / name).write_bytes(data.read())
    for template in sorted(TEMPLATES.glob("*.otp")):
        target = cache / f"libreoffice-{template.stem}.pptx"
        if find_soffice() is not None and not target.exists():
            shutil.copyfile(convert(template, "pptx"), target)


def readable(paths: Sequence[Path]) -> list[Path]:
    """The decks that have something on their slides."""
    kept = []
    for path in paths:
        try:
            if SlideLoader(path, render="off", on_error=ignore).load():
                kept.append(path)
        except EmptyDocumentError:
            continue
    return kept


def ignore(error: RagsightError) -> None:
    """Go on."""


def related(archive: zipfile.ZipFile, part: str) -> dict[str, tuple[str, str]]:
    """Kind and target of what a part refers to, by id."""
    folder, name = posixpath.split(part)
    try:
        root = ElementTree.fromstring(archive.read(f"{folder}/_rels/{name}.rels"))
    except KeyError:
        return {}
    return {
        item.get("Id", ""): (
            item.get("Type", "").rpartition("/")[2],
            posixpath.normpath(posixpath.join("/", folder, item.get("Target", ""))).lstrip("/"),
        )
        for item in root
        if item.get("TargetMode") != "External"
    }


def parts_with_words(archive: zipfile.ZipFile, slide: str) -> Iterator[str]:
    """A slide's part, and those of its notes, charts and diagrams."""
    waiting = [slide]
    while waiting:
        part = waiting.pop()
        if part in archive.namelist():
            yield part
            found = related(archive, part).values()
            waiting += [target for kind, target in found if kind in _WITH_WORDS]


def runs(archive: zipfile.ZipFile, part: str) -> Iterator[tuple[str, bool]]:
    """Runs of text, and whether each is the automatic number of a notes page."""
    root = ElementTree.fromstring(archive.read(part))
    numbers = {
        run
        for field in root.iter(_FIELD)
        if field.get("type") == "slidenum" and "notesSlide" in part
        for run in field.iter(_RUN)
    }
    for run in root.iter(_RUN):
        if words := " ".join((run.text or "").split()):
            yield words, run in numbers


def recall(paths: Sequence[Path]) -> dict[str, float]:
    """Shares of runs found, and how many there are."""
    counts = {"runs": 0, "found": 0, "numbers": 0}
    for path in paths:
        chunks = SlideLoader(path, render="off", on_error=ignore).load()
        texts = {c.source.page: " ".join(c.text.split()) for c in chunks if c.kind == "slide"}
        with zipfile.ZipFile(path) as archive:
            slides = related(archive, "ppt/presentation.xml")
            listed = ElementTree.fromstring(archive.read("ppt/presentation.xml")).iter(_SLIDE_ID)
            for count, item in enumerate(listed, start=1):
                for part in parts_with_words(archive, slides[item.get(_REFERENCE, "")][1]):
                    for words, is_number in runs(archive, part):
                        is_found = words in texts.get(count, "")
                        counts["runs"] += 1
                        counts["found"] += is_found
                        counts["numbers"] += is_number and not is_found
    found, total = counts["found"], counts["runs"]
    return {
        "runs": total,
        "recall": found / (total - counts["numbers"]),
        "recall, numbers of notes pages counted": found / total,
    }


def speed(paths: Sequence[Path], rounds: int) -> dict[str, float]:
    """Slides a CPU second without renders."""
    seconds, slides, chunks = [], 0, 0
    for _ in range(rounds):
        started = time.process_time()
        loaded = [SlideLoader(path, render="off", on_error=ignore).load() for path in paths]
        seconds.append(time.process_time() - started)
        slides = sum(chunk.kind == "slide" for deck in loaded for chunk in deck)
        chunks = sum(map(len, loaded))
    return {
        "slides": slides,
        "chunks": chunks,
        "slides per CPU second": slides / statistics.median(seconds),
    }


def cost(work: Callable[[], object]) -> tuple[float, float]:
    """CPU seconds, those of ended child processes included, and wall seconds."""
    before, started = os.times(), time.perf_counter()
    work()
    after = os.times()
    return sum(after[:4]) - sum(before[:4]), time.perf_counter() - started


def bare(paths: Sequence[Path]) -> None:
    """One process of LibreOffice for all decks, as one would call it by hand."""
    soffice = find_soffice()
    assert soffice is not None
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder, "profile").as_uri()
        command = [str(soffice.program), f"-env:UserInstallation={profile}", "--headless"]
        command += ["--convert-to", "pdf", "--outdir", folder, *map(str, paths)]
        subprocess.run(command, check=True, capture_output=True)


def load_all(paths: Sequence[Path]) -> None:
    """Load every deck with its renders."""
    for path in paths:
        SlideLoader(path, render="require", on_error=ignore).load()


def renders(paths: Sequence[Path], rounds: int) -> dict[str, float]:
    """Painting with an empty cache beside the bare conversion, and loading again."""
    measured: dict[str, list[tuple[float, float]]] = {
        "bare": [],
        "ours": [],
        "first": [],
        "again": [],
    }
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as home:
            os.environ["RAGSIGHT_HOME"] = home
            measured["bare"].append(cost(lambda: bare(paths)))
            cache = RenderCache(Path(home, "renders"))
            measured["ours"].append(
                cost(lambda: prepare_renders(paths, on_error=ignore, cache=cache))  # noqa: B023
            )
            shutil.rmtree(Path(home, "renders"), ignore_errors=True)

            def whole() -> None:
                prepare_renders(paths, on_error=ignore)
                load_all(paths)

            measured["first"].append(cost(whole))
            measured["again"].append(cost(lambda: load_all(paths)))
    medians = {
        f"{name}, {unit} s": statistics.median(run[column] for run in runs_)
        for name, runs_ in measured.items()
        for column, unit in enumerate(("CPU", "wall"))
    }
    return {
        **medians,
        "ours / bare, CPU": medians["ours, CPU s"] / medians["bare, CPU s"],
        "ours / bare, wall": medians["ours, wall s"] / medians["bare, wall s"],
        "first / again, CPU": medians["first, CPU s"] / medians["again, CPU s"],
        "first / again, wall": medians["first, wall s"] / medians["again, wall s"],
    }


def show(title: str, numbers: dict[str, float]) -> None:
    """Print a Markdown table."""
    print(f"\n{title}\n\n| | |\n|---|---|")
    for name, value in numbers.items():
        print(f"| {name} | {value:,.4g} |" if value % 1 else f"| {name} | {value:,.0f} |")


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of the decks")
    parser.add_argument("--fetch", action="store_true", help="get the decks first")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-renders", action="store_true", help="text side only")
    parser.add_argument("--json", type=Path, help="write the numbers")
    return parser.parse_args()


def main() -> None:
    """Measure and print."""
    args = parsed()
    if args.fetch:
        fetch(args.cache)
    paths = readable(sorted(args.cache.rglob("*.pptx")))
    if not paths:
        sys.exit(f"{args.cache}: there are no decks. Run it with --fetch.")
    results: dict[str, Any] = {"recall": recall(paths), "speed": speed(paths, args.rounds)}
    show(f"Text of {len(paths)} decks", {**results["recall"], **results["speed"]})
    if not args.no_renders:
        if find_soffice() is None:
            print("\nRenders: not measured: LibreOffice isn't installed.")
        else:
            results["renders"] = renders(paths, args.rounds)
            show("Renders, medians", results["renders"])
    if args.json:
        args.json.write_text(json.dumps(results, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
