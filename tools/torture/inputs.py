"""Mutated files of every format, in batches of one process, with limits of time and memory."""

from __future__ import annotations

import io
import random
import resource
from collections.abc import Callable
from pathlib import Path

import decks  # type: ignore[import-not-found]
import documents  # type: ignore[import-not-found]
import pdfs  # type: ignore[import-not-found]
from ragsight import load
from ragsight.errors import RagsightError
from tools.torture.children import Say, Tally, start

BATCH = 50
SECONDS = 45.0
MEMORY = 6 << 30
PICTURES = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF")
WORDS = "# Pump\n\nA pump lifts water.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n![x](x.png)\n"


PAGE = (
    "<html><body><h1>Pump</h1><p>It lifts water.</p><figure><img src='x.png' alt='A pump'>"
    "<figcaption>Figure 1: It</figcaption></figure><table><tr><th>a<th>b<tr><td>1<td>2</table>"
)
DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>Pump</title>'
    '<rect id="r" width="5" height="5"/><text>Inlet</text><use href="#r"/></svg>'
)


def _draw(page: object) -> None:
    pdfs.heading(page, (72, 80), "1 Pump")
    pdfs.paragraph(page, (72, 100, 500, 300))
    pdfs.picture(page, (72, 320, 300, 500))


def _samples(folder: Path) -> dict[str, bytes]:
    """One good file of each format, by its suffix."""
    samples = {}
    for kind in PICTURES:
        buffer = io.BytesIO()
        pdfs.photo((64, 48)).save(buffer, kind)
        samples[f".{kind.lower()}"] = buffer.getvalue()
    pdf = pdfs.save_pdf(folder / "sample.pdf", _draw)
    deck = decks.new_deck()
    slide = decks.add_slide(deck, "Pump")
    decks.add_text(slide, "A pump lifts water.", decks.box(1, 2, 4, 1))
    deck.save(str(folder / "sample.pptx"))
    samples[".pdf"], samples[".pptx"] = pdf.read_bytes(), (folder / "sample.pptx").read_bytes()
    samples[".docx"] = _document(folder)
    samples[".html"], samples[".svg"] = PAGE.encode(), DRAWING.encode()
    samples[".csv"] = b"title,price\nPump,12\nValve,3\n"
    samples[".jsonl"] = b'{"title": "Pump", "price": 12}\n{"title": "Valve", "price": 3}\n'
    samples[".md"] = samples[".txt"] = WORDS.encode()
    return samples


def _document(folder: Path) -> bytes:
    inside = documents.drawing("rP", "A pump")
    body = documents.paragraph("Pump", "H1") + documents.paragraph("It lifts water.", inside=inside)
    path = documents.word_file(
        folder / "sample.docx",
        body + documents.table("a | b", "1 | 2"),
        related={"rP": ("image", "media/1.png")},
        parts={"word/media/1.png": documents.png(pdfs.photo((64, 48)))},
    )
    return bytes(path.read_bytes())


def mutated(data: bytes, chance: random.Random) -> bytes:
    """Cut, flip, zero, repeat or put in some bytes, one to four times."""
    out = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(out) + 1)
        end = min(len(out), at + chance.choice((1, 4, 64, 1024)))
        how = chance.randrange(5)
        if how == 0:
            del out[at:]
        elif how == 1:
            out[at:end] = bytes(b ^ (1 << chance.randrange(8)) for b in out[at:end])
        elif how == 2:
            out[at:end] = bytes(end - at)
        elif how == 3:
            out[at:at] = out[at:end] * chance.choice((1, 2, 50))
        else:
            out[at:at] = chance.randbytes(chance.choice((1, 8, 200)))
    return bytes(out)


def _work(
    seed: int, cases: range, samples: dict[str, bytes], folder: Path
) -> Callable[[Say], None]:
    suffixes = sorted(samples)

    def work(say: Say) -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        for case in cases:
            suffix = suffixes[case % len(suffixes)]
            path = folder / f"input{suffix}"
            path.write_bytes(mutated(samples[suffix], random.Random(f"{seed} input {case}")))
            say("case", case)
            try:
                said = sum(1 for _ in load(path, on_error=lambda *_: None))
                say("loaded", said)
            except RagsightError:
                pass
            except Exception as error:  # noqa: BLE001 - what is looked for
                say("foreign", [case, f"{suffix}: {type(error).__name__}: {error}"[:300]])

    return work


def torture(seed: int, cases: range, folder: Path) -> Tally:
    """Load so many mutated files; a process that dies is replaced by another."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = _samples(folder)
    tally = Tally()
    at = cases.start
    while at < cases.stop:
        at = _batch(seed, range(at, min(at + BATCH, cases.stop)), samples, folder, tally)
    return tally


def _batch(seed: int, cases: range, samples: dict[str, bytes], folder: Path, tally: Tally) -> int:
    """Run some cases in one process; the number of the case to go on with."""
    child = start(_work(seed, cases, samples, folder))
    now, foreign, column = cases.start, {}, ""
    try:
        for kind, what in child.lines(SECONDS):
            if kind == "case":
                now = what
            elif kind == "foreign":
                foreign[what[0]] = what[1]
            elif kind == "fault":
                foreign[now] = what[1]
    except TimeoutError:
        column = "hung"
        child.kill()
    if child.end() and not column:
        column = "crashed"
    for case in range(cases.start, now + 1):
        faults = [("foreign exceptions", foreign[case])] if case in foreign else []
        if case == now and column:
            faults.append((column, f"{sorted(samples)[case % len(samples)]}"))
        tally.add(case, faults)
    return now + 1
