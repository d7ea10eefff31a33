"""What a slide holds, before it becomes chunks."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ragsight.chunks import BBox
from ragsight.loaders.slides.chart_data import ChartData
from ragsight.loaders.slides.pictures import Picture
from ragsight.loaders.slides.tables import Rows

BlockKind = Literal["text", "table", "chart", "diagram", "picture"]


@dataclass(frozen=True, slots=True)
class Block:
    """A shape with something to say or to show.

    Attributes:
        kind: What it is.
        bbox: Its place on the slide in points; None if that can't be known.
        text: Its words, as they stand in the slide's text.
        alt: Its alternative text.
        rows: A table's cells.
        chart: A chart's data.
        picture: A picture.
    """

    kind: BlockKind
    bbox: BBox | None
    text: str = ""
    alt: str = ""
    rows: Rows = ()
    chart: ChartData | None = None
    picture: Picture | None = None

    @property
    def words(self) -> str:
        """Alternative text and text together."""
        if self.kind == "picture" and self.alt:
            return "\n".join(filter(None, [f"Picture: {self.alt}", self.text]))
        return "\n".join(filter(None, ["" if self.alt in self.text else self.alt, self.text]))


@dataclass(slots=True)
class SlideContent:
    """A slide.

    Attributes:
        number: Its number, from 1, hidden slides counted.
        title: What stands in its title placeholder.
        blocks: Its parts in reading order, without title, footer and the like.
        furniture: Date, footer and number.
        layout_words: Words that its layout and master put on it.
        notes: The speaker's notes.
        comments: Reviewers' comments, with who wrote them.
        layout: Name of its layout.
        section: Name of its section.
        hidden: Whether it is left out when the deck is shown.
        links: Addresses it links to, and `#slide=7` for slides of the same deck.
        background: The part with the picture behind it.
        warnings: What of it couldn't be read.
    """

    number: int
    title: str = ""
    blocks: list[Block] = field(default_factory=list)
    furniture: list[str] = field(default_factory=list)
    layout_words: list[str] = field(default_factory=list)
    notes: str = ""
    comments: list[str] = field(default_factory=list)
    layout: str = ""
    section: str = ""
    hidden: bool = False
    links: list[str] = field(default_factory=list)
    background: str | None = None
    warnings: list[str] = field(default_factory=list)

    def to_text(self) -> str:
        """All its words: title, what stands below in reading order, footer, notes, comments."""
        parts = [self.title, *(block.words for block in self.blocks)]
        own = "\n".join(filter(None, parts))
        parts += [words for words in self.layout_words if words not in own]
        parts.append(" · ".join(self.furniture))
        parts.append(f"Notes:\n{self.notes}" if self.notes else "")
        parts += self.comments
        return "\n\n".join(filter(None, parts))
