"""The work of `doctor`: look at the parts of an index folder, mend them, put them in place."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Any

from ragsight.blobs import BlobStore
from ragsight.encoders import Bm25Encoder, EncoderSpec
from ragsight.errors import StoreError, StoreNotFoundError
from ragsight.spaces import Collection
from ragsight.steps import run
from ragsight.store.engines.edge import PROFILE_COPY, PROFILE_FILE, EdgeEngine
from ragsight.store.engines.edge_examining import examine_shard, rebuild_shard
from ragsight.store.engines.edge_salvage import Salvage
from ragsight.store.index_report import IndexReport
from ragsight.store.journal import JOURNAL_FILE, Journal
from ragsight.store.migrations import current_profile, profile_problem
from ragsight.store.read_only import check_not_open
from ragsight.store.reconciling import Findings, Reconciliation
from ragsight.store.schema import COLLECTIONS, IndexManifest
from ragsight.store.sealing import Seal
from ragsight.store.swapping import FRESH, finish_swap, swap_in

BLOBS = "blobs"


class Doctor:
    """One look at an index folder.

    Args:
        folder: The folder.
        encoder: What the index was made with, in case that it doesn't know any more.

    Raises:
        StoreNotFoundError: If there is no index.
        StoreLockedError: If it is open.
    """

    def __init__(self, folder: Path, encoder: EncoderSpec | None) -> None:
        self._folder = folder
        self._encoder = encoder
        self._findings = Findings()
        self._salvaged: dict[Collection, Salvage] = {}
        if not any((folder / name).exists() for name in (PROFILE_FILE, *COLLECTIONS)):
            raise StoreNotFoundError(f"{folder}: there is no index here.")
        check_not_open(folder)

    def check(self) -> IndexReport:
        """Look, and change nothing."""
        finish_swap(self._folder)
        well = all([self._profile() is not None, self._journal_is_well()])
        damaged = self._damaged_shards(try_writing=False)
        if not well or damaged:
            return self._report()
        with self._opened() as looked:
            return self._report(chunks=looked.chunks)

    def repair(self) -> IndexReport:
        """Mend what can be mended."""
        try:
            return self._repaired()
        except OSError as error:
            raise StoreError(
                f"{self._folder}: it can't be repaired ({error}). See that there is space, "
                "and that its files can be moved, and try again."
            ) from error

    def _repaired(self) -> IndexReport:
        finish_swap(self._folder)
        aside = [] if self._journal_is_well() else [JOURNAL_FILE]
        profile = self._profile()
        if profile is None:
            profile = self._made_with()
            aside.append(PROFILE_FILE)
        damaged = self._damaged_shards(try_writing=True)
        backup = f"damaged-{time.strftime('%Y%m%d-%H%M%S')}"
        if aside or damaged:
            self._rebuild(damaged, profile, renew_profile=PROFILE_FILE in aside)
            swap_in(self._folder, backup, [*aside, *damaged])
            Seal(self._folder).lift()
        with self._opened() as looked:
            looked.mend()
            self._move_images(backup)
            kept = (self._folder / backup).exists()
            return self._report(
                chunks=looked.chunks,
                repaired=not self._report().ok,
                backup=str(self._folder / backup) if kept else None,
            )

    def _report(self, **fields: Any) -> IndexReport:
        found = self._findings
        return IndexReport(
            str(self._folder),
            tuple(dict.fromkeys(found.problems)),
            lost=tuple(sorted(found.lost)),
            sources=tuple(sorted(found.sources)),
            **fields,
        )

    def _profile(self) -> IndexManifest | None:
        path = self._folder / PROFILE_FILE
        try:
            return self._read_profile(path)
        except (OSError, ValueError) as error:
            self._findings.add(f"{path}: what the index was made with can't be read ({error})")
            return None

    def _read_profile(self, path: Path) -> IndexManifest:
        data = json.loads(path.read_bytes())
        if problem := profile_problem(data):
            raise ValueError(problem)
        return current_profile(data, place=str(self._folder))

    def _made_with(self) -> IndexManifest:
        """The profile by its copy, or as the caller knows it."""
        with suppress(OSError, ValueError):
            return self._read_profile(self._folder / PROFILE_COPY)
        if self._encoder is None:
            raise StoreError(
                f"{self._folder / PROFILE_FILE}: what the index was made with is lost. Say which "
                f"model it was: ragsight doctor {self._folder} --repair --model MODEL"
            )
        return IndexManifest(self._encoder)

    def _journal_is_well(self) -> bool:
        try:
            Journal(self._folder).read()
        except StoreError as error:
            self._findings.add(str(error).partition(" Run: ")[0])
            return False
        return True

    def _damaged_shards(self, *, try_writing: bool) -> list[Collection]:
        damaged: list[Collection] = []
        shards = [self._folder / collection for collection in COLLECTIONS]
        with ThreadPoolExecutor(len(shards)) as pool:
            examined = list(pool.map(partial(examine_shard, try_writing=try_writing), shards))
        counts = {c: found.points for c, found in zip(COLLECTIONS, examined, strict=True)}
        fewer = Seal(self._folder).missing(counts)
        for collection, shard, found in zip(COLLECTIONS, shards, examined, strict=True):
            gone = fewer.get(collection, 0) - len(found.lost)
            if gone > 0 and not found.problems:
                found.problems.append(f"{gone} points are gone since it was closed")
            self._findings.problems += [f"{shard}: {problem}" for problem in found.problems]
            for id_, (_, why) in found.lost.items():
                self._findings.add(f"{shard}: the point {id_} can't be read ({why})")
            if found.problems or found.lost or found.bare:
                damaged.append(collection)
        return damaged

    def _rebuild(
        self, damaged: list[Collection], profile: IndexManifest, *, renew_profile: bool
    ) -> None:
        fresh = self._folder / FRESH
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir()
        if renew_profile:
            text = json.dumps(profile.to_dict(), indent=2)
            (fresh / PROFILE_FILE).write_text(text, encoding="utf-8")
        for collection in damaged:
            saved = rebuild_shard(
                self._folder / collection,
                fresh / collection,
                collection=collection,
                profile=profile.to_dict(),
            )
            self._salvaged[collection] = saved
            for problem in saved.problems:
                self._findings.add(f"{self._folder / collection}: {problem}")
            for id_, (source, why) in saved.lost.items():
                name = source if source else self._folder / collection
                self._findings.add(f"{name}: the chunk {id_} can't be saved ({why})", source)
                self._findings.lost.add(id_)

    @contextmanager
    def _opened(self) -> Iterator[Reconciliation]:
        """The open index, looked through."""
        engine = EdgeEngine(self._folder)
        try:
            run(engine.start())
            profile = self._read_profile(self._folder / PROFILE_FILE)
            bare: Mapping[Collection, list[str]] = {c: s.bare for c, s in self._salvaged.items()}
            blobs = self._folder / BLOBS
            looked = Reconciliation(
                engine,
                BlobStore(blobs) if blobs.is_dir() else None,
                Bm25Encoder(profile.language, analyzer=profile.analyzer),
                self._findings,
                bare,
            )
            looked.look()
            if any(not source for s in self._salvaged.values() for source, _ in s.lost.values()):
                # What is lost may have been a record.
                self._findings.sources |= looked.unfinished
            yield looked
        finally:
            engine.close()

    def _move_images(self, backup: str) -> None:
        """Take damaged images out of the way, so that indexing their sources writes them anew."""
        for digest in self._findings.damaged_images:
            for path in (self._folder / BLOBS / digest[:2]).glob(f"{digest}*"):
                target = self._folder / backup / BLOBS / digest[:2] / path.name
                target.parent.mkdir(parents=True, exist_ok=True)
                path.rename(target)
