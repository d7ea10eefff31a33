"""Options for decks of slides."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

if TYPE_CHECKING:
    from ragsight.loaders import SlideOptions

Render = Annotated[
    str,
    typer.Option(
        "--render",
        metavar="auto|require|off",
        help="Whether slides are painted; auto: where LibreOffice or office2pdf is installed.",
    ),
]


def slide_options(*, render: str) -> SlideOptions:
    """How decks are loaded.

    Raises:
        ConfigurationError: If a value is none of its choices.
    """
    from ragsight.loaders import SlideOptions

    return SlideOptions(render=cast("Any", render))
