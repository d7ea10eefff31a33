"""Mutated files of every format, in batches of one process, with limits of time and memory."""

from __future__ import annotations

import io
import random
import resource
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pillow_heif

import decks  # type: ignore[import-not-found]
import documents  # type: ignore[import-not-found]
import pdfs  # type: ignore[import-not-found]
from ragsight import SlideOptions, load
from ragsight.errors import RagsightError
from tools.torture.children import Say, Tally, start

BATCH = 50
SECONDS = 45.0
MEMORY = 6 << 30
PARTS = 0.7
"""Share of packages whose parts are mutated; the others are broken as files."""
PICTURES = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "AVIF")
SLOW = {".odp": 50, ".pptx": 10}
"""LibreOffice takes one to three seconds a deck: of so many mutated ones it gets one (`.odp`, in
whose stead a deck is read without it) or paints one (`.pptx`)."""
WORDS = "# Pump\n\nA pump lifts water.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n![x](x.png)\n"
PAGE = (
    "<html><body><h1>Pump</h1><p>It lifts water.</p><figure><img src='x.png' alt='A pump'>"
    "<figcaption>Figure 1: It</figcaption></figure><table><tr><th>a<th>b<tr><td>1<td>2</table>"
)
DRAWING = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><title>Pump</title>'
    '<rect id="r" width="5" height="5"/><text>Inlet</text><use href="#r"/></svg>'
)

_NAMES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{place}:1.0"'
    for name, place in (
        ("office", "office"),
        ("draw", "drawing"),
        ("text", "text"),
        ("svg", "svg-compatible"),
        ("manifest", "manifest"),
    )
)


def _opendocument(text: str) -> bytes:
    """A presentation of one slide."""
    kind = "application/vnd.oasis.opendocument.presentation"
    frame = '<draw:frame svg:width="8cm" svg:height="3cm" svg:x="2cm" svg:y="2cm">{}</draw:frame>'
    box = frame.format(f"<draw:text-box><text:p>{text}</text:p></draw:text-box>")
    content = (
        f'<office:document-content {_NAMES} office:version="1.2"><office:body>'
        f'<office:presentation><draw:page draw:name="1">{box}</draw:page></office:presentation>'
        "</office:body></office:document-content>"
    )
    manifest = (
        f'<manifest:manifest {_NAMES} manifest:version="1.2">'
        f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{kind}"/>'
        '<manifest:file-entry manifest:full-path="content.xml" manifest:media-type="text/xml"/>'
        "</manifest:manifest>"
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as package:
        package.writestr("mimetype", kind)
        package.writestr("content.xml", content)
        package.writestr("META-INF/manifest.xml", manifest)
    return buffer.getvalue()


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
    samples[".odp"] = _opendocument("A pump lifts water.")
    pillow_heif.register_heif_opener()
    buffer = io.BytesIO()
    pdfs.photo((64, 48)).save(buffer, "HEIF")
    samples[".heic"] = buffer.getvalue()
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


def mutated_part(data: bytes, chance: random.Random) -> bytes:
    """A package of which one part is mutated, and which is whole as a package."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        parts = old.infolist()
        struck = chance.choice([part for part in parts if part.file_size])
        for part in parts:
            content = old.read(part)
            new.writestr(part, mutated(content, chance) if part is struck else content)
    return out.getvalue()


def _plan(case: int, suffixes: Sequence[str]) -> tuple[str, SlideOptions]:
    """The kind of file of a case, and how it is loaded if it is a deck."""
    turn, place = divmod(case, len(suffixes))
    suffix = suffixes[place]
    painted = turn % SLOW.get(suffix, 1) == 0
    return suffix, SlideOptions(render="auto" if painted else "off")


def _input(seed: int, case: int, suffix: str, sample: bytes) -> bytes:
    chance = random.Random(f"{seed} input {case}")
    is_package = suffix in SLOW and chance.random() < PARTS
    return mutated_part(sample, chance) if is_package else mutated(sample, chance)


def _work(
    seed: int, cases: Sequence[int], samples: dict[str, bytes], folder: Path
) -> Callable[[Say], None]:
    suffixes = sorted(samples)

    def work(say: Say) -> None:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        for case in cases:
            suffix, options = _plan(case, suffixes)
            path = folder / f"input{suffix}"
            path.write_bytes(_input(seed, case, suffix, samples[suffix]))
            say("case", case)
            try:
                said = sum(1 for _ in load(path, on_error=lambda *_: None, slides=options))
                say("loaded", said)
            except RagsightError:
                pass
            except Exception as error:  # noqa: BLE001 - what is looked for
                say("foreign", [case, f"{suffix}: {type(error).__name__}: {error}"[:300]])

    return work


def torture(seed: int, cases: Sequence[int], folder: Path) -> Tally:
    """Load so many mutated files; a process that dies is replaced by another."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = _samples(folder)
    tally = Tally()
    done = 0
    while done < len(cases):
        done += _batch(seed, cases[done : done + BATCH], samples, folder, tally)
    return tally


def _batch(
    seed: int, cases: Sequence[int], samples: dict[str, bytes], folder: Path, tally: Tally
) -> int:
    """Run some cases in one process; how many it came through."""
    child = start(_work(seed, cases, samples, folder))
    now, foreign, column = cases[0], {}, ""
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
    through = cases[: cases.index(now) + 1]
    for case in through:
        faults = [("foreign exceptions", foreign[case])] if case in foreign else []
        if case == now and column:
            faults.append((column, f"{sorted(samples)[case % len(samples)]}"))
        tally.add(case, faults)
    return len(through)
