"""Examples of README and documentation, run as a reader would: each in a process of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from fakes.openai_server import FakeOpenAI

FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def fences(page: Path) -> list[tuple[str, str]]:
    """Language and text of each fenced block of a page, in order."""
    return FENCE.findall(page.read_text(encoding="utf-8"))


def run_python(arguments: list[str], folder: Path, server: FakeOpenAI) -> str:
    """Run Python with these arguments in a folder, the server standing in for OpenAI's.

    Returns:
        What it printed; a failure fails the test with it.
    """
    variables = {
        "OPENAI_API_KEY": "test",
        "OPENAI_BASE_URL": server.base_url,
        "HF_HUB_OFFLINE": "1",
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
