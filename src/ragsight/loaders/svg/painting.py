"""Paint drawings, in a process that is ended when it takes too long."""

from __future__ import annotations

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from ragsight.errors import DocumentError
from ragsight.images import open_image
from ragsight.loaders.pdf.figures.rendering import encode
from ragsight.loaders.svg.drawing import Drawing
from ragsight.processes import run_program, safe_path

_SECONDS = 20.0
"""Seconds that painting may take; drawings take tenths of one."""

_SIDE, _LEAST_SIDE = 1568, 768
"""Pixels of the longer side: more than vision models look at is of no use, and of small drawings
less shows steps."""

_SCALE = 2.0
"""Pixels for each unit of the drawing; labels of plots are legible from two on."""

_RUN = (
    "import json, runpy, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "
    "script = sys.argv.pop(1); sys.argv[0] = script; runpy.run_path(script, run_name='__main__')"
)


def can_paint() -> bool:
    """Whether what paints drawings is installed: the extra `svg`."""
    return find_spec("resvg_py") is not None


def paint_drawing(drawing: Drawing, name: str) -> tuple[bytes, str]:
    """Paint a drawing on white.

    Args:
        drawing: What is safe of a file.
        name: How to name it in messages.

    Returns:
        The picture, encoded, and its media type.

    Raises:
        DocumentError: If it can't be painted, or takes too long.
    """
    width, height = _pixels(drawing.size)
    with TemporaryDirectory(prefix="ragsight-svg-") as folder:
        source, target = Path(folder, "in", "drawing.svg"), Path(folder, "picture.png")
        source.parent.mkdir()
        source.write_bytes(drawing.safe)
        script = str(Path(__file__).with_name("paint.py"))
        command = [sys.executable, "-I", "-c", _RUN, json.dumps(safe_path()), script]
        command += [str(source), str(target), str(width), str(height)]
        done = run_program(command, log=Path(folder, "log"), timeout=_SECONDS)
        if done.code is None:
            raise DocumentError(f"{name}: painting took longer than {_SECONDS:g} seconds.")
        if done.code != 0 or not target.exists():
            reason = done.output.strip().rpartition("\n")[2][-200:] or f"exit code {done.code}"
            raise DocumentError(f"{name}: the drawing can't be painted ({reason}).")
        return encode(open_image(target.read_bytes()))


def _pixels(size: tuple[float, float] | None) -> tuple[int, int]:
    """Width and height to paint at, one of them 0 for what follows from the other."""
    if size is None:
        return _LEAST_SIDE, 0
    side = round(min(max(_SCALE * max(size), _LEAST_SIDE), _SIDE))
    return (side, 0) if size[0] >= size[1] else (0, side)
