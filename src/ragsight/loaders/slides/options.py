"""What a slide loader can be told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypedDict, get_args

from ragsight.errors import ConfigurationError
from ragsight.loaders.pdf.backends.registry import BackendName, default_backend
from ragsight.loaders.slides.painting import RenderMode


@dataclass(frozen=True, slots=True)
class SlideOptions:
    """How a deck becomes chunks.

    Attributes:
        render: Whether slides are painted. `auto`: by LibreOffice or office2pdf-python, and where
            neither is installed, one warning that is logged says how to get them; `require`: it is
            an error if the deck can't be painted; `off`: no such program runs, so that decks which
            are read through LibreOffice (`.odp`, `.ppt`) can't be loaded. PDFs need neither.
        include_hidden: Whether slides come along that are left out when the deck is shown. They
            are numbered either way.
        notes: Whether the speaker's notes are part of a slide's text.
        chart_data: Whether a chart's data are part of its text, as a table.
        figures: Whether charts, tables and pictures become chunks of their own too.
        timeout: Seconds that painting or converting one deck may take.
        backend: The library that reads PDFs, which painted decks are too; see `PdfOptions`. None
            takes that of the PDFs beside them (`LoadOptions.pdf`), else the default one.

    Raises:
        ConfigurationError: If a value is none of its choices, or the time isn't above 0.

    Example:
        >>> SlideOptions(include_hidden=False).render
        'auto'
    """

    render: RenderMode = "auto"
    include_hidden: bool = True
    notes: bool = True
    chart_data: bool = True
    figures: bool = True
    timeout: float = 60.0
    backend: BackendName | None = None

    def __post_init__(self) -> None:
        if self.render not in get_args(RenderMode):
            choices = ", ".join(get_args(RenderMode))
            raise ConfigurationError(f"render={self.render!r}: choose one of {choices}.")
        if not self.timeout > 0:
            raise ConfigurationError(f"timeout={self.timeout}: it must be above 0 seconds.")
        if self.backend is not None and self.backend not in get_args(BackendName):
            choices = ", ".join(get_args(BackendName))
            raise ConfigurationError(f"backend={self.backend!r}: choose one of {choices}.")

    @property
    def pdf_backend(self) -> BackendName:
        """The library that reads PDFs."""
        return self.backend if self.backend is not None else default_backend()

    @property
    def identity(self) -> tuple[Any, ...]:
        """What decides on the chunks."""
        # Decks that were indexed before there was a choice haven't changed.
        chosen = () if self.pdf_backend == "pymupdf" else (self.pdf_backend,)
        facts = self.render, self.include_hidden, self.notes, self.chart_data, self.figures
        return (*facts, *chosen)


class SlideSettings(TypedDict, total=False):
    """The fields of `SlideOptions`, as keyword arguments of `SlideLoader`."""

    render: RenderMode
    include_hidden: bool
    notes: bool
    chart_data: bool
    figures: bool
    timeout: float
    backend: BackendName | None
