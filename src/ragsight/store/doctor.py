"""Check an index folder, and save what can be saved of a damaged one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ragsight.encoders import EncoderSpec
    from ragsight.store.index_report import IndexReport


def check_index(folder: str | Path) -> IndexReport:
    """Look for damage in an index folder: both halves, images, records, the journal.

    Everything is read, so it takes a while with a large index; nobody else may have it open. What
    a crash left unfinished is finished, as on each opening; nothing else is changed.

    Args:
        folder: The index's folder.

    Raises:
        StoreNotFoundError: If there is no index.
        StoreLockedError: If it is open.

    Example:
        >>> report = check_index("index")  # doctest: +SKIP
        >>> report.ok, report.problems  # doctest: +SKIP
        (True, ())
    """
    from ragsight.store.repairing import Doctor

    return Doctor(Path(folder), None).check()


def repair_index(folder: str | Path, *, encoder: EncoderSpec | None = None) -> IndexReport:
    """Save all that can be saved of a damaged index.

    Damaged halves are written anew from what can be read of them, and put in their places at
    once; the damaged files are kept in a folder inside the index's, which the report names.

    Args:
        folder: The index's folder.
        encoder: What it was made with, in case that its profile is damaged.

    Raises:
        StoreNotFoundError: If there is no index.
        StoreLockedError: If it is open.
        StoreError: If nothing can be saved.

    Example:
        >>> report = repair_index("index")  # doctest: +SKIP
        >>> report.sources, report.backup  # doctest: +SKIP
        (('manuals/pump.pdf',), 'index/damaged-20260102-030405')
    """
    from ragsight.store.repairing import Doctor

    return Doctor(Path(folder), encoder).repair()
