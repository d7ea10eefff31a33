"""Figures and tables found in PDFs, beside labels written from the look of their pages.

    python benchmarks/figures.py
    python benchmarks/figures.py --only ragsight --part development --misses misses.md
    python benchmarks/figures.py --only ragsight --backend pdfium

The loader is tuned on the development part alone; what it does on the held-out part, whose pages
aren't looked at meanwhile, is what to expect of other documents. Both are reported, and all.

A region is found if intersection over union with a labelled one is at least 0.7; each is used
once. Recall is over the labelled figures, precision over the figures found on the labelled pages.
`captioned` takes only figures with a numbered caption ("Figure 3"): the labelled ones for recall,
the found ones with a label for precision. Captions match if the number is the same and the words
are, to 0.8 of their letters. Listings and other captioned text have a column of their own and count
neither way in the others.

PyMuPDF and pymupdf4llm link no captions: of the first none is taken, of the second the nearest
caption box.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from labelled.contenders import FINDERS, Finder, ScoredPoint, missing, ragsight_pdf
from labelled.fetch import CACHE, fetch, parts
from labelled.scoring import (
    Labels,
    Match,
    Region,
    all_labels,
    lies_in,
    match,
    overlap,
    same_caption,
)


@dataclass
class Scores:
    """One contender's matches over some documents."""

    figures: Match = field(default_factory=Match)
    tables: Match = field(default_factory=Match)
    failed: dict[str, str] = field(default_factory=dict)

    def add(self, found: ScoredPoint, labels: Labels) -> None:
        """Score one document."""
        self.figures.add(match(found[0], labels.figures))
        self.tables.add(match(found[1], labels.tables))


def share(part: int, whole: int) -> float | None:
    """A share, or None of nothing."""
    return part / whole if whole else None


def summary(scores: Scores) -> dict[str, float | None]:
    """The numbers of the table, by column."""
    pairs, missed = scores.figures.pairs, scores.figures.missed
    listings = [want for _, want in pairs if want.kind == "text"]
    texts = [want for want in missed if want.kind == "text"] + listings
    drawn = [(have, want) for have, want in pairs if want.kind != "text"]
    wrong = [have for have in scores.figures.wrong if not lies_in(have, texts)]
    drawn_missed = [want for want in missed if want.kind != "text"]
    labelled_pairs = [(have, want) for have, want in drawn if have.label]
    numbered = [(have, want) for have, want in drawn if want.label]
    tables = scores.tables
    return {
        "figure precision": share(len(drawn), len(drawn) + len(wrong)),
        "figure recall": share(len(drawn), len(drawn) + len(drawn_missed)),
        "captioned precision": share(
            len(labelled_pairs), len(labelled_pairs) + sum(1 for have in wrong if have.label)
        ),
        "captioned recall": share(
            len(numbered), len(numbered) + sum(1 for want in drawn_missed if want.label)
        ),
        "captions": share(sum(same_caption(*pair) for pair in numbered), len(numbered)),
        "listing recall": share(len(listings), len(texts)),
        "table precision": share(len(tables.pairs), len(tables.pairs) + len(tables.wrong)),
        "table recall": share(len(tables.pairs), len(tables.pairs) + len(tables.missed)),
        "table captions": share(
            sum(same_caption(*pair) for pair in tables.pairs if pair[1].label),
            sum(1 for pair in tables.pairs if pair[1].label),
        ),
    }


def run(
    names: Iterable[str],
    documents: Mapping[str, Path],
    labels: Iterable[Labels],
    finders: Mapping[str, Finder] = FINDERS,
) -> dict[str, dict[str, Scores]]:
    """Scores by contender and document."""
    results: dict[str, dict[str, Scores]] = {}
    for name in names:
        for wanted in labels:
            if wanted.document in documents:
                scores = results.setdefault(name, {}).setdefault(wanted.document, Scores())
                try:
                    found = finders[name](documents[wanted.document], wanted.pages)
                except Exception as error:  # noqa: BLE001 - a peer's crash is a result
                    scores.failed[wanted.document] = f"{type(error).__name__}: {error}"
                    found = ([], [])
                scores.add(found, wanted)
    return results


def total(by_document: Mapping[str, Scores]) -> Scores:
    """All documents together."""
    scores = Scores()
    for one in by_document.values():
        scores.figures.add(one.figures)
        scores.tables.add(one.tables)
        scores.failed |= one.failed
    return scores


def by_part(results: Mapping[str, Mapping[str, Scores]]) -> dict[str, dict[str, float | None]]:
    """The table's rows: each contender over all documents, and over each part of them."""
    part_of = parts()
    rows: dict[str, dict[str, float | None]] = {}
    for name, by_document in results.items():
        rows[name] = summary(total(by_document))
        found = {part_of[document] for document in by_document}
        for part in sorted(found) if len(found) > 1 else ():
            chosen = {doc: one for doc, one in by_document.items() if part_of[doc] == part}
            rows[f"{name}, {part}"] = summary(total(chosen))
    return rows


