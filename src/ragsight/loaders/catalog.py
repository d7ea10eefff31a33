"""Catalogues: tables of things with a picture each, as CSV or JSON lines."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ragsight.characters import encodable
from ragsight.chunks import Chunk, ImageRef, Source
from ragsight.errors import (
    CatalogError,
    EmptyDocumentError,
    ErrorHandler,
    InputError,
    MetadataError,
    raise_error,
)
from ragsight.files import open_regular
from ragsight.images import image_ref
from ragsight.loaders.base import absolute, file_fingerprint
from ragsight.loaders.decoding import find_encoding
from ragsight.loaders.local_pictures import LocalPictures
from ragsight.metadata import json_metadata

_HALF = re.compile(r"\\ud[89a-f]", re.IGNORECASE)
"""Half of a character, escaped; whoever cuts a text after so many units leaves it alone."""

CATALOG_SUFFIXES = frozenset({".csv", ".tsv", ".jsonl", ".ndjson"})
TEXT_COLUMNS = ("name", "title", "description", "category", "caption", "text")

_VERSION = 1
_LONGEST_LINE = 1 << 24
_SAMPLE = 1 << 18
"""Bytes in which the encoding is looked for."""

_DELIMITERS = ",;\t|"
# A leading zero or plus sign says that digits are a name (a code, a telephone number), no number.
_INTEGER = re.compile(r"-?(0|[1-9]\d{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9]\d*)\.\d+([eE][+-]?\d+)?")

Row = Mapping[str, Any]


class CatalogLoader:
    """Loads a catalogue, one chunk for each row: its words, its picture, its facts.

    The words are those of `text_columns`, the facts (metadata) those of all other columns but the
    picture's; in CSV, numbers and true/false are recognised. A row whose picture can't be used is
    reported, and loaded without it; so is a value that no index can keep, such as NaN.

    Args:
        path: A CSV file (comma, semicolon, tab or bar; the first row names the columns) or a file
            of JSON objects, one on each line; in UTF-8.
        image_column: The column with the path of the picture, relative to the catalogue.
        text_columns: The columns whose words are indexed; by default those of `TEXT_COLUMNS` that
            are there, else all columns of text.
        image_root: The folder that the pictures must lie in or below, symbolic links followed; by
            default that of the catalogue. Whoever wrote a catalogue shall not choose which of
            this machine's pictures are indexed, so name it only if you trust the catalogue so far.
            Paths that aren't found from the catalogue are looked for from there.
        on_error: Called with a row's problem; the other rows are loaded if it returns.

    Raises:
        SourceNotFoundError: If there is no such file, or no folder `image_root`.

    Example:
        >>> CatalogLoader("shop.csv").load()[0].metadata["price"]  # doctest: +SKIP
        39.9
    """

    def __init__(
        self,
        path: str | Path,
        *,
        image_column: str = "image",
        text_columns: Sequence[str] | None = None,
        image_root: str | Path | None = None,
        on_error: ErrorHandler = raise_error,
    ) -> None:
        self._path = absolute(path)
        self._pictures = LocalPictures(self._path, image_root, "a catalogue")
        self._image_column = image_column
        self._text_columns = None if text_columns is None else tuple(text_columns)
        self._on_error = on_error

    @property
    def uri(self) -> str:
        """The catalogue's absolute path."""
        return str(self._path)

    def fingerprint(self) -> str:
        """Digest of the catalogue, the options, and size and time of each picture."""
        options = (_VERSION, self._image_column, self._text_columns)
        digest = hashlib.sha256(file_fingerprint(self._path, "CatalogLoader", options).encode())
        for path in self.image_paths():
            try:
                status = path.stat()
                digest.update(f"{path}\0{status.st_size}\0{status.st_mtime_ns}\n".encode())
            except OSError:
                digest.update(f"{path}\0absent\n".encode())
        return digest.hexdigest()

    def image_paths(self) -> Iterator[Path]:
        """Where the rows' pictures are; rows that can't be used are passed over."""
        for _, row in self._rows(lambda _error: None):
            try:
                path = self._image_path(row)
            except InputError:
                continue
            if path is not None:
                yield path

    def lazy_load(self) -> Iterator[Chunk]:
        """Load row by row.

        Raises:
            CatalogError: If the file has no usable columns, or a row is bad and `on_error` raises.
            EmptyDocumentError: If there are no rows.
        """
        number = 0
        for number, row in self._rows(self._on_error):
            chunk = self._chunk(number, self._kept(number, row))
            if chunk.text or chunk.image is not None:
                yield chunk
        if number == 0:
            raise EmptyDocumentError(f"{self._path}: there are no rows in the catalogue.")

    def load(self) -> list[Chunk]:
        """All chunks at once; see `lazy_load`."""
        return list(self.lazy_load())

    def _rows(self, on_error: ErrorHandler) -> Iterator[tuple[int, Row]]:
        if self._path.suffix.lower() in {".jsonl", ".ndjson"}:
            return _json_rows(self._path, on_error)
        return _csv_rows(self._path, self._image_column, self._text_columns)

    def _kept(self, number: int, row: Row) -> Row:
        """The row without the values that no index can keep."""
        kept: dict[str, Any] = {}
        for column, value in row.items():
            try:
                kept |= json_metadata({column: value}, name="its column")
            except MetadataError as error:
                reason = f"{error} The row is loaded without it."
                self._on_error(CatalogError(f"{self._path}, row {number}: {reason}"))
        return kept

    def _chunk(self, number: int, row: Row) -> Chunk:
        text_columns = self._text_columns if self._text_columns is not None else _textual(row)
        words = [str(row[c]).strip() for c in text_columns if row.get(c) not in (None, "")]
        facts = {
            key: value
            for key, value in row.items()
            if key != self._image_column and value not in (None, "")
        }
        return Chunk(
            text="\n".join(word for word in words if word),
            image=self._image(number, row),
            source=Source(uri=self.uri, part=f"row {number}"),
            kind="product",
            metadata=facts,
        )

    def _image(self, number: int, row: Row) -> ImageRef | None:
        try:
            path = self._image_path(row)
            return None if path is None else image_ref(path)
        except InputError as error:
            self._on_error(CatalogError(f"{self._path}, row {number}: {error}"))
            return None

    def _image_path(self, row: Row) -> Path | None:
        value = row.get(self._image_column)
        if not isinstance(value, str) or not value.strip():
            return None
        return self._pictures.path(value)


