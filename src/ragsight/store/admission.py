"""The one door into an index: chunks as every engine keeps them, or a refusal by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ragsight.characters import encodable
from ragsight.chunks import Chunk, ImageRef, Source
from ragsight.errors import MetadataError, RagsightError
from ragsight.metadata import json_metadata, json_value

_LONGEST_SHOWN = 80

_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "uri": str,
    "page": int,
    "page_label": str,
    "page_size": list,
    "bbox": list,
    "section": list,
    "part": str,
    "unit": str,
}


def admitted(chunk: Chunk) -> Chunk:
    """A chunk as an index keeps it: its metadata and its source made what JSON can say.

    Args:
        chunk: The chunk; it stays as it is, and shares no values with the one that comes back.

    Raises:
        MetadataError: If its metadata, id, kind, source or image can't be kept. The message names
            the chunk and the key.

    Example:
        >>> from datetime import date
        >>> chunk = Chunk(text="Red.", source=Source(uri="a"), metadata={"on": date(2026, 1, 5)})
        >>> admitted(chunk).metadata
        {'on': '2026-01-05'}
    """
    try:
        _check_id(chunk.id)
        return replace(
            chunk,
            metadata=json_metadata(chunk.metadata),
            source=_source(chunk.source),
            kind=_text("kind", chunk.kind),
            image=None if chunk.image is None else _image(chunk.image),
        )
    except MetadataError as error:
        raise MetadataError(f"Chunk {_shown(chunk.id)} of {_uri(chunk)}: its {error}") from error


def leaves_out(chunk: Chunk, error: RagsightError) -> bool:
    """Whether a chunk that `on_error` was called with isn't written at all.

    One whose image can't be used is written with its words, if it has any.
    """
    return isinstance(error, MetadataError) or not chunk.text.strip()


def _check_id(id_: object) -> None:
    if not isinstance(id_, str):
        raise MetadataError(f"id is of type {type(id_).__name__}, and must be a text.")
    if encodable(id_) != id_:
        # Another one in its place could be that of another chunk.
        raise MetadataError("id holds half a character, which no encoding can hold. Change it.")


def _source(source: Source) -> Source:
    try:
        fields = json_metadata(source.to_dict(), name="source")
    except (TypeError, ValueError) as error:
        raise MetadataError(f"source can't be read ({error}). Make it anew.") from error
    for name, value in fields.items():
        kinds = _KINDS[name]
        if not isinstance(value, kinds) or isinstance(value, bool):
            raise MetadataError(f"source has a {name} of type {type(value).__name__}.")
    if not all(isinstance(heading, str) for heading in fields.get("section", ())):
        raise MetadataError("source has a section with headings that are no text.")
    return Source.from_dict({"uri": "", **fields})


def _text(name: str, value: str) -> Any:
    text = json_value(value, name=name)
    if not isinstance(text, str):
        raise MetadataError(f"{name} is of type {type(value).__name__}, and must be a text.")
    return text


def _image(image: ImageRef) -> ImageRef:
    # Its URI leads to the bytes, however it is spelled; in the index another one takes its place.
    fields = json_metadata({**image.to_dict(), "uri": ""}, name="image")
    for name in ("width", "height", "size"):
        if type(fields[name]) is not int:
            raise MetadataError(f"image has a {name} that is no whole number.")
    mime, sha256 = _text("image's mime", fields["mime"]), _text("image's sha256", fields["sha256"])
    return replace(image, **{**fields, "uri": image.uri, "mime": mime, "sha256": sha256})


def _uri(chunk: Chunk) -> str:
    return _shown(getattr(chunk.source, "uri", None))


def _shown(name: object) -> str:
    if not isinstance(name, str):
        return f"<{type(name).__name__}>"
    return repr(name[:_LONGEST_SHOWN]) + ("..." if len(name) > _LONGEST_SHOWN else "")
