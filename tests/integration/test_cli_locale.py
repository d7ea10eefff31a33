"""The command line where the locale is ASCII, as in many a container and cron job."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from drawings import noise
from ragsight import __version__

SCRIPT = """
import io, json, sys
from ragsight.cli.app import main

def stream(real):
    return io.TextIOWrapper(io.BytesIO(), encoding=real.encoding, errors=real.errors)

ended = []
for command in json.loads(sys.stdin.read()):
    sys.argv = ["ragsight", *command]
    sys.stdout, sys.stderr = stream(sys.__stdout__), stream(sys.__stderr__)
    try:
        main()
    except SystemExit as end:
        sys.stdout.flush(), sys.stderr.flush()
        said = [each.buffer.getvalue().decode("ascii") for each in (sys.stdout, sys.stderr)]
        ended.append([end.code, *said])
print(json.dumps(ended), file=sys.__stdout__)
"""

NOTES = "# Räder\n\nDie Bremse für das Vorderrad (20 €) heißt „Zange“ … 車輪 \U0001f6b2.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = tmp_path / "files"
    files.mkdir()
    (files / "notes.md").write_text(NOTES, encoding="utf-8")
    (files / "broken.pdf").write_text("„kein PDF“", encoding="utf-8")
    noise(1).save(files / "photo.png")
    (files / "photo.txt").write_text("Ein Fahrrad, größer", encoding="utf-8")
    (files / "shop.csv").write_text("name,image,größe\nBüchse,photo.png,2\n", encoding="utf-8")
    query = {"query": "Bremse für", "relevant": [f"{files / 'notes.md'}"]}
    (tmp_path / "queries.jsonl").write_text(
        json.dumps(query, ensure_ascii=False) + "\n", encoding="utf-8"
    )
    return tmp_path


@pytest.mark.skipif(sys.platform == "win32", reason="locales are named otherwise")
def test_every_command_works_where_the_locale_is_ascii(folder: Path) -> None:
    index = ["--index", str(folder / "ix")]
    where, page = ["--where", "größe=2"], str(folder / "page.html")
    commands = [
        ["index", str(folder / "files"), *index, "--model", "ragsight-demo"],
        ["search", "Bremse für", *index, "--html", page],
        ["search", "Büchse", *where, *index, "--json"],
        ["ask", "Was heißt „Zange“?", *index, "--html", page],
        ["eval", str(folder / "queries.jsonl"), *index],
        ["info", *index, "--json"],
        ["search", "für", "--index", str(folder / "nirgends")],
        ["--help"],
        ["--version"],
    ]
    # As Python would read them from the system here: byte by byte.
    typed = [[os.fsencode(a).decode("ascii", "surrogateescape") for a in c] for c in commands]
    kept = {k: v for k, v in os.environ.items() if not k.endswith("_API_KEY") and k[:3] != "LC_"}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**kept, "PYTHONUTF8": "0", "LC_ALL": "C", "COLUMNS": "200", "HF_HUB_OFFLINE": "1"},
        input=json.dumps(typed).encode(),
        capture_output=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr.decode()
    ended = json.loads(done.stdout)
    assert [code for code, _, _ in ended] == [1, 0, 0, 0, 0, 0, 2, 0, 0], ended
    outs = [out for _, out, _ in ended]
    assert "Die Bremse f\\xfcr das Vorderrad" in outs[1]
    found = json.loads(outs[2])
    assert (found["query"], found["hits"][0]["chunk"]["text"]) == ("Büchse", "Büchse")
    assert "broken.pdf" in ended[0][2]
    assert __version__ in outs[-1]
    assert "Was heißt „Zange“?" in (folder / "page.html").read_text(encoding="utf-8")
