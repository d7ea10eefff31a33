"""From what a caller names (a folder, a URL, a client) to an engine and its blobs."""

from __future__ import annotations

import re
import sys
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from ragsight.blobs import BlobStore, default_blob_folder
from ragsight.encoders import Bm25Encoder, EncoderSpec, SpaceEncoder
from ragsight.encoders.bm25 import AUTO
from ragsight.errors import (
    ConfigurationError,
    EncoderMismatchError,
    StoreError,
    StoreNotFoundError,
)
from ragsight.spaces import BM25, CLIP, DENSE, SPACES, Collection, SpaceName
from ragsight.steps import Steps
from ragsight.store.attached import ForeignCollections
from ragsight.store.engines.base import Engine
from ragsight.store.engines.collection_options import CollectionOptions
from ragsight.store.engines.retry_options import RetryOptions
from ragsight.store.layout import Layout, check_dimension, foreign_layout
from ragsight.store.migrations import current_profile, migrate
from ragsight.store.picture_places import new_place
from ragsight.store.schema import COLLECTIONS, IndexedSpace, IndexManifest

if TYPE_CHECKING:
    from qdrant_client import AsyncQdrantClient, QdrantClient
    from typing_extensions import TypeIs

    from ragsight.store.engines.qdrant import ClientEngine
    from ragsight.store.engines.qdrant_clients import Clients

    Location: TypeAlias = str | Path | QdrantClient | AsyncQdrantClient
else:
    # Frameworks evaluate it for fields of their classes, which must not import the client.
    Location: TypeAlias = Any


