"""Which vector of which collection answers which question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from ragsight.encoders import EncoderSpec
from ragsight.errors import EncoderMismatchError, StoreError
from ragsight.lazy import LazyModule
from ragsight.spaces import BM25, CLIP, DENSE, Collection, SpaceName
from ragsight.store.attached import ForeignCollections
from ragsight.store.filters import OWN_FIELDS, FieldNames
from ragsight.store.payloads import NODE_KEY, point_id
from ragsight.store.schema import METADATA_KEY, OWN_KEY, IndexManifest

if TYPE_CHECKING:
    from qdrant_client import models
else:
    models = LazyModule("qdrant_client.models")

VectorKind: TypeAlias = SpaceName
"""The name of a vector space; see `ragsight.spaces.SPACES`."""

Target = tuple[Collection, str]

_SIMILARITIES = frozenset({"Cosine", "Dot"})
"""What ranks as our own vectors do: the larger the nearer."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How a pair of collections is read.

    Attributes:
        targets: Collection and vector name for each vector space that there is.
        fields: Where the keys of a filter are in the payload.
        is_own: Whether ragsight made the collections, and may write to them.
    """

    targets: Mapping[VectorKind, Target]
    fields: FieldNames = OWN_FIELDS
    is_own: bool = True

    def point_id(self, chunk_id: str) -> str:
        """The point of a chunk; a foreign chunk's id is its point's, which may be a number."""
        return point_id(chunk_id) if self.is_own else chunk_id


def own_layout(profile: IndexManifest) -> Layout:
    """How an index of ours is read: a vector bears the name of its space."""
    return Layout(
        {name: (indexed.space.collection, name) for name, indexed in profile.spaces.items()}
    )


def foreign_layout(
    foreign: ForeignCollections,
    infos: Mapping[Collection, models.CollectionInfo],
    samples: Mapping[Collection, Mapping[str, object]],
) -> Layout:
    """Find the vectors of collections that others made.

    Args:
        foreign: What the caller says of them.
        infos: What the server says of them.
        samples: The payload of a point of each, where there is one.

    Raises:
        StoreError: If a vector that was named isn't there, none was named and there are several,
            or it is compared by a distance.
    """
    targets: dict[VectorKind, Target] = {}
    if "text" in infos:
        name = _dense_name(foreign.text, foreign.dense, infos["text"])
        if name is not None:
            targets[DENSE] = ("text", name)
        if foreign.bm25 is not None:
            sparse = infos["text"].config.params.sparse_vectors or {}
            _check_named(foreign.text, foreign.bm25, sparse)
            targets[BM25] = ("text", foreign.bm25)
    if "image" in infos:
        name = _dense_name(foreign.image, foreign.clip, infos["image"])
        if name is not None:
            targets[CLIP] = ("image", name)
    return Layout(targets, _field_names(list(samples.values())), is_own=False)


def _field_names(samples: Sequence[Mapping[str, object]]) -> FieldNames:
    """Where the keys of a filter are: under `metadata`, as in LangChain's points, or at the top."""
    if any(OWN_KEY in sample for sample in samples):
        return OWN_FIELDS
    is_flat = any(NODE_KEY in sample or METADATA_KEY not in sample for sample in samples)
    # What stands for the chunk itself in ours is metadata as any other in theirs.
    return FieldNames("" if is_flat else OWN_FIELDS.prefix, chunk={})


def check_dimension(place: str, info: models.CollectionInfo, name: str, spec: EncoderSpec) -> None:
    """Compare a collection's vectors with the encoder that is to search them.

    Raises:
        EncoderMismatchError: If their dimensions differ.
    """
    size = _dense_vectors(info)[name].size
    if size != spec.dimension:
        raise EncoderMismatchError(
            f"{place}: its vectors have {size} dimensions, but the encoder is {spec}. "
            "Pass the encoder that the collection was made with."
        )


def _dense_vectors(info: models.CollectionInfo) -> Mapping[str, models.VectorParams]:
    vectors = info.config.params.vectors
    if vectors is None:
        return {}
    return {"": vectors} if isinstance(vectors, models.VectorParams) else vectors


def _dense_name(
    collection: str | None, wanted: str | None, info: models.CollectionInfo
) -> str | None:
    vectors = _dense_vectors(info)
    if wanted is not None:
        _check_named(collection, wanted, vectors)
    elif len(vectors) > 1:
        raise StoreError(
            f"The collection {collection!r} has several vectors ({', '.join(sorted(vectors))}): "
            "name the one to search in ForeignCollections."
        )
    name = wanted if wanted is not None else next(iter(vectors), None)
    if name is not None and vectors[name].distance not in _SIMILARITIES:
        raise StoreError(
            f"The vector {name!r} of {collection!r} is compared by {vectors[name].distance} "
            "distance. Only collections with cosine or dot product can be attached."
        )
    return name


def _check_named(collection: str | None, name: str, vectors: Mapping[str, object]) -> None:
    if name not in vectors:
        raise StoreError(
            f"The collection {collection!r} has no vector {name!r}; it has "
            f"{', '.join(map(repr, sorted(vectors)))}."
        )
