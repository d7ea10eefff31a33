"""The process that reads PDFs for a loader with `isolate=True`; see `isolated`."""

from __future__ import annotations

import faulthandler
import os
import sys
from pathlib import Path
from typing import IO, Any

from ragsight.errors import RagsightError
from ragsight.loaders.pdf.backends.protocol import PageSource
from ragsight.loaders.pdf.backends.registry import open_pdf
from ragsight.loaders.pdf.isolation.frames import read_frame, write_frame

_GRACE = 5.0
"""Seconds past the limit after which a worker ends itself, should its parent be gone."""

CALLS = frozenset({"outline", "page", "drawings", "words", "render", "trim_memory"})


def main() -> None:
    """Answer requests on standard input until it is closed."""
    requests, replies = _private_streams()
    source, name, password, backend, limit = read_frame(requests)
    with Path(os.devnull).open("w", encoding="utf-8") as silence:
        _watch(limit, silence)
        try:
            file = open_pdf(source, name, password, backend)
        except RagsightError as error:
            write_frame(replies, error)
            return
        write_frame(replies, (file.page_count, file.repaired))
        _serve(file, requests, replies, silence)


def _serve(file: PageSource, requests: IO[bytes], replies: IO[bytes], silence: IO[str]) -> None:
    while True:
        faulthandler.cancel_dump_traceback_later()
        try:
            call, arguments, options, limit = read_frame(requests)
        except EOFError:
            return
        _watch(limit, silence)
        write_frame(replies, _answer(file, call, arguments, options))


def _private_streams() -> tuple[IO[bytes], IO[bytes]]:
    """The pipes to the parent; whatever a library prints goes nowhere instead."""
    replies = os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return sys.stdin.buffer, replies


def _watch(limit: float | None, silence: IO[str]) -> None:
    # A Python thread wouldn't run while the library works; this one is no Python thread.
    if limit is not None:
        faulthandler.dump_traceback_later(limit + _GRACE, exit=True, file=silence)


def _answer(file: PageSource, call: str, arguments: Any, options: Any) -> Any:
    if call not in CALLS:
        raise ValueError(call)
    try:
        return getattr(file, call)(*arguments, **options)
    except RagsightError as error:
        return error


if __name__ == "__main__":
    main()
