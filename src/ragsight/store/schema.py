"""How an index stands in Qdrant: collections, vector names, keys of the payload, profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ragsight.encoders import EncoderSpec

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

    Two are equal if their encoders and languages are, whatever the release that wrote them.

    Attributes:
        encoder: Encoder of the image collection.
        text_encoder: Encoder of dense text vectors, if there is one.
        language: Language of the BM25 vectors.
        schema: Version of the payload layout.
    """

    encoder: EncoderSpec
    text_encoder: EncoderSpec | None = None
    language: str = "english"
    schema: int = field(default=SCHEMA_VERSION, compare=False)

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
    def from_dict(cls, data: Mapping[str, Any]) -> Profile:
        """Read what `to_dict` wrote in this release; see `migrations.current_profile` for others.

        Raises:
            ValueError: If the data isn't a profile.
        """
        try:
            text_encoder, language = data["text_encoder"], data["language"]
            if not isinstance(language, str):
                raise TypeError(f"its language is {language!r}")
            return cls(
                encoder=_encoder(data["encoder"]),
                text_encoder=None if text_encoder is None else _encoder(text_encoder),
                language=language,
                schema=data["schema"],
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error


def _encoder(data: Mapping[str, Any]) -> EncoderSpec:
    spec = EncoderSpec(**data)
    has_names = isinstance(spec.name, str) and isinstance(spec.revision, str | None)
    if not has_names or not isinstance(spec.dimension, int) or spec.dimension < 1:
        raise TypeError(f"its encoder is {dict(data)!r}")
    return spec
