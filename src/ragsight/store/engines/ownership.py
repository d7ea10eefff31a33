"""Which process an embedded index belongs to: one may have it open, and a fork hasn't."""

from __future__ import annotations

import ctypes
import json
import os
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from ragsight.errors import StoreError
from ragsight.files import read_regular

HOLDER_FILE = "open-by.json"
"""Names the process that has an index open; the engine's own lock decides."""

_LONGEST_COMMAND = 80

_holders: weakref.WeakSet[OwnerLock] = weakref.WeakSet()


class OwnerLock:
    """A lock that only the process which made it can take.

    A fork copies the lock, and whoever held it isn't there to let it go; the engine's threads
    aren't either. So the copy refuses at once, before anything hangs or is written to nowhere.

    Args:
        place: The index, for the message.
        held: What must outlive a fork's copy of it: ending the engine there would flush files and
            free locks that are the parent's.
    """

    def __init__(self, place: str, held: Callable[[], Iterable[object]]) -> None:
        self._place = place
        self._held = held
        self._pid = os.getpid()
        self._lock = threading.RLock()
        _holders.add(self)

    @property
    def is_foreign(self) -> bool:
        """Whether this process only inherited it."""
        return os.getpid() != self._pid

    def check(self) -> None:
        """Refuse in a fork.

        Raises:
            StoreError: If this process only inherited it.
        """
        if self.is_foreign:
            raise StoreError(
                f"{self._place}: the index was opened in process {self._pid}, and this is a fork "
                f"of it ({os.getpid()}), which can't use it. Open the index after the fork, in the "
                "process that uses it (with gunicorn: in post_fork, or without preloading); for "
                "several processes use a Qdrant server."
            )

    def __enter__(self) -> None:
        self.check()
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._lock.release()

    def keep(self) -> None:
        """Never let go of what is held; a fork calls it."""
        for item in self._held():
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(item))


def _keep_inherited() -> None:
    for holder in list(_holders):
        holder.keep()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_keep_inherited)


def note_holder(folder: Path) -> None:
    """Write down that this process has the index open; a folder that can't be written stays so."""
    facts = {"pid": os.getpid(), "command": _command(), "since": time.time()}
    with suppress(OSError):  # only a message would say more
        (folder / HOLDER_FILE).write_text(json.dumps(facts), encoding="utf-8")


def forget_holder(folder: Path) -> None:
    """Take the note away again."""
    with suppress(OSError):  # the next one who opens the index writes over it
        (folder / HOLDER_FILE).unlink(missing_ok=True)


def holder_of(folder: Path) -> str:
    """Who has an index open, for a message: "process 812 (ragsight ui, since 14:05)"."""
    try:
        facts = json.loads(read_regular(folder / HOLDER_FILE))
        pid, since = int(facts["pid"]), float(facts["since"])
        command = str(facts["command"])
        clock = time.strftime("%Y-%m-%d %H:%M", time.localtime(since))
    except (OSError, ValueError, KeyError, TypeError, OverflowError):
        return "this process or another"
    if pid == os.getpid():
        return "this process"
    if not _is_running(pid):
        return "another process"
    return f"process {pid} ({command}, since {clock})"


def _command() -> str:
    words = " ".join([Path(sys.argv[0] or "python").name, *sys.argv[1:]]) if sys.argv else "python"
    return words.encode("ascii", "replace").decode()[:_LONGEST_COMMAND]


def _is_running(pid: int) -> bool:
    if os.name == "nt" or pid <= 0:
        return pid > 0  # On Windows a signal of 0 would end it.
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
