"""The command that shows what will be indexed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer
from rich.text import Text

from ragsight.cli import session
from ragsight.cli.options import Json
from ragsight.cli.pdfs import Ocr, PageImages, Password, PdfBackend, pdf_options
from ragsight.cli.slides import Render, slide_options
from ragsight.errors import ConfigurationError

if TYPE_CHECKING:
    from ragsight.inspection.pages import Inspection

# Typer reads annotations at run time, and on Python 3.10 not all of the newer syntax.
# ruff: noqa: UP045

_MOST_PAGES = 100_000


def inspect_file(
    file: Annotated[Path, typer.Argument(help="A PDF or a deck of slides.")],
    html: Annotated[
        Optional[Path],
        typer.Option("--html", help="Where to write; by default beside you, named like the file."),
    ] = None,
    pages: Annotated[
        Optional[str], typer.Option("--pages", help="Such as 1-5,8 or 12-; all if not given.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="So many pages at most.")] = 50,
    password: Password = None,
    ocr: Ocr = None,
    page_images: PageImages = "auto",
    pdf_backend: PdfBackend = "pymupdf",
    render: Render = "auto",
    json: Json = False,
) -> None:
    """Show each page of a file with the figures, tables and passages found on it, as HTML."""
    from ragsight.inspection.pages import write_inspection

    target = html if html is not None else Path(f"{file.stem}.inspect.html")
    found = write_inspection(
        target,
        file,
        pages=None if pages is None else page_numbers(pages),
        limit=limit,
        pdf=pdf_options(ocr=ocr, page_images=page_images, backend=pdf_backend),
        slides=slide_options(render=render),
        password=password,
    )
    if json:
        session.print_json(found.to_dict())
    else:
        _show(found)
    if found.problems:
        raise typer.Exit(1)


def page_numbers(text: str) -> list[int]:
    """Page numbers as a person writes them.

    Args:
        text: Numbers and ranges, such as `1-5,8`; `12-` goes to the end.

    Raises:
        ConfigurationError: If it can't be read, or a number is below 1.

    Example:
        >>> page_numbers("1-3,8")
        [1, 2, 3, 8]
    """
    found: set[int] = set()
    for part in text.split(","):
        first, dash, last = (piece.strip() for piece in part.partition("-"))
        try:
            start = int(first)
            end = (int(last) if last else _MOST_PAGES) if dash else start
        except ValueError:
            start, end = 0, 0
        if not 1 <= start <= end <= _MOST_PAGES:
            raise ConfigurationError(
                f"--pages {text}: {part.strip()!r} can't be read. Write it like 1-5,8 or 12-; "
                "pages are numbered from 1."
            )
        found.update(range(start, end + 1))
    return sorted(found)


def _show(found: Inspection) -> None:
    counts = ", ".join(f"{count} {kind}" for kind, count in sorted(found.kinds.items()))
    session.out.print(f"{found.shown} pages: {counts if counts else 'nothing to index'}")
    if found.more != 0:
        rest = "more pages follow" if found.more is None else f"pages not shown: {found.more}"
        session.err.print(Text(f"{rest}; see --pages and --limit", style="yellow"))
    for problem in found.problems:
        session.err.print(Text(f"skipped: {problem}", style="yellow"))
    session.out.print(Text(f"Inspection: {found.path}", style="bold"))
