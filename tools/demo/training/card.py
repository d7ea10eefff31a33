"""The model card of the demo checkpoint, with its measured figures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ragsight.demo import DEMO_MODEL_NOTE
from ragsight.demo.drawing import FIGURE_KINDS, PRODUCT_KINDS, SHAPE_KINDS
from ragsight.demo.palette import COLOURS, PATTERNS
from tools.demo.training.samples import combinations

_CARD = """\
# ragsight demo CLIP

{note}

It exists so that the demo, the tests and first steps on a machine without a network run a true
`CLIPModel` instead of random numbers. Don't choose it for anything else.

## What it knows

- Products: {products}.
- Shapes: {shapes}.
- In these colours: {colours}; and these patterns: {patterns}.
- Figures: {figures}.

## What it doesn't know

Photographs, people, animals, places, written words in pictures, numbers on charts, and English
beyond short captions. It was never shown a photograph, none was measured, and what it answers for
one means nothing. Its scores warn of that only weakly: compare the last two rows below, the
cosine of true pairs and that of the best match for words that no drawing fits.

## How it was trained

`python -m tools.demo.training.train --out src/ragsight/demo/clip`: a vision transformer (64 px,
patches of 8, 4 layers, width 128) and a text transformer (2 layers, width 128, its own 1,600
tokens of byte-level BPE, up to 48 of them) with a shared space of 96 dimensions. Pictures and
captions come from the generators in this repository; no other data was used. Symmetric InfoNCE
with near misses as extra wrong captions, helped by label heads that fade out and aren't part of the
checkpoint; Muon for the matrices and AdamW for the rest, cosine schedule, fixed seed, some ten
minutes on two cores.

Of {total} combinations of product, colour and pattern, {held} were held out: training saw no
picture of them and no caption that names all three.

The image processor is CLIP's own (shorter edge to 64 px, centre crop) with the mean and deviation
of the drawings instead of OpenAI's.

## Measured

On drawings with seeds that training never used (`python -m tools.demo.training.measure`):

| measured | value | queries | candidates |
|---|---|---|---|
{rows}

## Licence

Same licence as the package.
"""


def write_card(folder: Path, rows: Sequence[tuple[str, float, int, int]]) -> None:
    """Write README.md into a checkpoint's folder.

    Args:
        folder: The checkpoint.
        rows: Name, value, number of queries and number of candidates of each figure.
    """
    seen, held = len(combinations(held_out=False)), len(combinations(held_out=True))
    lines = [
        f"| {name.strip()} | {value:.3f} | {count} | {candidates or ''} |"
        for name, value, count, candidates in rows
    ]
    card = _CARD.format(
        note=DEMO_MODEL_NOTE,
        products=", ".join(PRODUCT_KINDS),
        shapes=", ".join(SHAPE_KINDS),
        colours=", ".join(COLOURS),
        patterns=", ".join(PATTERNS),
        figures=", ".join(FIGURE_KINDS),
        total=seen + held,
        held=held,
        rows="\n".join(lines),
    )
    (folder / "README.md").write_text(card, encoding="utf-8")
