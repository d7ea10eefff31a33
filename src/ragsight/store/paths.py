"""Keys of a payload as Qdrant's paths spell them."""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[\w-]+")
_PATH_SIGNS = frozenset('"[]')


def path_part(key: str) -> str:
    """One key of a path, in quotes where Qdrant takes it only so.

    Example:
        >>> path_part("price"), path_part("unit price")
        ('price', '"unit price"')
    """
    return key if _PLAIN.fullmatch(key) else f'"{key}"'


def quoted_path(path: str) -> str:
    """A path as a person writes it, with quotes where they are needed.

    What has quotes or brackets already is a path of Qdrant's own and stays as it is.

    Example:
        >>> quoted_path("size.outer width")
        'size."outer width"'
    """
    if not path or _PATH_SIGNS & set(path):
        return path
    return ".".join(path_part(part) for part in path.split("."))
