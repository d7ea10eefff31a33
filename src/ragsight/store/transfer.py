"""Export an index into a portable folder, and make an index of one: JSON lines, vectors, images."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ragsight.blobs import BlobStore
from ragsight.chunks import Chunk, ImageRef
from ragsight.encoders import SparseVector, Vector
from ragsight.errors import ImageError, SourceNotFoundError, StoreError
from ragsight.files import read_regular
from ragsight.spaces import Collection
from ragsight.steps import InThread, Steps
from ragsight.store.admission import admitted
from ragsight.store.engines.base import Payload, Point
from ragsight.store.migrations import current_profile
from ragsight.store.operations import Operations
from ragsight.store.payloads import from_payload, to_payload
from ragsight.store.records import SourceRecord
from ragsight.store.schema import COLLECTIONS, OWN_KEY, RECORD_KIND, IndexManifest

FORMAT_VERSION = 1
MANIFEST = "manifest.json"
POINTS_PER_PART = 1024
"""Points in one file: with vectors of 512 dimensions 2 MB."""


@dataclass(frozen=True, slots=True)
class TransferReport:
    """What was exported or imported.

    Attributes:
        texts: Points of the text collection, records of finished sources among them.
        images: Points of the image collection.
        blobs: Images.
    """

    texts: int
    images: int
    blobs: int


def export_index(store: Operations, folder: Path) -> Steps[TransferReport]:
    """Write everything an index holds into a new folder.

    Raises:
        StoreError: If the folder isn't empty or can't be written, or an image is missing.
    """
    if not store.layout.is_own:
        raise StoreError(
            f"{store.engine.place}: only an index of ragsight can be exported. Index the chunks of "
            "the attached collections into one first."
        )
    yield from InThread(_make_folder, folder)
    parts: dict[str, str] = {}
    counts: dict[Collection, int] = {}
    blobs = BlobStore(folder / "blobs")
    kept: set[str] = set()
    for collection in COLLECTIONS:
        counts[collection] = 0
        offset: str | None = None
        while True:
            points, offset = yield from store.engine.scroll(
                collection, filter=None, limit=POINTS_PER_PART, offset=offset, vectors=True
            )
            name = f"{collection}-{len(parts):06}"
            written = yield from InThread(_write_part, folder, name, points)
            parts.update(written)
            yield from InThread(_copy_blobs, points, store.blobs, blobs, kept)
            counts[collection] += len(points)
            if offset is None:
                break
    report = TransferReport(counts["text"], counts["image"], len(kept))
    yield from InThread(_write_manifest, folder, store.profile, parts, report)
    return report


def import_index(store: Operations, folder: Path) -> Steps[TransferReport]:
    """Write everything that an export holds into an index.

    Raises:
        MetadataError: If a chunk can't be kept, of an index in memory that took anything once.
        StoreError: If the export is damaged, or the engine refuses.
    """
    manifest = yield from InThread(read_manifest, folder)
    importing = _Import(store, folder, manifest["parts"])
    yield from importing.texts()
    yield from importing.images()
    # Once all chunks are there: after a crash no source may count as finished that isn't.
    yield from importing.records()
    return importing.report()


class _Import:
    """One import: chunks are written whole, so text parts are joined with image parts by id."""

    def __init__(self, store: Operations, folder: Path, parts: Mapping[str, str]) -> None:
        self._store = store
        self._folder = folder
        self._parts = parts
        self._blobs = BlobStore(folder / "blobs")
        self._copied: set[str] = set()
        self._counts: dict[Collection, int] = dict.fromkeys(COLLECTIONS, 0)
        self._unread = self._names("image")
        self._images: dict[str, Point] = {}
        self._last_image = ""
        self._records: list[Point] = []

    def _names(self, collection: Collection) -> list[str]:
        names = {part.partition(".")[0] for part in self._parts}
        return sorted(name for name in names if name.startswith(f"{collection}-"))

    def _read(self, name: str, collection: Collection) -> Steps[list[Point]]:
        points: list[Point] = yield from InThread(_read_part, self._folder, name, self._parts)
        yield from InThread(_copy_blobs, points, self._blobs, self._store.blobs, self._copied)
        self._counts[collection] += len(points)
        return points

    def texts(self) -> Steps[None]:
        """Write all chunks with text, each with its image half."""
        for name in self._names("text"):
            points = yield from self._read(name, "text")
            yield from self._read_images_up_to(max((point.id for point in points), default=""))
            chunks = [point for point in points if not _is_record(point)]
            self._records += filter(_is_record, points)
            ids = [point.id for point in chunks]
            images = [self._images.pop(id_) for id_ in ids if id_ in self._images]
            without = sorted(set(ids) - {point.id for point in images})
            yield from self._store.write({"text": chunks, "image": images}, {"image": without})

    def _read_images_up_to(self, last: str) -> Steps[None]:
        # Parts are in the order of ids, as engines go through their points.
        while self._unread and self._last_image < last:
            points = yield from self._read(self._unread.pop(0), "image")
            self._images.update((point.id, point) for point in points)
            self._last_image = max((point.id for point in points), default=self._last_image)

    def images(self) -> Steps[None]:
        """Write the chunks that have no text."""
        yield from self._write_images()
        while self._unread:
            points = yield from self._read(self._unread.pop(0), "image")
            self._images.update((point.id, point) for point in points)
            yield from self._write_images()

    def _write_images(self) -> Steps[None]:
        if self._images:
            lost: dict[Collection, list[str]] = {"text": sorted(self._images)}
            yield from self._store.write({"image": list(self._images.values())}, lost)
            self._images.clear()

    def records(self) -> Steps[None]:
        """Write the records of finished sources."""
        if self._records:
            yield from self._store.write({"text": self._records})

    def report(self) -> TransferReport:
        """What was imported."""
        return TransferReport(self._counts["text"], self._counts["image"], len(self._copied))


def exported_profile(folder: Path) -> IndexManifest:
    """What an exported index was made with.

    Raises:
        StoreError: If there is no export, or of a later version.
    """
    return current_profile(read_manifest(folder)["profile"], place=str(folder))


def read_manifest(folder: Path) -> dict[str, Any]:
    """The list of an export's files and their checksums.

    Raises:
        StoreError: If there is no export, or of a later version.
    """
    try:
        manifest = json.loads(read_regular(folder / MANIFEST))
        version = int(manifest["format"])
        dict.items(manifest["parts"]), manifest["profile"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{folder}: there is no complete export here ({error!r}). Export the index again."
        ) from error
    if version > FORMAT_VERSION:
        raise StoreError(
            f"{folder}: the export was made by a later version of ragsight. Upgrade ragsight."
        )
    return dict(manifest)


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        is_empty = not any(folder.iterdir())
    except OSError as error:
        raise StoreError(f"{folder}: nothing can be exported there ({error}).") from error
    if not is_empty:
        raise StoreError(f"{folder}: the folder isn't empty. Export into a new one.")


def _write_part(folder: Path, name: str, points: Sequence[Point]) -> dict[str, str]:
    lines = "".join(
        json.dumps({"id": point.id, "payload": _portable(point.payload)}, ensure_ascii=False) + "\n"
        for point in points
    )
    buffer = io.BytesIO()
    np.savez(buffer, **dict(_arrays(points)))  # type: ignore[arg-type]
    files = {f"{name}.jsonl": lines.encode(), f"{name}.npz": buffer.getvalue()}
    try:
        for file, data in files.items():
            (folder / file).write_bytes(data)
    except OSError as error:
        raise StoreError(f"{folder}: the export can't be written ({error}).") from error
    return {file: hashlib.sha256(data).hexdigest() for file, data in files.items()}


def _is_record(point: Point) -> bool:
    return bool(point.payload[OWN_KEY].get("kind") == RECORD_KIND)


def _portable(payload: Payload) -> dict[str, Any]:
    """A payload without what is made of its chunk again on import."""
    own = payload[OWN_KEY]
    return {"record": own} if own.get("kind") == RECORD_KIND else from_payload(payload).to_dict()


def _restored(payload: Mapping[str, Any]) -> Payload:
    if "record" in payload:
        return SourceRecord.from_payload({OWN_KEY: payload["record"]}).to_point().payload
    return to_payload(admitted(Chunk.from_dict(payload)))


def _arrays(points: Sequence[Point]) -> Iterator[tuple[str, NDArray[Any]]]:
    """Vectors by name: rows of the points that have one; sparse ones as in a CSR matrix."""
    for name in sorted({name for point in points for name in point.vectors}):
        having = [(row, p.vectors[name]) for row, p in enumerate(points) if name in p.vectors]
        yield f"{name}.rows", np.array([row for row, _ in having])
        sparse = [v for _, v in having if isinstance(v, SparseVector)]
        dense = [np.asarray(v) for _, v in having if not isinstance(v, SparseVector)]
        if dense and dense[0].ndim > 1:
            yield f"{name}.counts", np.array([len(v) for v in dense])
            yield f"{name}.multi", np.concatenate(dense)
            continue
        if not sparse:
            yield f"{name}.dense", np.stack(dense)
            continue
        yield f"{name}.lengths", np.array([len(v.indices) for v in sparse])
        yield f"{name}.indices", np.array([i for v in sparse for i in v.indices], dtype=np.int64)
        yield f"{name}.values", np.array([x for v in sparse for x in v.values], dtype=np.float64)


def _read_part(folder: Path, name: str, checksums: Mapping[str, str]) -> list[Point]:
    lines, arrays = (_checked(folder / f"{name}.{kind}", checksums) for kind in ("jsonl", "npz"))
    rows = [json.loads(line) for line in lines.splitlines()]
    vectors: list[dict[str, Vector]] = [{} for _ in rows]
    with np.load(io.BytesIO(arrays)) as stored:
        for key in stored.files:
            vector, _, kind = key.rpartition(".")
            if kind == "rows":
                for row, value in zip(stored[key], _vectors(vector, stored), strict=True):
                    vectors[row][vector] = value
    return [
        Point(row["id"], _restored(row["payload"]), named)
        for row, named in zip(rows, vectors, strict=True)
    ]


def _vectors(name: str, stored: Mapping[str, NDArray[Any]]) -> list[Vector]:
    if f"{name}.dense" in stored:
        return list(stored[f"{name}.dense"].astype(np.float32))
    if f"{name}.multi" in stored:
        ends = np.cumsum(stored[f"{name}.counts"])[:-1]
        return list(np.split(stored[f"{name}.multi"].astype(np.float32), ends))
    ends = np.cumsum(stored[f"{name}.lengths"])[:-1]
    indices = np.split(stored[f"{name}.indices"], ends)
    values = np.split(stored[f"{name}.values"], ends)
    return [
        SparseVector(tuple(i.tolist()), tuple(v.tolist()))
        for i, v in zip(indices, values, strict=True)
    ]


def _checked(path: Path, checksums: Mapping[str, str]) -> bytes:
    try:
        data = read_regular(path)
    except OSError as error:
        raise StoreError(f"{path}: the export lacks this file ({error}). Export again.") from error
    if hashlib.sha256(data).hexdigest() != checksums.get(path.name):
        raise StoreError(f"{path}: the file isn't as it was exported. Copy or export it again.")
    return data


def _copy_blobs(
    points: Sequence[Point], source: BlobStore, target: BlobStore, kept: set[str]
) -> None:
    for point in points:
        image = point.payload[OWN_KEY].get("image")
        if image is None or image["sha256"] in kept:
            continue
        ref = source.locate(ImageRef.from_dict(image))
        try:
            target.keep(ref)
        except (ImageError, SourceNotFoundError) as error:
            raise StoreError(
                f"{ref.uri}: an image of the index is missing ({error}). "
                "Index its source again, or restore the file."
            ) from error
        kept.add(image["sha256"])


def _write_manifest(
    folder: Path, profile: IndexManifest, parts: Mapping[str, str], report: TransferReport
) -> None:
    manifest = {
        "format": FORMAT_VERSION,
        "profile": profile.to_dict(),
        "texts": report.texts,
        "images": report.images,
        "blobs": report.blobs,
        "parts": dict(parts),
    }
    try:
        (folder / MANIFEST).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
    except OSError as error:
        raise StoreError(f"{folder}: the export can't be finished ({error}).") from error