def table(rows: Mapping[str, Mapping[str, float | None]]) -> str:
    """A Markdown table."""
    columns = list(next(iter(rows.values())))
    lines = [f"| | {' | '.join(columns)} |", f"|---|{'---|' * len(columns)}"]
    for name, row in rows.items():
        cells = ["-" if row[column] is None else f"{row[column]:.2f}" for column in columns]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def misses(by_document: Mapping[str, Scores]) -> str:
    """Every region missed, found wrongly, or with another caption, as Markdown."""
    lines = []
    for name, scores in by_document.items():
        for kind, result in (("figure", scores.figures), ("table", scores.tables)):
            for want in result.missed:
                near = nearest(want, result.wrong)
                lines.append(f"- {name} p. {want.page}: {kind} {seen(want)} missed; {near}")
            lines += [
                f"- {name} p. {have.page}: no such {kind}: {seen(have)}" for have in result.wrong
            ]
            for have, want in result.pairs:
                if want.label and not same_caption(have, want):
                    lines.append(
                        f"- {name} p. {want.page}: {kind} {want.label}: caption is "
                        f"{have.label!r} {(have.caption or '')[:90]!r}, "
                        f"should be {want.caption!r}"
                    )
        lines += [f"- {name}: failed: {why}" for why in scores.failed.values()]
    return "\n".join(lines) + "\n"


def seen(region: Region) -> str:
    """A region in a few words."""
    box = ", ".join(f"{value:.0f}" for value in region.bbox)
    caption = f" {region.caption[:50]!r}" if region.caption else ""
    return f"{region.label or 'without label'} [{box}] {region.kind or ''}{caption}"


def nearest(want: Region, wrong: Iterable[Region]) -> str:
    """What was found in its place."""
    here = [have for have in wrong if have.page == want.page and overlap(have.bbox, want.bbox) > 0]
    if not here:
        return "nothing found there"
    best = max(here, key=lambda have: overlap(have.bbox, want.bbox))
    return f"nearest {seen(best)} (IoU {overlap(best.bbox, want.bbox):.2f})"


def chart(rows: Mapping[str, Mapping[str, float | None]], path: Path) -> None:
    """Bars of precision and recall for each contender."""
    import matplotlib.pyplot as plt

    columns = ("figure precision", "figure recall", "captioned recall", "captions", "table recall")
    figure, axes = plt.subplots(figsize=(9, 4), layout="constrained")
    width = 0.8 / len(rows)
    for n, (name, row) in enumerate(rows.items()):
        places = [at + n * width for at in range(len(columns))]
        axes.bar(places, [row[column] or 0.0 for column in columns], width, label=name)
    axes.set_xticks([at + 0.4 - width / 2 for at in range(len(columns))], columns)
    axes.set_ylim(0, 1)
    axes.set_title("Figures and tables on the labelled pages")
    figure.legend(loc="outside right upper")
    figure.savefig(path, dpi=120)


def parsed() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=CACHE, help="folder of the PDFs")
    parser.add_argument("--only", nargs="*", choices=list(FINDERS), default=list(FINDERS))
    parser.add_argument("--backend", choices=["pymupdf", "pdfium"], default="pymupdf")
    parser.add_argument("--documents", nargs="*", help="names of label files; all if not given")
    parser.add_argument("--part", choices=("all", "development", "held-out"), default="all")
    parser.add_argument("--by-document", action="store_true", help="a table for each contender")
    parser.add_argument("--misses", type=Path, help="write what ragsight got wrong as Markdown")
    parser.add_argument("--json", type=Path, help="write the numbers")
    parser.add_argument("--chart", type=Path, help="write a chart as PNG")
    return parser.parse_args()


def chosen(args: argparse.Namespace) -> list[Labels]:
    """The label files asked for."""
    part_of = parts()
    return [
        one
        for one in all_labels()
        if (not args.documents or one.document in args.documents)
        and args.part in ("all", part_of[one.document])
    ]


def main() -> None:
    """Score the contenders and print the table."""
    args = parsed()
    fetched = fetch(args.cache)
    for name, why in fetched.missing.items():
        print(f"{name}: skipped: {why}", file=sys.stderr)
    labels = chosen(args)
    absent = {name: why for name in args.only if (why := missing(name))}
    finders = {**FINDERS, "ragsight": partial(ragsight_pdf, backend=args.backend)}
    names = [name for name in args.only if name not in absent]
    results = run(names, fetched.documents, labels, finders)
    there = [one for one in labels if one.document in fetched.documents]
    count: Callable[[str], int] = lambda kind: sum(len(getattr(one, kind)) for one in there)  # noqa: E731
    print(f"{len(there)} documents, {count('pages')} pages, {count('figures')} figures, "
          f"{count('tables')} tables\n")  # fmt: skip
    rows = by_part(results)
    print(table(rows))
    for name, why in absent.items():
        print(f"{name}: not run: {why}")
    if args.by_document:
        for name, by_document in results.items():
            print(f"\n{name}\n\n{table({doc: summary(one) for doc, one in by_document.items()})}")
    if args.misses and "ragsight" in results:
        args.misses.write_text(misses(results["ragsight"]), "utf-8")
    if args.json:
        args.json.write_text(json.dumps(rows, indent=2) + "\n", "utf-8")
    if args.chart:
        chart({name: rows[name] for name in results}, args.chart)


if __name__ == "__main__":
    main()
