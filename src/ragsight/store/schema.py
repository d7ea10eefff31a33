"""How an index stands in Qdrant: collections, vector names, keys of the payload, profile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from ragsight.encoders import EncoderSpec
from ragsight.encoders.bm25 import ANALYZER, AUTO, Analyzer
from ragsight.spaces import BM25, CLIP, DENSE, SPACES, Collection, Form, SpaceName, VectorSpace
from ragsight.store.picture_places import PicturePlace

SCHEMA_VERSION = 2

COLLECTIONS: tuple[Collection, Collection] = ("text", "image")

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
class IndexedSpace:
    """A vector space that an index has.

    Attributes:
        space: The space.
        encoder: What its vectors are made with; None for the words of BM25, which need no model.
    """

    space: VectorSpace
    encoder: EncoderSpec | None

    def to_dict(self) -> dict[str, Any]:
        """The space as JSON-ready values."""
        encoder = self.encoder
        return {**asdict(self.space), "encoder": None if encoder is None else encoder.to_dict()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> IndexedSpace:
        """Read what `to_dict` wrote."""
        space = VectorSpace(data["name"], data["collection"], data["form"], tuple(data["kinds"]))
        if space.collection not in COLLECTIONS or space.form not in get_args(Form):
            raise TypeError(f"its space is {dict(data)!r}")
        return cls(space, _encoder(data["encoder"]))


@dataclass(frozen=True, slots=True)
class IndexManifest:
    """What an index was made with; kept with it and checked on opening.

    Two are equal if their encoders, languages and analyzers are, whatever the release that wrote
    them.

    Attributes:
        encoder: Encoder of the image collection, if there is one.
        text_encoder: Encoder of dense text vectors, if there is one.
        language: Language of the BM25 vectors; `auto` for that of each text.
        schema: Version of the payload layout.
        others: Spaces beyond those of BM25 and of these two encoders.
        analyzer: How texts became the terms of the BM25 vectors; see `Bm25Encoder`.
        pictures: The part of a blob store that is this index's; None where it has a store to
            itself, and in what earlier releases made.
    """

    encoder: EncoderSpec | None
    text_encoder: EncoderSpec | None = None
    language: str = AUTO
    schema: int = field(default=SCHEMA_VERSION, compare=False)
    others: tuple[IndexedSpace, ...] = ()
    analyzer: Analyzer = ANALYZER
    pictures: PicturePlace | None = field(default=None, compare=False)

    @property
    def spaces(self) -> dict[SpaceName, IndexedSpace]:
        """The spaces of the index, by name."""
        encoders = {BM25: None, DENSE: self.text_encoder, CLIP: self.encoder}
        own = {
            name: IndexedSpace(SPACES.spaces[name], encoder)
            for name, encoder in encoders.items()
            if encoder is not None or name == BM25
        }
        return own | {other.space.name: other for other in self.others}

    def to_dict(self) -> dict[str, Any]:
        """The profile as JSON-ready values."""
        encoder, text_encoder = self.encoder, self.text_encoder
        profile = {
            "schema": self.schema,
            "language": self.language,
            "analyzer": self.analyzer,
            "encoder": None if encoder is None else encoder.to_dict(),
            "text_encoder": None if text_encoder is None else text_encoder.to_dict(),
        }
        # Left out where there are none, so that earlier releases read what they can.
        others = {"spaces": [other.to_dict() for other in self.others]} if self.others else {}
        pictures = {} if self.pictures is None else {"pictures": self.pictures.to_dict()}
        return profile | others | pictures

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> IndexManifest:
        """Read what `to_dict` wrote in this release; see `migrations.current_profile` for others.

        Raises:
            ValueError: If the data isn't a profile.
        """
        try:
            encoder, text_encoder = data["encoder"], data["text_encoder"]
            language = data["language"]
            if not isinstance(language, str):
                raise TypeError(f"its language is {language!r}")
            analyzer = data["analyzer"]
            if analyzer not in get_args(Analyzer):
                raise TypeError(f"its analyzer is {analyzer!r}")
            return cls(
                encoder=None if encoder is None else _encoder(encoder),
                text_encoder=None if text_encoder is None else _encoder(text_encoder),
                language=language,
                schema=data["schema"],
                others=tuple(map(IndexedSpace.from_dict, data.get("spaces", ()))),
                analyzer=analyzer,
                pictures=PicturePlace.from_dict(data["pictures"]) if "pictures" in data else None,
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{type(error).__name__}: {error}") from error


def _encoder(data: Mapping[str, Any]) -> EncoderSpec:
    spec = EncoderSpec(**data)
    has_names = isinstance(spec.name, str) and isinstance(spec.revision, str | None)
    if not has_names or not isinstance(spec.dimension, int) or spec.dimension < 1:
        raise TypeError(f"its encoder is {dict(data)!r}")
    return spec


def vectors_of(profile: Mapping[str, Any], collection: Collection) -> list[IndexedSpace]:
    """The spaces whose vectors stand in a collection of an index with this profile."""
    spaces = IndexManifest.from_dict(profile).spaces.values()
    return [indexed for indexed in spaces if indexed.space.collection == collection]
