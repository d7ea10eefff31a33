"""How a chunk stands in Qdrant: collections, vector names, payload, ids."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ragsight.chunks import NAMESPACE, Chunk
from ragsight.encoders import EncoderSpec
from ragsight.errors import StoreError

SCHEMA_VERSION = 1

Collection = Literal["text", "image"]
COLLECTIONS: tuple[Collection, Collection] = ("text", "image")

BM25 = "bm25"
DENSE = "dense"
CLIP = "clip"

TEXT_KEY = "page_content"
METADATA_KEY = "metadata"
OWN_KEY = "ragsight"

FLAGS_KEY = f"{OWN_KEY}.flags"
"""Where the booleans of the metadata stand a second time, as words.

qdrant-edge 0.9 reads `True` in a match as the number 1 and then finds no boolean.
"""

RECORD_KIND = "source-record"
"""Kind of the points that say which chunks a finished source has; they carry no vectors."""

INDEXED_KEYS: Mapping[str, Literal["keyword", "integer"]] = {
    f"{OWN_KEY}.id": "keyword",
    f"{OWN_KEY}.kind": "keyword",
    f"{OWN_KEY}.source.uri": "keyword",
    f"{OWN_KEY}.source.page": "integer",
    FLAGS_KEY: "keyword",
}


@dataclass(frozen=True, slots=True)
class Profile:
    """What an index was made with; kept with it and checked on opening.

    Attributes:
        encoder: Encoder of the image collection.
        text_encoder: Encoder of dense text vectors, if there is one.
        language: Language of the BM25 vectors.
        schema: Version of the payload layout.
    """

    encoder: EncoderSpec
    text_encoder: EncoderSpec | None = None
    language: str = "english"
    schema: int = SCHEMA_VERSION

    def to_dict(self) -> dict[str, Any]:
        """The profile as JSON-ready values."""
        text_encoder = self.text_encoder
        return {
            "schema": self.schema,
            "language": self.language,
            "encoder": self.encoder.to_dict(),
            "text_encoder": None if text_encoder is None else text_encoder.to_dict(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, place: str) -> Profile:
        """Read what `to_dict` wrote.

        Raises:
            StoreError: If the data is of a later version, or isn't a profile.
        """
        try:
            if data["schema"] > SCHEMA_VERSION:
                raise StoreError(
                    f"{place}: the index was made by a later version of ragsight (schema "
                    f"{data['schema']}, this one reads up to {SCHEMA_VERSION}). Upgrade ragsight."
                )
            text_encoder = data["text_encoder"]
            return cls(
                encoder=EncoderSpec(**data["encoder"]),
                text_encoder=None if text_encoder is None else EncoderSpec(**text_encoder),
                language=data["language"],
                schema=data["schema"],
            )
        except (KeyError, TypeError) as error:
            raise StoreError(
                f"{place}: the index has no readable profile ({error!r}). Was it made by ragsight? "
                "Choose another place, or index again."
            ) from error


def point_id(chunk_id: str) -> str:
    """Qdrant takes UUIDs only: keep one, derive one from any other id."""
    try:
        return str(uuid.UUID(chunk_id))
    except ValueError:
        return str(uuid.uuid5(NAMESPACE, chunk_id))


def to_payload(chunk: Chunk) -> dict[str, Any]:
    """The payload of a chunk: text and metadata where other Qdrant clients look for them."""
    own: dict[str, Any] = {
        "id": chunk.id,
        "kind": chunk.kind,
        "source": chunk.source.to_dict(),
    }
    if chunk.image is not None:
        own["image"] = chunk.image.to_dict()
    if flags := [flag(key, value) for key, value in _booleans(METADATA_KEY, chunk.metadata)]:
        own["flags"] = flags
    return {TEXT_KEY: chunk.text, METADATA_KEY: dict(chunk.metadata), OWN_KEY: own}


def from_payload(payload: Mapping[str, Any]) -> Chunk:
    """Read what `to_payload` wrote.

    Raises:
        StoreError: If the payload was written by something else.
    """
    try:
        return Chunk.from_dict(
            {
                **payload[OWN_KEY],
                "text": payload[TEXT_KEY],
                "metadata": payload[METADATA_KEY],
            }
        )
    except (KeyError, TypeError) as error:
        raise StoreError(
            f"a point of the index has a payload that ragsight didn't write ({error!r}); "
            f"its keys are {sorted(payload)}."
        ) from error


def flag(key: str, value: bool) -> str:
    """The word that stands for a boolean at a key of the payload."""
    return f"{key}={str(value).lower()}"


def _booleans(path: str, value: Any) -> Iterator[tuple[str, bool]]:
    if isinstance(value, bool):
        yield path, value
    elif isinstance(value, Mapping):
        for key, part in value.items():
            yield from _booleans(f"{path}.{key}", part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _booleans(path, part)
