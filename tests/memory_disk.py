"""Temporary files in memory, where the machine has room for them there.

An embedded index waits for the disk at each step: in memory a test with one takes half as long.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM = 4 << 30
"""Bytes that must be free there; one process of tests was seen to take 0.7 GB. With less, tests
fail for want of room."""


def prefer_memory() -> None:
    """Let this process and its children make temporary files in memory; `TMPDIR` says otherwise."""
    if "TMPDIR" in os.environ or not _serves():
        return
    os.environ["TMPDIR"] = str(MEMORY)
    tempfile.tempdir = None


def _serves() -> bool:
    try:
        told = os.statvfs(MEMORY)
    except (OSError, AttributeError):
        return False
    # Containers often have a few megabytes there, and run no program from it.
    runs_programs = not told.f_flag & getattr(os, "ST_NOEXEC", 0)
    return runs_programs and told.f_bavail * told.f_frsize >= ROOM and os.access(MEMORY, os.W_OK)
