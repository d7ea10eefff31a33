"""Pictures that a file names by path: found below one folder, and nowhere else."""

from __future__ import annotations

from pathlib import Path

from ragsight.characters import encodable
from ragsight.errors import InputError
from ragsight.loaders.base import absolute

_LONGEST_SHOWN = 120
"""Characters of a path in a message."""


class LocalPictures:
    """Finds the pictures that a file of a stranger may name.

    Args:
        file: The file; paths in it begin at its folder.
        root: The folder that pictures must lie in or below; None for the file's own. Paths may
            begin there too.
        what: What the file is, for messages: "a catalogue".
    """

    def __init__(self, file: Path, root: str | Path | None, what: str) -> None:
        self._folder = file.parent
        self._root = self._folder if root is None else absolute(root)
        self._what = what

    def path(self, value: str) -> Path:
        """Where a picture is, whether there is one or not.

        Raises:
            InputError: If it is no path, or one that leads out of the folder.
        """
        folders = dict.fromkeys((self._folder, self._root))
        found = [_resolved(folder / value.strip()) for folder in folders]
        allowed = [path for path in found if path.is_relative_to(self._root)]
        if not allowed:
            raise InputError(
                f"the picture {_shown(value)} is outside of {self._root}, and is not read: "
                f"{self._what} doesn't choose among the pictures of this machine. If you trust it, "
                "name the folder with image_root= (--image-root)."
            )
        return next((path for path in allowed if path.exists()), allowed[0])


def _resolved(path: Path) -> Path:
    try:
        resolved = path.resolve()
        resolved.exists()
    except (OSError, ValueError, RuntimeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise InputError(f"{_shown(path)}: this is no path ({reason}).") from error
    return resolved


def _shown(name: str | Path) -> str:
    return repr(encodable(str(name).strip()[:_LONGEST_SHOWN]))
