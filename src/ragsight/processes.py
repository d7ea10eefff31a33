"""Other programs: Python with a safe path, limits of time, and an end when their parent ends."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICK = 0.2
"""Seconds between looks at whether a program gets on."""

_OUTPUT_LIMIT = 20_000
"""Bytes of what a program printed that are kept, from its end."""

_ROOT = Path(__file__).parents[1]
"""The folder that holds the package, wherever this process found it."""

_SUPERVISOR = Path(__file__).with_name("supervisor.py")

# `-I` keeps the working directory, PYTHONPATH and what stands in them out, also of what Python
# imports before any line of ours runs; then the child gets the parent's own path.
_RUN = (
    "import json, runpy, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "
    "name = sys.argv.pop(1); sys.argv[0] = name; "
    "runpy.run_module(name, run_name='__main__', alter_sys=True)"
)


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
    timeout: float = math.inf,
    progress: Callable[[], object] = lambda: None,
    environment: Mapping[str, str] | None = None,
) -> Finished:
    """Run a program in a session of its own; it ends with this process, whatever ends that.

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
    if shutil.which(command[0]) is None:
        raise FileNotFoundError(f"there is no program {command[0]}")
    with log.open("wb") as output:
        process = subprocess.Popen(
            supervised(command),
            stdin=subprocess.PIPE,
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
        if process.stdin is not None:
            process.stdin.close()
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


def python_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module, as `python -m` does, with a safe path.

    `python -m` puts the working directory first on the path: in a folder of a stranger's files a
    `PIL.py` would run there. The child has the path of this process without the working directory.

    Args:
        module: The module's name.
        *arguments: Its arguments.

    Example:
        >>> python_command("json.tool", "--help")[1]
        '-I'
    """
    return [sys.executable, "-I", "-c", _RUN, json.dumps(safe_path()), module, *arguments]


def safe_path() -> list[str]:
    """`sys.path` for a child: first our own package's place, nowhere the working directory."""
    here = _here()
    places = [str(_ROOT)]
    for place in sys.path:
        if place and os.path.realpath(place) != here and place not in places:
            places.append(os.path.abspath(place))  # noqa: PTH100 - links in it stay as they are
    return places


def _here() -> str:
    try:
        return os.path.realpath(Path.cwd())
    except OSError:
        return ""  # It was removed, so that nothing can stand in it.


def supervised(command: Sequence[str]) -> list[str]:
    """A command that runs another one and ends it, with all that it started, once we are gone.

    Whoever starts it holds its standard input open, as a pipe: where that closes, its parent has
    ended. It needs a session of its own (`start_new_session=True`), all of which is killed. Its
    exit code is the program's, negative ones for signals too.

    Args:
        command: The program and its arguments.
    """
    if os.name == "nt":
        return list(command)
    return [sys.executable, "-I", "-S", str(_SUPERVISOR), *command]