def _csv_rows(
    path: Path, image_column: str, text_columns: Sequence[str] | None
) -> Iterator[tuple[int, Row]]:
    try:
        with _text_of(path) as file:
            # Python's own limit is 131,072 characters, for the whole process.
            csv.field_size_limit(max(csv.field_size_limit(), _LONGEST_LINE))
            reader = csv.DictReader(_lines(file), delimiter=_delimiter(next(_lines(file), "")))
            file.seek(0)
            _check_columns(path, reader.fieldnames, image_column, text_columns)
            for number, row in enumerate(reader, start=1):
                yield number, {k: _typed(v) for k, v in row.items() if k is not None}
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise CatalogError(
            f"{path}: the catalogue can't be read ({error}). Save it as CSV in UTF-8."
        ) from error


def _text_of(path: Path) -> io.TextIOWrapper:
    file = open_regular(path)
    encoding = find_encoding(file.read(_SAMPLE))
    file.seek(0)
    name = "utf-8-sig" if encoding in (None, "utf-8") else encoding
    return io.TextIOWrapper(file, encoding=name, newline="")


def _lines(file: io.TextIOWrapper) -> Iterator[str]:
    """Line by line; a file without ends of lines isn't taken into memory to find one."""
    while line := file.readline(_LONGEST_LINE + 1):
        if len(line) > _LONGEST_LINE:
            raise OSError(f"a line is longer than {_LONGEST_LINE:,} characters")
        yield line


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def _check_columns(
    path: Path,
    columns: Sequence[str] | None,
    image_column: str,
    text_columns: Sequence[str] | None,
) -> None:
    if not columns:
        raise EmptyDocumentError(f"{path}: there are no rows in the catalogue.")
    usable = {image_column, *(text_columns if text_columns is not None else TEXT_COLUMNS)}
    if not usable & set(columns):
        raise CatalogError(
            f"{path}: none of the columns {', '.join(columns)} is a picture or text. Name the "
            f"picture's column {image_column!r}, or pass image_column= and text_columns=."
        )


def _typed(value: Any) -> Any:
    if not isinstance(value, str):
        return None
    text = value.strip()
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text) and math.isfinite(number := float(text)):
        return number
    if text.lower() in {"true", "false"}:
        return text.lower() == "true"
    return text


def _json_rows(path: Path, on_error: ErrorHandler) -> Iterator[tuple[int, Row]]:
    try:
        with _text_of(path) as file:
            for number, line in enumerate(_lines(file), start=1):
                if not line.strip():
                    continue
                row = _json_row(line)
                if row is not None:
                    yield number, row
                else:
                    on_error(CatalogError(f"{path}, line {number}: this is no JSON object."))
    except (OSError, UnicodeDecodeError) as error:
        raise CatalogError(f"{path}: the catalogue can't be read ({error}).") from error


def _json_row(line: str) -> Row | None:
    try:
        row = json.loads(line)
        if _HALF.search(line):
            row = json.loads(encodable(json.dumps(row, ensure_ascii=False)))
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) else None


def _textual(row: Row) -> list[str]:
    known = [column for column in TEXT_COLUMNS if column in row]
    return known if known else [key for key, value in row.items() if isinstance(value, str)]
