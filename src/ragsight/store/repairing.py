"""The work of `doctor`: look at the parts of an index folder, mend them, put them in place."""

from __future__ import annotations

import json
import os
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
from ragsight.errors import ConfigurationError, StoreError, StoreNotFoundError
from ragsight.files import read_regular
from ragsight.spaces import Collection
from ragsight.steps import run
from ragsight.store.engines.edge import OWN_FILES, PROFILE_COPY, PROFILE_FILE, EdgeEngine
from ragsight.store.engines.edge_examining import examine_shard, rebuild_shard
from ragsight.store.engines.edge_salvage import Salvage
from ragsight.store.index_report import IndexReport
from ragsight.store.journal import JOURNAL_FILE, Journal
from ragsight.store.migrations import current_profile, profile_problem
from ragsight.store.odd_parts import odd_parts
from ragsight.store.read_only import check_not_open
from ragsight.store.reconciling import Findings, Reconciliation
from ragsight.store.schema import COLLECTIONS, IndexManifest
from ragsight.store.sealing import Seal
from ragsight.store.swapping import FRESH, finish_swap, swap_in

BLOBS = "blobs"
ODD = "odd"
"""Folder in the backup for what is no file: the names beside it are those of damaged files."""


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
        self._is_copy_other = False
        if not any(os.path.lexists(folder / name) for name in (PROFILE_FILE, *COLLECTIONS)):
            raise StoreNotFoundError(f"{folder}: there is no index here.")
        check_not_open(folder)

    def check(self) -> IndexReport:
        """Look, and change nothing."""
        if self._odd():
            return self._report()
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
        backup = f"damaged-{time.strftime('%Y%m%d-%H%M%S')}"
        self._move_odd(backup)
        finish_swap(self._folder)
        aside = [] if self._journal_is_well() else [JOURNAL_FILE]
        read = self._profile()
        profile = self._believed(read)
        if profile is not read:
            aside.append(PROFILE_FILE)
        if self._is_copy_other:
            aside.append(PROFILE_COPY)  # Opening makes it anew.
        damaged = self._damaged_shards(try_writing=True)
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

    def _odd(self) -> list[str]:
        """Names in the folder at which something stands that is no file, or no folder, of ours."""
        odd = odd_parts(self._folder, OWN_FILES, (*COLLECTIONS, BLOBS, FRESH))
        for name, what in odd.items():
            self._findings.add(f"{self._folder / name}: it is {what}")
        return list(odd)

    def _move_odd(self, backup: str) -> None:
        for name in self._odd():
            aside = self._folder / backup / ODD
            aside.mkdir(parents=True, exist_ok=True)
            (self._folder / name).rename(aside / name)
            if name == BLOBS:
                (self._folder / name).mkdir()

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
            profile = self._read_profile(path)
        except (OSError, ValueError, RecursionError) as error:
            self._findings.add(f"{path}: what the index was made with can't be read ({error})")
            return None
        self._is_copy_other = self._copied_profile() not in (None, profile)
        if self._is_copy_other:
            self._findings.add(f"{path}: it says something else than its copy, {PROFILE_COPY}")
        return profile

    def _copied_profile(self) -> IndexManifest | None:
        with suppress(OSError, ValueError, RecursionError):
            return self._read_profile(self._folder / PROFILE_COPY)
        return None

    def _read_profile(self, path: Path) -> IndexManifest:
        data = json.loads(read_regular(path))
        if problem := profile_problem(data):
            raise ValueError(problem)
        profile = current_profile(data, place=str(self._folder))
        try:
            Bm25Encoder(profile.language)
        except ConfigurationError as error:
            raise ValueError(str(error)) from error
        return profile

    def _believed(self, profile: IndexManifest | None) -> IndexManifest:
        """Of what the profile, its copy and the caller say, what the index was made with."""
        copy = self._copied_profile()
        found = profile if profile is not None else copy
        if self._is_copy_other:
            is_copy_right = profile is not None and profile.encoder != self._encoder
            found = copy if is_copy_right else profile
        # One of two that differ can't be chosen without the caller's word.
        if found is not None and not (self._is_copy_other and self._encoder is None):
            return found
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
            if found.bare:
                self._findings.add(f"{shard}: {len(found.bare)} points have lost their vectors")
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
