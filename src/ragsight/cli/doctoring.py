"""The command that checks an index, and mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Optional

import typer
from rich.text import Text

from ragsight.cli import session
from ragsight.cli.options import Json

if TYPE_CHECKING:
    from ragsight.store import IndexReport

# Typer reads annotations at run time, and on Python 3.10 not all of the newer syntax.
# ruff: noqa: UP045

_SHOWN = 20
"""Problems that are printed; all of them are in the JSON."""


def doctor_index(
    index: Annotated[
        str, typer.Argument(envvar="RAGSIGHT_INDEX", help="Folder of the index.")
    ] = session.DEFAULT_INDEX,
    repair: Annotated[
        bool, typer.Option("--repair", help="Save all that can be saved; the rest is named.")
    ] = False,
    model: Annotated[
        Optional[str],
        typer.Option(
            "--model", "-m", help="What the index was made with, if it doesn't know any more."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Look for damage in an index folder: both halves, images, records, the journal."""
    from ragsight.errors import ConfigurationError
    from ragsight.store import check_index, repair_index

    if "://" in index:
        raise ConfigurationError(f"{index}: a server keeps its data in order itself.")
    if repair:
        encoder = None if model is None else session.encoder_for(index, model).spec
        report = repair_index(index, encoder=encoder)
    else:
        report = check_index(index)
    if json:
        session.print_json(report.to_dict())
    else:
        _show(report)
    if not report.ok:
        raise typer.Exit(1)


def _show(report: IndexReport) -> None:
    for problem in report.problems[:_SHOWN]:
        session.out.print(Text(f"  {problem}", style="yellow"))
    if len(report.problems) > _SHOWN:
        session.out.print(f"  ... and {len(report.problems) - _SHOWN} more; see --json")
    if report.ok:
        session.out.print(Text(f"{report.place}: well, {report.chunks} chunks"))
    elif not report.repaired:
        advice = f"mend it with: ragsight doctor {report.place} --repair"
        session.out.print(Text(f"{report.place}: damaged; {advice}", style="red"))
    else:
        lost = f", {len(report.lost)} lost" if report.lost else ""
        session.out.print(Text(f"{report.place}: mended, {report.chunks} chunks{lost}"))
    if report.backup is not None:
        session.out.print(Text(f"The damaged files are kept in {report.backup}", style="dim"))
    if report.sources:
        session.out.print("Index these again:")
        for source in report.sources:
            session.out.print(Text(f"  {source}"))
