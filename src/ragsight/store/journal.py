"""The journal of an index folder: which points are between the two shards, and what is to be done.

A chunk with text and image is a point in each of two shards, which are written one after the
other. Before the first of these writes the journal says what the points shall be at the end, and
after the last one it is removed. Whoever finds it on opening finishes what it says.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ragsight.errors import StoreError
from ragsight.files import read_regular
from ragsight.store.halves import Halves
from ragsight.store.point_json import point_from_json, point_to_json

JOURNAL_FILE = "unfinished.json"
_FORMAT = 2
"""1 was a bare list of ids, as `UNDO` is today."""

UNDO = None
"""What is to become of a point that was in neither shard: to be in both, or in neither again."""

Intent = Halves | None
"""What a point shall be at the end, or `UNDO`. A half that is None shall not be there."""


class Journal:
    """Intents of writes that are under way, or that failed and were not done again.

    Args:
        folder: The index's folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / JOURNAL_FILE
        self._pending: dict[str, Intent] = {}

    @contextmanager
    def noted(self, intents: Mapping[str, Intent]) -> Iterator[None]:
        """Note what is about to be written, and strike it out once it is.

        A write that fails, on a full disk say, stays noted until its points are written anew or
        the index is opened again.

        Raises:
            StoreError: If the journal can't be written.
        """
        if not intents:
            yield
            return
        before = dict(self._pending)
        self._pending.update(intents)
        try:
            self._write()
        except BaseException:
            self._pending = before
            raise
        yield
        for id_ in intents:
            self._pending.pop(id_, None)
        self._write()

    def read(self) -> dict[str, Intent]:
        """What a crash, or a write that failed, left to be done.

        Raises:
            StoreError: If the journal can't be read.
        """
        try:
            text = read_regular(self._path)
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise self._unreadable(error) from error
        try:
            return _parsed(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise self._unreadable(error) from error

    def clear(self) -> None:
        """Forget everything: it is done."""
        self._pending.clear()
        self._write()

    def _write(self) -> None:
        temporary = self._path.with_name(f"{self._path.name}.part")
        try:
            if not self._pending:
                self._path.unlink(missing_ok=True)
                return
            temporary.write_text(json.dumps(_as_json(self._pending)), encoding="utf-8")
            temporary.replace(self._path)
        except OSError as error:
            with suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise StoreError(
                f"{self._path}: the journal of writes can't be written ({error}). Free some space, "
                "or check the folder's permissions, and write again."
            ) from error

    def _unreadable(self, error: Exception) -> StoreError:
        return StoreError(
            f"{self._path}: the journal of writes is damaged ({error!r}). "
            f"Run: ragsight doctor {self._path.parent} --repair"
        )


def _as_json(pending: Mapping[str, Intent]) -> dict[str, Any]:
    return {
        "format": _FORMAT,
        "undo": [id_ for id_, intent in pending.items() if intent is UNDO],
        "redo": {
            id_: [None if half is None else point_to_json(half) for half in intent]
            for id_, intent in pending.items()
            if intent is not None
        },
    }


def _parsed(data: Any) -> dict[str, Intent]:
    if isinstance(data, list):
        return {_id(id_): UNDO for id_ in data}
    if data["format"] != _FORMAT:
        raise ValueError(f"it is of format {data['format']!r}; this release knows {_FORMAT}")
    intents: dict[str, Intent] = {_id(id_): UNDO for id_ in data["undo"]}
    for id_, halves in data["redo"].items():
        text, image = (None if half is None else point_from_json(half) for half in halves)
        intents[_id(id_)] = Halves(text, image)
    return intents


def _id(value: Any) -> str:
    return str(uuid.UUID(value))
