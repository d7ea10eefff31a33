"""What an exported model's folder says of itself, and whether its files are still what it says."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from ragsight.encoders.clip.fingerprints import digest_of
from ragsight.files import open_regular, read_regular

Precision = Literal["fp32", "int8"]
Tower = Literal["vision", "text"]

FORMAT = 1
"""To be counted up when graphs or manifests change, so that older exports are made again."""

MANIFEST = "manifest.json"

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Closeness:
    """Cosines between vectors of an export and others, after the others' mean is taken from both.

    Vectors of one model have much in common; without taking that away, any two are close.

    Attributes:
        mean: The mean of all cosines.
        least: The smallest one.
    """

    mean: float
    least: float


@dataclass(frozen=True, slots=True)
class Manifest:
    """What is in an export's folder.

    Attributes:
        model: Name of the checkpoint when it was exported.
        precision: `fp32` or `int8`.
        dimension: Length of the vectors.
        image_size: Height and width of the images in pixels.
        context_length: Tokens that a text may have.
        normalisation: `rescale`, `mean` and `std`, which the vision graph applies.
        versions: Of the packages that took part, and of the ONNX opset.
        files: SHA-256 of each file by its name.
        closeness: For `int8`, of its `images` and `texts` to fp32; empty for `fp32`.
    """

    model: str
    precision: Precision
    dimension: int
    image_size: int
    context_length: int
    normalisation: Mapping[str, Any]
    versions: Mapping[str, str]
    files: Mapping[str, str]
    closeness: Mapping[str, Closeness]

    def write(self, folder: Path) -> None:
        """Write the manifest into its folder."""
        content = {"format": FORMAT, **asdict(self)}
        content["digest"] = digest_of(content)
        (folder / MANIFEST).write_text(json.dumps(content, indent=2), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Manifest | None:
        """Read a folder's manifest; None if there is none, or it is damaged or of another kind."""
        try:
            content = json.loads(read_regular(folder / MANIFEST))
            digest = content.pop("digest")
            if digest_of(content) != digest or content.pop("format") != FORMAT:
                return None
            closeness = {
                name: Closeness(**values) for name, values in content.pop("closeness").items()
            }
            return cls(**content, closeness=closeness)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def is_intact(self, folder: Path, tower: Tower) -> bool:
        """Whether the files of a tower are there and as they were written."""
        files = {name: digest for name, digest in self.files.items() if name.startswith(tower)}
        try:
            return bool(files) and all(
                file_digest(folder / name) == digest for name, digest in files.items()
            )
        except OSError:
            return False


def file_digest(path: Path) -> str:
    """Hex SHA-256 of a file."""
    digest = hashlib.sha256()
    with open_regular(path) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
