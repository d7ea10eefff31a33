"""Get the PDFs of the labelled set: out of Debian packages, or built from those.

    cd benchmarks && python -m labelled.fetch --cache FOLDER

Needs `apt-get` with an up-to-date package list and `dpkg-deb`, but no root: packages are
downloaded and unpacked below the cache, never installed. A file whose SHA-256 differs from the one
it was labelled with is reported and skipped, because its labels may not fit.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from labelled.builders import BUILDERS

HERE = Path(__file__).parent
CACHE = Path.home() / ".cache" / "ragsight" / "labelled"


class MissingDocumentError(Exception):
    """A document can't be had; the message says why."""


@dataclass
class Fetched:
    """What is there and what is not."""

    documents: dict[str, Path] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)


def sources() -> list[dict[str, Any]]:
    """The documents of `sources.json`."""
    found: list[dict[str, Any]] = json.loads((HERE / "sources.json").read_text("utf-8"))
    return found


def parts() -> dict[str, str]:
    """By document, whether the loader may be tuned on it: `development` or `held-out`."""
    return {source["name"]: source["part"] for source in sources()}


def fetch(cache: Path = CACHE) -> Fetched:
    """Every document of `sources.json` that can be had, by name; those in the cache stay."""
    cache.mkdir(parents=True, exist_ok=True)
    fetched = Fetched()
    for source in sources():
        path = cache / f"{source['name']}.pdf"
        try:
            get = from_package if "package" in source else built
            get(source, path, fetched)
            fetched.documents[source["name"]] = path
        except MissingDocumentError as error:
            fetched.missing[source["name"]] = str(error)
    return fetched


def from_package(source: dict[str, Any], path: Path, _: Fetched) -> None:
    """Unpack one PDF out of a Debian package, and check its digest."""
    if not path.exists():
        root = unpacked(source["package"], path.parent / "packages")
        inside = root / source["path"]
        if not inside.exists():
            raise MissingDocumentError(f"{source['package']} has no {source['path']}")
        with gzip.open(inside) if inside.suffix == ".gz" else inside.open("rb") as data:
            path.write_bytes(data.read())
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    if digest != source["sha256"]:
        raise MissingDocumentError(
            f"SHA-256 is {digest}, labelled was {source['sha256']} "
            f"({source['package']} {source['version']})"
        )


def unpacked(package: str, folder: Path) -> Path:
    """The folder of a package's files; downloads it when it isn't there."""
    root = folder / package
    if root.exists():
        return root
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as download:
        run(["apt-get", "download", package], Path(download))
        archive = next(Path(download).glob("*.deb"))
        run(["dpkg-deb", "-x", str(archive), "files"], Path(download))
        shutil.move(Path(download) / "files", root)
    return root


def run(command: list[str], folder: Path) -> None:
    """Run a program; its last words are the reason when it fails."""
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    except FileNotFoundError as error:
        raise MissingDocumentError(f"{command[0]} isn't installed") from error
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip() or "no message").splitlines()[-1]
        raise MissingDocumentError(f"{' '.join(command)}: {last}") from error


def built(source: dict[str, Any], path: Path, fetched: Fetched) -> None:
    """Build a document from others that were fetched before it."""
    absent = [name for name in source["built_from"] if name not in fetched.documents]
    if absent:
        raise MissingDocumentError(f"is built from {', '.join(absent)}, which is missing")
    if not path.exists():
        BUILDERS[source["name"]](fetched.documents, path)


def main() -> None:
    """Fetch, and say what is there."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cache", type=Path, default=CACHE)
    fetched = fetch(parser.parse_args().cache)
    for name, path in fetched.documents.items():
        print(f"{name:18} {path}")
    for name, why in fetched.missing.items():
        print(f"{name:18} MISSING: {why}")


if __name__ == "__main__":
    main()
