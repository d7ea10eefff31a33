"""From what a caller names (a folder, a URL, a client) to an engine and its blobs."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any, TypeAlias

from qdrant_client import QdrantClient

from ragsight.blobs import BlobStore, default_blob_folder
from ragsight.encoders import EncoderSpec, ImageTextEncoder, TextEncoder
from ragsight.errors import EncoderMismatchError, StoreError, StoreNotFoundError
from ragsight.store.client import ClientEngine
from ragsight.store.edge import EdgeEngine
from ragsight.store.engine import Engine
from ragsight.store.schema import Profile

Location: TypeAlias = str | Path | QdrantClient

MEMORY = ":memory:"
_URL = re.compile(r"^(https?|grpcs?)://")


def open_engine(location: Location, *, name: str, api_key: str | None, **options: Any) -> Engine:
    """Make the engine for a location.

    Args:
        location: A folder, `:memory:`, the URL of a Qdrant server, or a client.
        name: Prefix of the collections, where one place can hold several indexes.
        api_key: Key of the server.
        **options: Passed to `QdrantClient` with a URL.

    Raises:
        StoreError: If the server's address makes no sense.
    """
    if isinstance(location, QdrantClient):
        return ClientEngine(location, name=name, owns_client=False)
    if str(location) == MEMORY:
        return ClientEngine(QdrantClient(MEMORY), name=name, owns_client=True)
    if _URL.match(str(location)):
        try:
            client = QdrantClient(
                url=str(location), api_key=api_key, check_compatibility=False, **options
            )
        except (ValueError, TypeError) as error:
            raise StoreError(f"{location}: no Qdrant client can be made ({error}).") from error
        return ClientEngine(client, name=name, owns_client=True)
    return EdgeEngine(location)


def open_blobs(location: Location, blobs: str | Path | BlobStore | None) -> BlobStore:
    """Choose where images are kept: beside the vectors where those are in a folder."""
    if isinstance(blobs, BlobStore):
        return blobs
    if blobs is not None:
        return BlobStore(blobs)
    if isinstance(location, QdrantClient) or str(location) == MEMORY:
        return BlobStore(f"memory://ragsight-{uuid.uuid4().hex}")
    if _URL.match(str(location)):
        return BlobStore(default_blob_folder())
    return BlobStore(Path(location).resolve() / "blobs")


def open_profile(
    engine: Engine,
    *,
    encoder: ImageTextEncoder | None,
    text_encoder: TextEncoder | None,
    language: str,
    create: bool,
) -> Profile:
    """Read and check an index's profile, or make the index.

    Raises:
        StoreNotFoundError: If there is no index and none may be made.
        EncoderMismatchError: If the index was made with other encoders.
        StoreError: If the profile can't be read.
    """
    stored = engine.read_profile()
    if stored is None:
        if not create or encoder is None:
            reason = "and creating one needs an encoder" if create else "Index something first"
            raise StoreNotFoundError(f"{engine.place}: there is no index here. {reason}.")
        profile = Profile(
            encoder.spec, None if text_encoder is None else text_encoder.spec, language
        )
        engine.create(profile.to_dict())
        return profile
    profile = Profile.from_dict(stored, place=engine.place)
    if encoder is not None:
        check_encoder(engine.place, "image", profile.encoder, encoder.spec)
    if text_encoder is not None:
        check_encoder(engine.place, "text", profile.text_encoder, text_encoder.spec)
    engine.start()
    return profile


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
