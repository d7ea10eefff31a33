"""The doctor's examining processes as forks of this one, which has loaded the engine already."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from ragsight.processes import Finished
from ragsight.store.engines import edge_examining, edge_salvage


@contextmanager
def warm_examinations(*, real: bool) -> Iterator[None]:
    """Let the doctor's questions be answered by forks, unless the real processes are wanted.

    A process from nothing takes half a second to load, many times what its work takes. The fork
    does the same work on the same files; it must be started before this process uses the engine.
    """
    if real:
        yield
        return
    with patch.object(edge_examining, "run_program", _forked):
        yield


def _forked(command: Sequence[str], *, log: Path, **_: Any) -> Finished:
    task, answer = command[-2:]
    pid = os.fork()
    if pid == 0:
        code = 1
        try:
            edge_salvage._main(Path(task), Path(answer))
            code = 0
        except BaseException as error:  # noqa: BLE001 - said to the parent, as a traceback is
            log.write_text(repr(error), encoding="utf-8")
        finally:
            os._exit(code)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return Finished(code, log.read_text("utf-8") if log.exists() else "")
