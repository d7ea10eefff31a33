"""How an index stands in Qdrant: collections, vector names, keys of the payload, profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

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

IndexKind = Literal["keyword", "integer", "float", "datetime"]

PAYLOAD_READ = [TEXT_KEY, METADATA_KEY, OWN_KEY]
"""The keys that make a chunk; what else there is stands there for other Qdrant clients."""

INDEXED_KEYS: Mapping[str, IndexKind] = {
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
