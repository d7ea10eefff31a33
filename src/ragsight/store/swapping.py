"""Put mended parts of an index folder in the place of damaged ones, crash or no crash."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from ragsight.errors import StoreError
from ragsight.files import read_regular

SWAP_FILE = "repair.json"
FRESH = "repaired"
"""Folder, inside the index's, in which the mended parts are made."""


def swap_in(folder: Path, backup: str, parts: list[str]) -> None:
    """Move parts of an index into a backup folder, and what is in `FRESH` to their places.

    Args:
        folder: The index's folder.
        backup: Name of a folder in it.
        parts: Names in the index's folder. Those that `FRESH` doesn't hold are moved away only.

    Raises:
        StoreError: If a file can't be moved; what is done is finished by `finish_swap`.
    """
    order = folder / SWAP_FILE
    temporary = order.with_name(f"{SWAP_FILE}.part")
    try:
        temporary.write_text(json.dumps({"backup": backup, "parts": parts}), encoding="utf-8")
        temporary.replace(order)
    except OSError as error:
        raise StoreError(f"{order}: the repair can't be written ({error}).") from error
    finish_swap(folder)


def finish_swap(folder: Path) -> None:
    """Finish a swap that a crash broke off; where there is none, do nothing.

    Raises:
        StoreError: If its file can't be read, or another file can't be moved.
    """
    order = folder / SWAP_FILE
    try:
        swap = json.loads(read_regular(order))
        backup, parts = folder / str(swap["backup"]), [str(part) for part in swap["parts"]]
    except (FileNotFoundError, NotADirectoryError):
        return
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{order}: a repair broke off, and its file can't be read ({error!r}). Move the file "
            f"away and run: ragsight doctor {folder} --repair"
        ) from error
    try:
        for part in parts:
            _swap(folder / part, backup / part, folder / FRESH / part)
        shutil.rmtree(folder / FRESH, ignore_errors=True)
        order.unlink()
    except OSError as error:
        raise StoreError(
            f"{folder}: the repaired parts can't be put in place ({error}). See that its files can "
            "be moved, and open the index again."
        ) from error


def _swap(place: Path, aside: Path, fresh: Path) -> None:
    # Each step shows in the files whether it was done: the old part is moved away only while
    # nothing stands for it in the backup, and the new one while it is where it was made.
    if not aside.exists():
        aside.parent.mkdir(parents=True, exist_ok=True)
        if place.exists():
            place.rename(aside)
        else:
            aside.mkdir()
    if fresh.exists():
        fresh.rename(place)
