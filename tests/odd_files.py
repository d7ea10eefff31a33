"""What may stand in a folder beside regular files, and a limit for tests that meet it."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def pipe(path: Path) -> None:
    os.mkfifo(path)


def bound_socket(path: Path) -> None:
    before = Path.cwd()
    os.chdir(path.parent)  # the name of a socket has about 100 characters
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)
    finally:
        os.chdir(before)


def link_to(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def link_to_pipe(path: Path) -> None:
    os.mkfifo(path.with_name("behind"))
    path.symlink_to("behind")


ODD: dict[str, Callable[[Path], None]] = {
    "named pipe": pipe,
    "named pipe behind a link": link_to_pipe,
    "socket": bound_socket,
    "device that never ends": link_to("/dev/zero"),
    "device without end of input": link_to("/dev/tty"),
    "empty device": link_to("/dev/null"),
    "loop of links": lambda path: path.symlink_to(path.name),
    "link to nothing": link_to("/nowhere/at/all"),
    "folder": Path.mkdir,
    "link to a folder": link_to("."),
}


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Break off what takes longer, such as waiting for someone who writes into a pipe."""

    def give_up(_signal: int, _frame: object) -> None:
        raise TimeoutError(f"it took longer than {seconds:g} seconds")

    before = signal.signal(signal.SIGALRM, give_up)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