MEMORY = ":memory:"
_URL = re.compile(r"^(https?|grpcs?)://")
_SERVER_TIMEOUT = 30
"""Seconds for one request; qdrant-client's own 5 are few for a large write that is waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreOptions:
    """What can be set of a store, beside its place and its encoders.

    Attributes:
        language: Language of BM25's stop words and stemmer, for a new index; `auto` takes each
            text's own.
        index_metadata: Index metadata keys as they turn up, so that filters on them are fast.
        collections: How collections on a server are made.
        retries: How requests to a server are repeated.
        parallel: How many requests to a server may be under way at once.

    Example:
        >>> StoreOptions(language="german").language
        'german'
    """

    language: str = AUTO
    index_metadata: bool = True
    collections: CollectionOptions | None = None
    retries: RetryOptions = field(default_factory=RetryOptions)
    parallel: int = 4

    def __post_init__(self) -> None:
        if self.parallel < 1:
            raise ConfigurationError(f"parallel is {self.parallel}; it must be 1 or more.")


def open_engine(
    location: Location, *, name: str, options: StoreOptions, client: Mapping[str, Any]
) -> Engine:
    """Make the engine for a location.

    Args:
        location: A folder, `:memory:`, the URL of a Qdrant server, or a client.
        name: Prefix of the collections, where one place can hold several indexes.
        options: Options of the store.
        client: Further arguments of `QdrantClient`, with a URL.

    Raises:
        StoreError: If the server's address makes no sense.
        ConfigurationError: If options of a server are given with a folder.
    """
    if not is_client(location) and not is_remote(location) and client:
        raise ConfigurationError(
            f"{location}: the options {', '.join(sorted(client))} are for a Qdrant server. "
            "Leave them out, or give its URL."
        )
    if not is_client(location) and str(location) != MEMORY and not is_remote(location):
        if options.collections is not None:
            raise ConfigurationError(
                f"{location}: CollectionOptions are for a Qdrant server. Leave them out, or give "
                "its URL."
            )
        from ragsight.store.engines.edge import EdgeEngine

        return EdgeEngine(str(location))
    from ragsight.store.engines.qdrant import ClientEngine

    return ClientEngine(
        clients_for(location, options, client),
        names={collection: f"{name}-{collection}" for collection in COLLECTIONS},
        options=options.collections,
        parallel=options.parallel,
    )


def clients_for(location: Location, options: StoreOptions, client: Mapping[str, Any]) -> Clients:
    """Make or take the clients for a location that isn't a folder.

    Raises:
        StoreError: If the server's address makes no sense.
    """
    from ragsight.store.engines.qdrant_clients import Clients

    if is_client(location):
        return Clients(location, retries=options.retries)
    if str(location) == MEMORY:
        return Clients(options={"location": MEMORY}, retries=options.retries)
    arguments = {"timeout": _SERVER_TIMEOUT, "check_compatibility": False, **client}
    return Clients(options={"url": str(location), **arguments}, retries=options.retries)


def is_client(location: Location) -> TypeIs[QdrantClient | AsyncQdrantClient]:
    """Whether a location is a client that somebody else closes."""
    # Where the module was never imported, nobody can have made one.
    module = sys.modules.get("qdrant_client")
    kinds = (getattr(module, name, None) for name in ("QdrantClient", "AsyncQdrantClient"))
    return isinstance(location, tuple(kind for kind in kinds if kind is not None))


def is_remote(location: Location) -> bool:
    """Whether a location is the URL of a server."""
    return not is_client(location) and _URL.match(str(location)) is not None


def has_own_blobs(location: Location, blobs: str | Path | BlobStore | None) -> bool:
    """Whether no other index can have pictures in the blob store that `open_blobs` chooses."""
    return blobs is None and not is_remote(location)


def open_blobs(location: Location, blobs: str | Path | BlobStore | None) -> BlobStore:
    """Choose where images are kept: beside the vectors where those are in a folder."""
    if isinstance(blobs, BlobStore):
        return blobs
    if blobs is not None:
        return BlobStore(blobs)
    if is_client(location) or str(location) == MEMORY:
        return BlobStore(f"memory://ragsight-{uuid.uuid4().hex}")
    if is_remote(location):
        return BlobStore(default_blob_folder())
    return BlobStore(Path(str(location)).resolve() / "blobs")


_ENCODER_NAMES = {CLIP: "image", DENSE: "text"}


def stored_profile(engine: Engine) -> Steps[IndexManifest | None]:
    """Read an index's profile; None where there is no index.

    Raises:
        StoreError: If there is something, but it can't be read.
    """
    stored = yield from engine.read_profile()
    return None if stored is None else current_profile(stored, place=engine.place)


def new_profile(encoders: Mapping[SpaceName, SpaceEncoder], language: str) -> IndexManifest:
    """What an index is made with.

    Raises:
        ConfigurationError: If an encoder is for a space that there isn't.
    """
    specs = {name: _spec(encoder) for name, encoder in encoders.items()}
    for name in specs:
        if name not in SPACES.spaces or name == BM25:
            raise ConfigurationError(
                f"There is no vector space {name!r} that takes an encoder: add it to "
                "ragsight.spaces.SPACES first."
            )
    others = (
        IndexedSpace(SPACES.spaces[name], spec)
        for name, spec in specs.items()
        if name not in {CLIP, DENSE}
    )
    return IndexManifest(specs.get(CLIP), specs.get(DENSE), language, others=tuple(others))


def _spec(encoder: SpaceEncoder) -> EncoderSpec:
    assert not isinstance(encoder, Bm25Encoder)
    return encoder.spec


def open_profile(
    engine: Engine,
    *,
    encoders: Mapping[SpaceName, SpaceEncoder],
    language: str,
    create: bool,
    shared_blobs: BlobStore | None = None,
) -> Steps[IndexManifest]:
    """Read and check an index's profile, or make the index.

    Args:
        engine: Where it is.
        encoders: By vector space.
        language: Of BM25, for a new index.
        create: Whether to make one.
        shared_blobs: Where a new index gets a part for its pictures; None if it has a store to
            itself.

    Raises:
        StoreNotFoundError: If there is no index and none may be made.
        EncoderMismatchError: If the index was made with other encoders.
        StoreError: If the profile can't be read.
    """
    stored = yield from engine.read_profile()
    if stored is None:
        if not create or not encoders:
            advice = "Give an encoder to make one" if create else "Index something first"
            raise StoreNotFoundError(f"{engine.place}: there is no index here. {advice}.")
        return (yield from _create(engine, new_profile(encoders, language), shared_blobs))
    profile = current_profile(stored, place=engine.place)
    for name, encoder in encoders.items():
        indexed = profile.spaces.get(name)
        made_with = None if indexed is None else indexed.encoder
        check_encoder(engine.place, _ENCODER_NAMES.get(name, name), made_with, _spec(encoder))
    yield from engine.start()
    return (yield from migrate(engine, stored))


def _create(
    engine: Engine, profile: IndexManifest, shared_blobs: BlobStore | None
) -> Steps[IndexManifest]:
    """Make an index, with a part of its own of a blob store that others may use too."""
    pictures = None if shared_blobs is None else new_place(shared_blobs, engine.holder)
    yield from engine.create(replace(profile, pictures=pictures).to_dict())
    # Another process may have made it at the same time, and then its part counts.
    made = yield from stored_profile(engine)
    return made if made is not None else replace(profile, pictures=pictures)


def start_with(
    engine: Engine, profile: IndexManifest, shared_blobs: BlobStore | None = None
) -> Steps[IndexManifest]:
    """Open the index that was made like this, or make it; pictures' places aren't compared.

    Raises:
        EncoderMismatchError: If the index that is there was made with other encoders.
        StoreError: If its profile can't be read, or the engine refuses.
    """
    stored = yield from engine.read_profile()
    if stored is None:
        return (yield from _create(engine, profile, shared_blobs))
    there = current_profile(stored, place=engine.place)
    if there != profile:
        raise EncoderMismatchError(
            f"{engine.place}: the index there was made with {there.encoder}, the export with "
            f"{profile.encoder}, or their text encoders, languages or the releases that they were "
            "indexed with differ. Choose another place."
        )
    yield from engine.start()
    return (yield from migrate(engine, stored))


def check_encoder(place: str, what: str, stored: EncoderSpec | None, given: EncoderSpec) -> None:
    """Compare the encoder an index was made with and the one given now.

    Raises:
        EncoderMismatchError: If they differ.
    """
    if stored == given:
        return
    made_with = "without one" if stored is None else f"with {stored}"
    raise EncoderMismatchError(
        f"{place}: the {what} encoder is {given}, but the index was made {made_with}. "
        "Pass the encoder it was made with, or index again in another place."
    )


def attach_engine(
    location: Location,
    foreign: ForeignCollections,
    *,
    options: StoreOptions,
    client: Mapping[str, Any],
) -> ClientEngine:
    """Make the engine over collections that others made.

    Raises:
        StoreError: If no collection is named, or the place is a folder of ours.
    """
    if not foreign.names:
        raise StoreError("Name a text or an image collection to attach.")
    if not is_client(location) and not is_remote(location):
        raise StoreError(
            f"{location}: collections are attached on a server or through a client: give its URL, "
            "or QdrantClient(path=...) for a folder of qdrant-client's local mode."
        )
    from ragsight.store.engines.qdrant import ClientEngine

    clients = clients_for(location, options, client)
    return ClientEngine(
        clients,
        names=foreign.names,
        options=options.collections,
        parallel=options.parallel,
        reads=None,
    )


def read_layout(
    engine: ClientEngine,
    foreign: ForeignCollections,
    encoders: Mapping[SpaceName, SpaceEncoder],
) -> Steps[Layout]:
    """Find and check the vectors of foreign collections.

    Raises:
        StoreError: If a collection or a vector isn't there.
        EncoderMismatchError: If an encoder's vectors have another dimension.
    """
    yield from engine.start()
    infos = {}
    samples: dict[Collection, Mapping[str, object]] = {}
    for collection in foreign.names:
        infos[collection] = yield from engine.info(collection)
        points, _ = yield from engine.scroll(collection, filter=None, limit=1)
        if points:
            samples[collection] = points[0].payload
    layout = foreign_layout(foreign, infos, samples)
    for space, (collection, name) in layout.targets.items():
        if space in encoders:
            check_dimension(engine.place, infos[collection], name, _spec(encoders[space]))
    return layout
