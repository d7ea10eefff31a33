"""The parts of an Office file, each read when it is asked for.

A part that is missing or damaged costs what it describes, a slide or a picture, and no more;
pictures and films that nobody asks for are never unpacked.
"""

from __future__ import annotations

import posixpath
import zipfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote
from xml.etree.ElementTree import Element

from ragsight.errors import DocumentError
from ragsight.files import open_regular
from ragsight.loaders.slides.painting.package import ZIP_ERRORS
from ragsight.loaders.slides.xml import parse_xml

MAX_XML = 32 << 20
"""Longest XML part in bytes that is parsed; as a tree it takes some ten times as much memory."""

MAX_PICTURE = 200 << 20
"""Longest picture in bytes that is read."""

_RELATIONSHIPS = "{http://schemas.openxmlformats.org/package/2006/relationships}"


@dataclass(frozen=True, slots=True)
class Relationship:
    """A reference from one part to another, or to something outside.

    Attributes:
        kind: The last part of its type: `slide`, `image`, `hyperlink`.
        target: Name of the part, or the address.
        external: Whether the target is outside of the file.
    """

    kind: str
    target: str
    external: bool


@dataclass
class Package:
    """An open Office file.

    Messages name parts only: who asks for a part knows the file, and what the part is for.

    Args:
        file: The open archive.
        opened: What the archive reads from, to be closed with it.
    """

    file: zipfile.ZipFile
    opened: BinaryIO | None = None
    _entries: dict[str, zipfile.ZipInfo] = field(init=False)
    _related: dict[str, dict[str, Relationship]] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        self._entries = {
            _key(info.filename): info for info in self.file.infolist() if not info.is_dir()
        }

    @classmethod
    def open(cls, path: Path, name: str) -> Package:
        """Open a file that has been checked to be safe to unpack.

        Args:
            path: The file.
            name: How to name it in messages.

        Raises:
            DocumentError: If it is no archive, or damaged.
        """
        try:
            opened = open_regular(path)
            try:
                return cls(zipfile.ZipFile(opened), opened)
            except BaseException:
                opened.close()
                raise
        except ZIP_ERRORS as error:
            raise DocumentError(
                f"{name}: this is no Office file, or it is damaged ({error}). Replace the file."
            ) from error

    def close(self) -> None:
        """Close the file."""
        self.file.close()
        if self.opened is not None:
            self.opened.close()

    def has(self, part: str) -> bool:
        """Whether there is such a part."""
        return _key(part) in self._entries

    def digest(self, part: str) -> tuple[int, int] | None:
        """What tells a part's content from others', without unpacking it; None if it's missing."""
        info = self._entries.get(_key(part))
        return None if info is None else (info.CRC, info.file_size)

    def read(self, part: str, limit: int) -> bytes:
        """A part's bytes.

        Raises:
            DocumentError: If it is missing, damaged or longer than the limit.
        """
        info = self._entries.get(_key(part))
        if info is None:
            raise DocumentError(f"{part} is missing in the file.")
        try:
            with self.file.open(info) as opened:
                data = opened.read(limit + 1)
        except ZIP_ERRORS as error:
            raise DocumentError(f"{part} is damaged ({error}).") from error
        if len(data) > limit:
            raise DocumentError(f"{part} is longer than {limit >> 20:,} MB and isn't read.")
        return data

    def xml(self, part: str) -> Element:
        """A part as XML.

        Raises:
            DocumentError: If it is missing, damaged, too long or unsafe.
        """
        return parse_xml(self.read(part, MAX_XML), part)

    def related(self, part: str) -> dict[str, Relationship]:
        """What a part refers to, by the ids used in it; empty if that can't be read.

        The empty name stands for the file as a whole.
        """
        if part not in self._related:
            self._related[part] = self._read_related(part)
        return self._related[part]

    def _read_related(self, part: str) -> dict[str, Relationship]:
        folder, name = posixpath.split(part)
        try:
            root = self.xml(posixpath.join(folder, "_rels", f"{name}.rels"))
        except DocumentError:
            # What can't be found for want of it is reported where it is needed.
            return {}
        found = {}
        for item in root.iter(f"{_RELATIONSHIPS}Relationship"):
            external = item.get("TargetMode", "").lower() == "external"
            target = item.get("Target", "")
            found[item.get("Id", "")] = Relationship(
                kind=item.get("Type", "").rpartition("/")[2],
                target=target if external else _resolved(folder, target),
                external=external,
            )
        return found

    def first(self, part: str, kind: str) -> str | None:
        """The first part of a kind that a part refers to."""
        for relationship in self.related(part).values():
            if relationship.kind == kind and not relationship.external:
                return relationship.target
        return None


def _resolved(folder: str, target: str) -> str:
    path = unquote(target.replace("\\", "/").partition("#")[0])
    return posixpath.normpath(posixpath.join("/", folder, path)).lstrip("/")


def _key(name: str) -> str:
    # Names of parts don't differ by case (ECMA-376, part 2).
    return name.replace("\\", "/").lstrip("/").casefold()
