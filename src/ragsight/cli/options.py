"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from ragsight.answer.providers.table import model_names

# Typer reads annotations at run time, and on Python 3.10 not all of the newer syntax.
# ruff: noqa: UP045

Index = Annotated[
    str,
    typer.Option(
        "--index", "-i", envvar="RAGSIGHT_INDEX", help="Folder of the index, or a Qdrant URL."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Html = Annotated[Optional[Path], typer.Option("--html", help="Write an HTML gallery too.")]
Count = Annotated[int, typer.Option("-k", min=1, help="How many results.")]
Where = Annotated[
    Optional[list[str]],
    typer.Option("--where", "-w", help="A condition, such as price<50 or kind=figure. Repeatable."),
]
Vlm = Annotated[
    Optional[str],
    typer.Option("--vlm", help=f"Vision model: {model_names()}; with --base-url its name there."),
]
BaseUrl = Annotated[
    Optional[str], typer.Option("--base-url", help="A server that speaks OpenAI's API.")
]
