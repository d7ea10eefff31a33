"""Paints one drawing, as a program of its own: it can be ended, and its memory is bounded.

Usage: paint.py DRAWING PICTURE WIDTH HEIGHT, one of the last two 0. Imports nothing of ragsight,
whose packages would take ten times as long to import as a drawing takes to be painted.
"""

from __future__ import annotations

import sys
from pathlib import Path

MEMORY = 3 << 30
"""Bytes of address space; filters and patterns can ask for any number."""


def main() -> None:
    """Paint, or end with an error on the standard error stream."""
    try:
        import resource
    except ImportError:
        pass  # Windows has no such limit; the limit of time holds there too.
    else:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    import resvg_py

    source, target, width, height = sys.argv[1:5]
    picture = resvg_py.svg_to_bytes(
        svg_string=Path(source).read_text(encoding="utf-8"),
        background="white",
        dpi=96,  # without it, lengths in millimetres are none
        width=int(width) or None,
        height=int(height) or None,
        resources_dir=str(Path(source).parent),
    )
    Path(target).write_bytes(bytes(picture))


if __name__ == "__main__":
    main()
