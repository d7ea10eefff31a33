"""How a store comes to be: opened, attached or restored, blocking or async."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from ragsight.blobs import BlobStore
from ragsight.encoders import ImageTextEncoder, SpaceEncoder, TextEncoder
from ragsight.spaces import CLIP, DENSE, SpaceName
from ragsight.steps import Steps, arun, run
from ragsight.store.attached import ForeignCollections
from ragsight.store.engines.base import Engine
from ragsight.store.layout import Layout, own_layout
from ragsight.store.locations import (
    Location,
    StoreOptions,
    attach_engine,
    has_own_blobs,
    new_profile,
    open_blobs,
    open_engine,
    open_profile,
    read_layout,
    start_with,
)
from ragsight.store.operations import Operations
from ragsight.store.picture_places import PARTS_FOLDER, remembered
from ragsight.store.schema import IndexManifest
from ragsight.store.transfer import exported_profile, import_index

T = TypeVar("T")


class Opening:
    """What opening and attaching need, before there is a store."""

    def __init__(
        self,
        location: Location,
        encoder: ImageTextEncoder | None,
        text_encoder: TextEncoder | None,
        create: bool,
        blobs: str | Path | BlobStore | None,
        encoders: Mapping[SpaceName, SpaceEncoder] | None = None,
    ) -> None:
        self._location = location
        named = {CLIP: encoder, DENSE: text_encoder, **(encoders if encoders is not None else {})}
        self._encoders = {space: given for space, given in named.items() if given is not None}
        self._create = create
        self._blobs = blobs

    def open(
        self, name: str, options: StoreOptions | None, client: Mapping[str, Any]
    ) -> tuple[Engine, Steps[Operations]]:
        """The engine, and the program that opens or makes the index."""
        options = options if options is not None else StoreOptions()
        engine = open_engine(self._location, name=name, options=options, client=client)
        return engine, self._opened(engine, options)

    def _opened(self, engine: Engine, options: StoreOptions) -> Steps[Operations]:
        profile = yield from open_profile(
            engine,
            encoders=self._encoders,
            language=options.language,
            create=self._create,
            shared_blobs=self._shared_blobs(),
        )
        return self._operations(engine, profile, own_layout(profile), options)

    def restore(
        self,
        folder: Path,
        name: str,
        options: StoreOptions | None,
        client: Mapping[str, Any],
    ) -> tuple[Engine, Steps[Operations]]:
        """The engine, and the program that makes an index of an export."""
        options = options if options is not None else StoreOptions()
        engine = open_engine(self._location, name=name, options=options, client=client)

        def restored() -> Steps[Operations]:
            exported = exported_profile(folder)
            profile = yield from start_with(engine, exported, self._shared_blobs())
            operations = self._operations(engine, profile, own_layout(profile), options)
            yield from import_index(operations, folder)
            return operations

        return engine, restored()

    def attach(
        self,
        foreign: ForeignCollections,
        options: StoreOptions | None,
        client: Mapping[str, Any],
    ) -> tuple[Engine, Steps[Operations]]:
        """The engine, and the program that reads how the foreign collections are made."""
        options = options if options is not None else StoreOptions()
        engine = attach_engine(self._location, foreign, options=options, client=client)

        def attached() -> Steps[Operations]:
            layout = yield from read_layout(engine, foreign, self._encoders)
            # Qdrant's own BM25, which others write, has other terms than ours.
            profile = replace(new_profile(self._encoders, options.language), analyzer=1)
            return self._operations(engine, profile, layout, options)

        return engine, attached()

    def _operations(
        self, engine: Engine, profile: IndexManifest, layout: Layout, options: StoreOptions
    ) -> Operations:
        return Operations(
            engine,
            profile,
            self._blobs_of(engine, profile),
            layout=layout,
            encoders=self._encoders,
            index_metadata=options.index_metadata,
            owns_blobs=profile.pictures is None and has_own_blobs(self._location, self._blobs),
        )

    def _shared_blobs(self) -> BlobStore | None:
        """The blob store, if other indexes may have pictures there."""
        if has_own_blobs(self._location, self._blobs):
            return None
        return open_blobs(self._location, self._blobs)

    def _blobs_of(self, engine: Engine, profile: IndexManifest) -> BlobStore:
        """Where the index's pictures are: what is given, or else what it remembers."""
        blobs = open_blobs(self._location, self._blobs)
        if profile.pictures is None:
            return blobs
        if self._blobs is None:
            blobs = remembered(profile.pictures, blobs, engine.place)
        return blobs.part(f"{PARTS_FOLDER}/{profile.pictures.part}")


def run_or_close(engine: Engine, program: Steps[T]) -> T:
    """Run an opening program; an engine that can't be opened is closed again."""
    try:
        return run(program)
    except BaseException:
        engine.close()
        raise


async def arun_or_close(engine: Engine, program: Steps[T]) -> T:
    """Run an opening program without blocking the event loop; see `run_or_close`."""
    try:
        return await arun(program)
    except BaseException:
        await engine.aclose()
        raise
