"""What an index folder held when it was closed, so that a loss shows when it is opened."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ragsight.files import read_regular
from ragsight.spaces import Collection
from ragsight.store.schema import COLLECTIONS

SEAL_FILE = "closed.json"


class Seal:
    """Counts that are there from closing to the next write.

    Args:
        folder: The index's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / SEAL_FILE
        self._is_lifted = False

    def missing(self, counts: Mapping[Collection, int]) -> dict[Collection, int]:
        """How many points are fewer than when the index was closed; none if that isn't known."""
        try:
            sealed = json.loads(read_regular(self._path))
            fewer = {c: int(sealed[c]) - counts[c] for c in COLLECTIONS}
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return {collection: count for collection, count in fewer.items() if count > 0}

    def lift(self) -> None:
        """Before the first write: from here on the counts may fall."""
        if not self._is_lifted:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)
            self._is_lifted = True

    def put(self, counts: Mapping[Collection, int]) -> None:
        """Note the counts on closing, if there was a write; where it can't be, that is no loss."""
        if self._is_lifted or not self._path.exists():
            temporary = self._path.with_name(f"{self._path.name}.part")
            with suppress(OSError):
                temporary.write_text(json.dumps(dict(counts)), encoding="utf-8")
                temporary.replace(self._path)
        self._is_lifted = False
