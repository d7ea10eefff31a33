"""What stands in an index folder and is no file of ours: named pipes, devices, loops of links.

To open one of these for reading or writing can wait for ever, in the engine too, where nothing
breaks it off. So they are looked for before anything is opened.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from ragsight.files import odd_kind
from ragsight.store.schema import COLLECTIONS


def odd_parts(folder: Path, files: tuple[str, ...], folders: tuple[str, ...]) -> dict[str, str]:
    """Members of a folder that aren't what they should be.

    Args:
        folder: The folder.
        files: Names of members that are regular files if they are there.
        folders: Names of members that are folders if they are there.

    Returns:
        By name, what stands there in their place.
    """
    found = {}
    for names, is_right in ((files, stat.S_ISREG), (folders, stat.S_ISDIR)):
        for name in names:
            what = _odd(folder / name, is_right)
            if what is not None:
                found[name] = what
    return found


def odd_files(shard: Path) -> Iterator[str]:
    """Problems of a shard's folder: what in it is neither a file nor a folder."""
    pending = [shard]
    while pending:
        try:
            members = list(os.scandir(pending.pop()))
        except OSError:
            continue  # That it can't be read is said by whoever reads it.
        for member in members:
            what = _odd(Path(member.path), stat.S_ISREG, stat.S_ISDIR)
            if what is not None:
                yield f"{member.path}: it is {what}"
            elif member.is_dir(follow_symlinks=False):
                pending.append(Path(member.path))


def odd_in_index(folder: Path, files: tuple[str, ...]) -> str | None:
    """What in an index folder keeps it from being opened, if there is such a thing."""
    for name, what in odd_parts(folder, files, tuple(COLLECTIONS)).items():
        return f"{name} is {what}"
    return next((problem for c in COLLECTIONS for problem in odd_files(folder / c)), None)


def _odd(path: Path, *is_right: Callable[[int], bool]) -> str | None:
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - says why, where `exists` says nothing
    except OSError as error:
        if not os.path.lexists(path):
            return None
        return f"a link that leads nowhere ({error.strerror})"
    right = any(test(mode) for test in is_right)
    return None if right else odd_kind(mode)
