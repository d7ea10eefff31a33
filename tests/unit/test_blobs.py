from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import sys
import tempfile
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from fsspec.registry import _registry as registered
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule
from PIL import Image

from drawings import noise, noise_ref
from ragsight import BlobStore, image_ref, open_image
from ragsight.blobs import GarbageReport, default_blob_folder
from ragsight.chunks import ImageRef
from ragsight.errors import (
    ConfigurationError,
    MissingExtraError,
    SourceNotFoundError,
    StoreError,
)

HOUR = 3600.0


class WholeFiles(MemoryFileSystem):  # type: ignore[misc]
    """A file server: what is written to it appears byte by byte, under the name that was given."""

    protocol = "wholefiles"
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]
    failure: ClassVar[OSError | None] = None

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        return str(super()._strip_protocol(path.replace("wholefiles://", "memory://")))

    def unstrip_protocol(self, name: str) -> str:
        return str(super().unstrip_protocol(name)).replace("memory://", "wholefiles://")

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **kwargs: Any) -> None:
        if self.failure is not None:
            super().pipe_file(path, value[: len(value) // 2], mode=mode, **kwargs)
            raise self.failure
        super().pipe_file(path, value, mode=mode, **kwargs)


fsspec.register_implementation("wholefiles", WholeFiles, clobber=True)


@pytest.fixture(params=["local", "memory", "wholefiles"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    url = tmp_path if request.param == "local" else f"{request.param}://{tmp_path.name}"
    return BlobStore(url)


def files(folder: Path) -> list[str]:
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def age(folder: Path, seconds: float, pattern: str = "*") -> None:
    for path in folder.rglob(pattern):
        if path.is_file():
            then = path.stat().st_mtime - seconds
            os.utime(path, (then, then))


def age_all(blobs: BlobStore, seconds: float) -> None:
    """Make everything in a store older, wherever it is."""
    if "://" not in blobs.url:
        age(Path(blobs.url), seconds)
        return
    protocol, _, name = blobs.url.partition("://")
    filesystem = fsspec.filesystem(protocol)
    for path, file in filesystem.store.items():
        if path.startswith(f"/{name}/"):
            file.created = file.created.fromtimestamp(
                file.created.timestamp() - seconds, file.created.tzinfo
            )


def test_an_image_is_kept_under_its_digest_and_opens_again(blobs: BlobStore) -> None:
    ref = noise_ref(1)
    kept = blobs.keep(ref)
    assert (kept.uri, kept.data) == (f"blob:{ref.sha256}", None)
    located = blobs.locate(kept)
    assert located.uri.endswith(f"{ref.sha256}.png")
    assert open_image(located).tobytes() == open_image(ref).tobytes()
    assert blobs.read(kept) == ref.data


def test_keeping_an_image_twice_writes_it_once(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    blobs.keep(noise_ref(1))
    (written,) = tmp_path.rglob("*.png")
    before = written.stat().st_ino
    blobs.keep(noise_ref(1))
    assert files(tmp_path) == [written.relative_to(tmp_path).as_posix()]
    assert written.stat().st_ino == before


def test_a_kept_reference_can_be_kept_again(blobs: BlobStore) -> None:
    kept = blobs.keep(noise_ref(1))
    assert blobs.keep(kept) == kept
    age_all(blobs, HOUR)
    assert blobs.keep(kept) == kept


def test_a_kept_reference_whose_image_is_gone_is_reported(blobs: BlobStore) -> None:
    kept = blobs.keep(noise_ref(1))
    blobs.remove([kept.sha256])
    with pytest.raises(SourceNotFoundError):
        blobs.keep(kept)


def test_others_may_read_what_is_kept(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        BlobStore(tmp_path).keep(noise_ref(1))
    finally:
        os.umask(before)
    (written,) = tmp_path.rglob("*.png")
    assert written.stat().st_mode & 0o777 == 0o644


def test_an_image_is_forced_to_the_disk_before_it_gets_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    real_fsync, real_replace = os.fsync, Path.replace

    def fsync(descriptor: int) -> None:
        steps.append("fsync")
        real_fsync(descriptor)

    def rename(source: Path, target: Path) -> Path:
        steps.append("rename")
        return real_replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "replace", rename)
    BlobStore(tmp_path).keep(noise_ref(1))
    assert steps == ["fsync", "rename", "fsync"]


def test_a_file_that_changed_since_it_was_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    noise(1).save(path)
    ref = image_ref(path)
    noise(2).save(path)
    blobs = BlobStore(tmp_path / "blobs")
    for use in (blobs.keep, blobs.read, blobs.thumbnail):
        with pytest.raises(StoreError, match="changed"):
            use(ref)
    assert list(blobs.digests()) == []


def test_a_place_that_can_not_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"can't be stored.*permissions"):
        BlobStore(tmp_path / "file").keep(noise_ref(1))


def test_a_medium_that_is_never_written_is_reported() -> None:
    if not Path("/proc/self").is_dir():
        pytest.skip("this system has no /proc")
    with pytest.raises(StoreError, match="can't be stored"):
        BlobStore("/proc/self/blobs").keep(noise_ref(1))


def test_a_failed_write_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(_source: Path, _target: Path) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(Path, "replace", no_room)
    with pytest.raises(StoreError, match="no space"):
        BlobStore(tmp_path).keep(noise_ref(1))
    assert files(tmp_path) == []


def test_a_full_disk_is_reported_and_what_was_kept_before_is_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = BlobStore(f"wholefiles://{tmp_path.name}")
    first = blobs.keep(noise_ref(1))
    full = OSError(errno.ENOSPC, "No space left on device")
    monkeypatch.setattr(WholeFiles, "failure", full)
    with pytest.raises(StoreError, match=r"can't be stored.*Free some space"):
        blobs.keep(noise_ref(2))
    assert list(blobs.digests()) == [first.sha256]
    assert not [path for path in WholeFiles.store if path.endswith(".part")]

    monkeypatch.setattr(WholeFiles, "failure", None)
    second = blobs.keep(noise_ref(2))
    assert {*blobs.digests()} == {first.sha256, second.sha256}
    assert blobs.read(second) == noise_ref(2).data


def test_a_full_disk_of_this_machine_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = BlobStore(tmp_path)
    blobs.keep(noise_ref(1))

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="Free some space"):
        blobs.keep(noise_ref(2))
    assert len(files(tmp_path)) == 1


def test_references_to_other_places_are_left_alone(blobs: BlobStore) -> None:
    ref = replace(noise_ref(1), uri="/elsewhere/a.png", data=None)
    assert blobs.locate(ref) == ref


@pytest.mark.parametrize("digest", ["../../../etc/passwd", "", "A" * 64, "a" * 63])
def test_what_is_not_a_digest_becomes_no_path(blobs: BlobStore, digest: str) -> None:
    ref = replace(noise_ref(1), uri=f"blob:{digest}", sha256=digest, data=b"x")
    assert blobs.locate(ref) == ref
    for use in (blobs.keep, blobs.thumbnail):
        with pytest.raises(StoreError, match="SHA-256"):
            use(ref)
    assert blobs.remove([digest]) == 0
    assert blobs.missing([digest]) == [digest]


def test_the_default_folder_follows_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAGSIGHT_HOME", raising=False)
    assert default_blob_folder() == Path.home() / ".ragsight" / "blobs"
    monkeypatch.setenv("RAGSIGHT_HOME", str(tmp_path))
    assert default_blob_folder() == tmp_path / "blobs"


def test_the_name_of_a_blob_does_not_depend_on_the_systems_list_of_types(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mimetypes.guess_extension", lambda *_: ".other")
    blobs = BlobStore(tmp_path)
    endings = []
    for kind in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"):
        buffer = io.BytesIO()
        noise(1).save(buffer, format=kind)
        endings.append(Path(blobs.locate(blobs.keep(image_ref(buffer.getvalue()))).uri).suffix)
    assert endings == [".png", ".jpg", ".webp", ".gif", ".bmp", ".tiff"]


def test_a_store_knows_what_it_holds(blobs: BlobStore) -> None:
    refs = [blobs.keep(noise_ref(seed)) for seed in range(3)]
    absent = noise_ref(9).sha256
    assert sorted(blobs.digests()) == sorted(ref.sha256 for ref in refs)
    assert blobs.size() == sum(ref.size for ref in refs)
    assert blobs.missing([absent, refs[0].sha256, absent]) == [absent]
    assert blobs.missing([]) == []


def test_an_empty_store_holds_nothing(blobs: BlobStore) -> None:
    assert (list(blobs.digests()), blobs.size(), blobs.missing(["a" * 64])) == ([], 0, ["a" * 64])
    assert blobs.collect_garbage([]) == GarbageReport(0, 0, 0)


def test_removed_images_are_gone_with_their_thumbnails(blobs: BlobStore) -> None:
    first, second = (blobs.keep(noise_ref(seed)) for seed in (1, 2))
    for ref in (first, second):
        blobs.thumbnail(ref, edge=16)
    assert blobs.remove([first.sha256, "f" * 64]) == 1
    assert list(blobs.digests()) == [second.sha256]
    assert blobs.size() == second.size + len(blobs.thumbnail(second, edge=16))


def test_a_thumbnail_is_small_and_made_once(
    blobs: BlobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = blobs.keep(noise_ref(1))
    made = blobs.thumbnail(kept, edge=24)
    image = Image.open(io.BytesIO(made))
    assert (image.format, image.size) == ("JPEG", (24, 20))

    def fail(*_: object, **__: object) -> bytes:
        raise AssertionError("made again")

    monkeypatch.setattr("ragsight.blobs.store.thumbnail", fail)
    assert blobs.thumbnail(kept, edge=24) == made


def test_an_image_that_is_not_kept_here_has_a_thumbnail_too(
    blobs: BlobStore, tmp_path: Path
) -> None:
    noise(1).save(tmp_path / "a.png")
    assert blobs.thumbnail(image_ref(tmp_path / "a.png"))
    assert list(blobs.digests()) == []


def test_a_store_that_can_not_be_written_still_shows_thumbnails(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    assert BlobStore(tmp_path / "file").thumbnail(noise_ref(1))


def test_a_thumbnail_without_an_edge_is_refused(blobs: BlobStore) -> None:
    with pytest.raises(ConfigurationError, match="edge"):
        blobs.thumbnail(noise_ref(1), edge=0)


def test_collection_removes_what_is_old_and_not_referenced(blobs: BlobStore) -> None:
    needed, unneeded = (blobs.keep(noise_ref(seed)) for seed in (1, 2))
    blobs.thumbnail(needed, edge=16)
    age_all(blobs, 2 * HOUR)
    # A thumbnail goes with its image, however young it is.
    small = len(blobs.thumbnail(unneeded, edge=16))
    young = blobs.keep(noise_ref(3))

    report = blobs.collect_garbage(iter([needed.sha256]))

    assert report == GarbageReport(removed=1, kept=2, bytes_freed=unneeded.size + small)
    assert {*blobs.digests()} == {needed.sha256, young.sha256}
    assert blobs.size() == needed.size + young.size + len(blobs.thumbnail(needed, edge=16))


def test_keeping_an_image_again_makes_it_young_again(blobs: BlobStore) -> None:
    kept = blobs.keep(noise_ref(1))
    age_all(blobs, 2 * HOUR)
    blobs.keep(kept)
    assert blobs.collect_garbage([]) == GarbageReport(removed=0, kept=1, bytes_freed=0)


def test_a_container_is_asked_for_each_image(blobs: BlobStore) -> None:
    refs = [blobs.keep(noise_ref(seed)) for seed in range(3)]
    age_all(blobs, 2 * HOUR)
    asked: list[object] = []

    class Index:
        def __contains__(self, digest: object) -> bool:
            asked.append(digest)
            return digest == refs[0].sha256

    blobs.collect_garbage(Index())
    assert sorted(map(str, asked)) == sorted(ref.sha256 for ref in refs)
    assert list(blobs.digests()) == [refs[0].sha256]


def test_files_of_others_are_left_alone_whatever_their_age(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    digest = "ab" * 32
    foreign = [
        "notes.txt",
        "ab/notes.txt",
        f"cd/{digest}.png",
        f"{digest}.png",
        f"ab/deeper/{digest}.png",
        f"ab/{digest}.tar.gz",
        f"other/ab/{digest}.png",
        "download.part",
        "thumbnails/readme.txt",
        f"thumbnails/big/ab/{digest}.jpg",
    ]
    for name in foreign:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("mine")
    age(tmp_path, 1000 * HOUR)
    assert blobs.collect_garbage([], grace_seconds=0) == GarbageReport(0, 0, 0)
    assert (blobs.remove([digest]), blobs.size()) == (0, 0)
    assert files(tmp_path) == sorted(foreign)


def test_left_overs_of_broken_writes_go_once_they_are_old(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    kept = blobs.keep(noise_ref(1))
    folder = tmp_path / kept.sha256[:2]
    for name in (f"{kept.sha256}.png.0123.part", "tmpabcdef.part"):
        (folder / name).write_bytes(b"half")
    age(tmp_path, 2 * HOUR)
    (folder / f"{kept.sha256}.png.4567.part").write_bytes(b"being written")
    report = blobs.collect_garbage([kept.sha256])
    assert report == GarbageReport(removed=0, kept=1, bytes_freed=8)
    assert [Path(name).name for name in files(tmp_path)] == [
        f"{kept.sha256}.png",
        f"{kept.sha256}.png.4567.part",
    ]


def test_a_thumbnail_without_its_image_goes_once_it_is_old(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    blobs.thumbnail(noise_ref(1), edge=16)
    assert blobs.collect_garbage([]).bytes_freed == 0
    age(tmp_path, 2 * HOUR)
    assert blobs.collect_garbage([]).bytes_freed > 0
    assert files(tmp_path) == []


def test_what_has_no_known_age_is_never_collected(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = BlobStore(f"memory://{tmp_path.name}")
    blobs.keep(noise_ref(1))
    age_all(blobs, 1000 * HOUR)
    real = MemoryFileSystem.info

    def ageless(self: Any, path: str, **kwargs: Any) -> Any:
        return real(self, path, **kwargs) | {"created": None}

    monkeypatch.setattr(MemoryFileSystem, "info", ageless)
    assert blobs.collect_garbage([], grace_seconds=0) == GarbageReport(0, 1, 0)


def test_a_negative_grace_period_is_refused(blobs: BlobStore) -> None:
    with pytest.raises(ConfigurationError, match="grace"):
        blobs.collect_garbage([], grace_seconds=-1)


def test_an_image_that_is_kept_at_the_last_moment_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blobs = BlobStore(tmp_path)
    kept = blobs.keep(noise_ref(1))
    age(tmp_path, 2 * HOUR)
    real_stat = Path.stat
    keeping = threading.Event()

    def keep_after_the_look(path: Path, **options: Any) -> os.stat_result:
        status = real_stat(path, **options)
        if path.suffix == ".png" and not keeping.is_set():
            keeping.set()
            blobs.keep(kept)
        return status

    monkeypatch.setattr(Path, "stat", keep_after_the_look)
    report = blobs.collect_garbage([])
    monkeypatch.undo()
    assert keeping.is_set()
    assert report == GarbageReport(removed=0, kept=1, bytes_freed=0)
    assert blobs.read(kept) == noise_ref(1).data


def test_images_that_are_kept_while_they_are_collected_stay(tmp_path: Path) -> None:
    blobs = BlobStore(tmp_path)
    refs = [noise_ref(seed) for seed in range(4)]
    stop = threading.Event()

    def collect() -> None:
        while not stop.is_set():
            blobs.collect_garbage([])

    collectors = [threading.Thread(target=collect) for _ in range(2)]
    for thread in collectors:
        thread.start()
    for _ in range(60):
        for ref in refs:
            key = tmp_path / ref.sha256[:2] / f"{ref.sha256}.png"
            if key.exists():
                with suppress(FileNotFoundError):
                    os.utime(key, (0, 0))
            blobs.keep(ref)
    stop.set()
    for thread in collectors:
        thread.join()
    assert blobs.missing(ref.sha256 for ref in refs) == []
    assert [blobs.read(replace(ref, uri="blob:", data=None)) for ref in refs] == [
        ref.data for ref in refs
    ]


def test_threads_that_keep_the_same_images_leave_one_of_each(blobs: BlobStore) -> None:
    refs = [noise_ref(seed) for seed in range(5)]
    threads = [threading.Thread(target=lambda: [blobs.keep(ref) for ref in refs]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(blobs.digests()) == sorted(ref.sha256 for ref in refs)
    assert blobs.size() == sum(ref.size for ref in refs)


@pytest.mark.parametrize(("scheme", "extra"), [("s3", "s3"), ("gs", "gcs"), ("gcs", "gcs")])
def test_a_missing_package_is_named_with_the_line_that_installs_it(
    scheme: str, extra: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(registered, scheme, raising=False)
    monkeypatch.setitem(sys.modules, f"{extra}fs", None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'ragsight\[{extra}\]'"):
        BlobStore(f"{scheme}://bucket/images")


@pytest.mark.parametrize("url", ["nonsense://x", "dir://x"])
def test_an_address_that_makes_no_sense_is_reported(url: str) -> None:
    with pytest.raises(ConfigurationError, match=url.partition(":")[0]):
        BlobStore(url)


def test_a_store_with_options_opens_its_images_and_hides_the_options(tmp_path: Path) -> None:
    blobs = BlobStore(f"memory://{tmp_path.name}", password="secret")
    ref = noise_ref(1)
    located = blobs.locate(blobs.keep(ref))
    assert open_image(located).tobytes() == open_image(ref).tobytes()
    assert "secret" not in f"{blobs!r} {located!r}"
    assert blobs.locate(blobs.keep(ref)).uri == located.uri


class Interleavings(RuleBasedStateMachine):
    """Ingests that keep and then write points, deletions, collections, and time that passes."""

    images = Bundle("images")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.blobs = BlobStore(self.folder)
        self.referenced: set[str] = set()
        self.pending: dict[str, float] = {}
        self.now = 0.0

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @rule(target=images, seed=st.integers(0, 4))
    def keep(self, seed: int) -> ImageRef:
        ref = noise_ref(seed)
        self.blobs.keep(ref)
        self.pending[ref.sha256] = self.now
        return ref

    @rule(ref=images)
    def write_its_point(self, ref: ImageRef) -> None:
        if self.now - self.pending.get(ref.sha256, -2 * HOUR) < HOUR:
            self.referenced.add(ref.sha256)

    @rule(ref=images)
    def delete_its_point(self, ref: ImageRef) -> None:
        self.referenced.discard(ref.sha256)

    @rule(ref=images)
    def make_a_thumbnail(self, ref: ImageRef) -> None:
        self.blobs.thumbnail(ref, edge=16)

    @rule(minutes=st.integers(1, 90))
    def time_passes(self, minutes: int) -> None:
        self.now += 60.0 * minutes
        age(self.folder, 60.0 * minutes)

    @rule()
    def collect(self) -> None:
        before = set(self.blobs.digests())
        report = self.blobs.collect_garbage(self.referenced)
        after = set(self.blobs.digests())
        assert (report.removed, report.kept) == (len(before - after), len(after))
        young = {digest for digest, kept in self.pending.items() if self.now - kept < HOUR - 60}
        old = {digest for digest, kept in self.pending.items() if self.now - kept > HOUR + 60}
        assert before & (self.referenced | young) <= after
        assert not after & (old - self.referenced)

    @invariant()
    def nothing_that_is_needed_is_lost(self) -> None:
        young = {digest for digest, kept in self.pending.items() if self.now - kept < HOUR - 60}
        assert self.blobs.missing(self.referenced | young) == []
        for path in self.folder.glob("??/*.png"):
            assert hashlib.sha256(path.read_bytes()).hexdigest() == path.stem


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)
