"""What a look at an index came to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class IndexReport:
    """What is wrong with an index, and what was done about it.

    Attributes:
        place: The index's folder.
        problems: What is wrong, or was; none if the index is well.
        repaired: Whether it was mended: the index is whole now, but for what was lost.
        chunks: Whole chunks that it holds; None if that can't be told before it is repaired.
        lost: Ids of chunks, or of points where no more is known, that can't be saved.
        sources: Files to index again; the next run takes them, for they don't count as finished.
        backup: Folder with the damaged files, if some were put aside.

    Example:
        >>> from ragsight import check_index
        >>> check_index("index").ok  # doctest: +SKIP
        True
    """

    place: str
    problems: tuple[str, ...] = ()
    repaired: bool = False
    chunks: int | None = None
    lost: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    backup: str | None = None

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON-ready values."""
        return {"ok": self.ok, **asdict(self)}
