"""Another program, run with a limit of time and ended with all that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICK = 0.2
_OUTPUT_LIMIT = 20_000


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended.

    Attributes:
        code: Its exit code, negative for a signal; None if its time was over and it was killed.
        output: What it printed, to either stream.
    """

    code: int | None
    output: str


def run_program(
    command: Sequence[str],
    *,
    log: Path,
    timeout: float,
    progress: Callable[[], object] = lambda: None,
    environment: Mapping[str, str] | None = None,
) -> Finished:
    """Run a program in a process group of its own.

    Args:
        command: The program and its arguments.
        log: File for what it prints. A pipe would stay open as long as any child of it lives.
        timeout: Seconds that may pass without progress; then the whole group is killed.
        progress: Something that changes when the program gets on.
        environment: Its environment; by default this process's own.

    Returns:
        How it ended.

    Raises:
        OSError: If it can't be started.
    """
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    try:
        code = _waited(process, timeout, progress)
    finally:
        if process.returncode is None:
            _kill_group(process)
    return Finished(code, log.read_bytes()[-_OUTPUT_LIMIT:].decode("utf-8", "replace"))


def _waited(
    process: subprocess.Popen[bytes], timeout: float, progress: Callable[[], object]
) -> int | None:
    deadline, last = time.monotonic() + timeout, progress()
    while True:
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        try:
            return process.wait(min(left, _TICK))
        except subprocess.TimeoutExpired:
            current = progress()
            if current != last:
                deadline, last = time.monotonic() + timeout, current


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    if os.name == "nt":
        tree = ["taskkill", "/F", "/T", "/PID", str(process.pid)]
        subprocess.run(tree, capture_output=True, check=False)
        process.kill()
    else:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
