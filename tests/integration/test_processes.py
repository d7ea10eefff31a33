"""Processes of ours: nothing of the working directory runs in them; none outlives its parent."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pdfs import paragraph, save_pdf
from ragsight.processes import python_command, run_program, safe_path, supervised

PLANTED = (
    "PIL",
    "qdrant_edge",
    "faulthandler",
    "pickle",
    "pymupdf",
    "numpy",
    "json",
    "sitecustomize",
)
WAIT = 20

USE = """
import sys
sys.path.pop(0)  # this script's own folder, as for a console script
from ragsight import Chunk, ClipEncoder, MultimodalStore, PdfLoader, PdfOptions, Source
print(len(PdfLoader("a.pdf", options=PdfOptions(isolate=True, page_timeout=60)).load()))
with MultimodalStore.open("index", encoder=ClipEncoder("ragsight-demo")) as store:
    store.upsert([Chunk(text="a pump", source=Source(uri="a"))])
    store.optimize()
    print(store.counts().texts)
"""


@pytest.mark.parametrize("python_path", [None, "", os.pathsep])
def test_modules_planted_in_the_working_directory_do_not_run(
    tmp_path: Path, python_path: str | None
) -> None:
    folder, elsewhere = tmp_path / "files", tmp_path / "scripts"
    folder.mkdir()
    elsewhere.mkdir()
    (elsewhere / "use.py").write_text(USE)
    save_pdf(folder / "a.pdf", lambda page: paragraph(page, (60, 60, 530, 200)))
    for name in PLANTED:
        if python_path != os.pathsep or name != "sitecustomize":
            # With an empty entry in PYTHONPATH the first Python of all, the user's, runs that one.
            (folder / f"{name}.py").write_text(f"open('ran-{name}', 'w')\nraise ImportError('x')")
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if python_path is not None:
        environment["PYTHONPATH"] = python_path
    command = [sys.executable, str(elsewhere / "use.py")]
    if python_path == os.pathsep:
        # Here the user has asked for modules of the working directory, so ours are tried alone.
        command = python_command("ragsight.loaders.pdf.isolation.worker")
        subprocess.run(command, cwd=folder, env=environment, input=b"", check=False, timeout=60)
    else:
        done = subprocess.run(
            command, cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.stdout.split() == ["1", "1"], done.stderr
    assert sorted(path.name for path in folder.glob("ran-*")) == []


def test_the_path_for_children_has_no_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), "relative", "/usr/lib/python", *sys.path])
    path = safe_path()
    assert "" not in path
    assert str(tmp_path) not in path
    assert str(tmp_path / "relative") in path
    assert path.count("/usr/lib/python") == 1


def test_a_program_s_exit_code_and_output_are_known(tmp_path: Path) -> None:
    log = tmp_path / "log.txt"
    done = run_program([sys.executable, "-c", "print('said'); raise SystemExit(7)"], log=log)
    assert (done.code, done.output.strip()) == (7, "said")
    killed = run_program(
        [sys.executable, "-c", "import os; os.kill(os.getpid(), 11)"], log=log, timeout=WAIT
    )
    assert killed.code == -signal.SIGSEGV
    with pytest.raises(FileNotFoundError, match="no program nowhere-to-be-found"):
        run_program(["nowhere-to-be-found"], log=log)


@pytest.mark.skipif(os.name == "nt", reason="sessions of processes are POSIX's")
def test_a_program_and_what_it_started_end_with_the_parent(tmp_path: Path) -> None:
    grandchild = f"import time, pathlib; pathlib.Path({str(tmp_path / 'pid')!r})"
    grandchild += ".write_text(str(__import__('os').getpid())); time.sleep(600)"
    child = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {grandchild!r}])"
    parent = (
        "import sys; from pathlib import Path; from ragsight.processes import run_program; "
        f"run_program([sys.executable, '-c', {child!r}], log=Path({str(tmp_path / 'log')!r}))"
    )
    process = subprocess.Popen([sys.executable, "-c", parent])
    pid = int(_appeared(tmp_path / "pid"))
    process.kill()
    process.wait()
    deadline = time.monotonic() + WAIT
    while _is_running(pid):
        assert time.monotonic() < deadline, "the program went on without its parent"
        time.sleep(0.05)


def _appeared(path: Path) -> str:
    deadline = time.monotonic() + WAIT
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return path.read_text()


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A process that ended is still listed until whoever adopted it has looked.
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def test_a_command_is_supervised_where_there_are_sessions() -> None:
    command = supervised(["program", "argument"])
    assert command[-2:] == ["program", "argument"]
