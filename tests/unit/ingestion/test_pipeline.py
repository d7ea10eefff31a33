from __future__ import annotations

from pathlib import Path

import pytest

from drawings import cut_jpeg, noise
from pdfs import paragraph, save_pdf
from ragsight import ClipEncoder, MultimodalStore, PdfOptions, TextLoader, ingest
from ragsight.chunks import Chunk, Source
from ragsight.encoders import FloatArray
from ragsight.errors import (
    ConfigurationError,
    DocumentError,
    EncoderError,
    InputError,
    SourceNotFoundError,
)
from ragsight.ingestion.report import Progress


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = tmp_path / "files"
    files.mkdir()
    for n in range(3):
        noise(n).save(files / f"photo{n}.png")
    (files / "notes.md").write_text("# Pumps\nOil the pump.\n")
    return files


def statuses(report) -> dict[str, str]:
    return {Path(source.uri).name: source.status for source in report.sources}


def test_a_folder_is_indexed_file_by_file(folder: Path, store: MultimodalStore) -> None:
    report = ingest(folder, store)
    assert set(statuses(report).values()) == {"indexed"}
    assert (report.chunks, report.problems) == (4, ())
    counts = store.counts()
    assert (counts.texts, counts.images, counts.sources) == (1, 3, 4)


class CountingEncoder:
    """Passes on to a real encoder, and counts the images."""

    def __init__(self, encoder: ClipEncoder) -> None:
        self._encoder = encoder
        self.spec = encoder.spec
        self.images = 0
        self.encode_texts = encoder.encode_texts

    def encode_images(self, images, *, on_skip=None) -> FloatArray:
        images = list(images)
        self.images += len(images)
        return self._encoder.encode_images(images, on_skip=on_skip)


def test_indexing_again_changes_nothing_and_encodes_nothing(
    folder: Path, tmp_path: Path, encoder: ClipEncoder
) -> None:
    counting = CountingEncoder(encoder)
    with MultimodalStore.open(tmp_path / "i", encoder=counting) as store:
        ingest(folder, store)
        before = sorted(chunk.id for chunk in store.scroll())
        report = ingest(folder, store)
        assert set(statuses(report).values()) == {"unchanged"}
        assert sorted(chunk.id for chunk in store.scroll()) == before
    assert counting.images == 3


def test_force_indexes_unchanged_files_too(folder: Path, store: MultimodalStore) -> None:
    ingest(folder, store)
    assert set(statuses(ingest(folder, store, force=True)).values()) == {"indexed"}
    assert store.counts().images == 3


def test_settings_of_a_kind_are_followed_and_other_settings_index_its_files_anew(
    folder: Path, store: MultimodalStore
) -> None:
    save_pdf(folder / "manual.pdf", lambda page: paragraph(page, (60, 60, 530, 400)))
    ingest(folder, store)
    report = ingest(folder, store, pdf=PdfOptions(page_images="all"))
    (changed,) = report.with_status("indexed")
    assert Path(changed.uri).name == "manual.pdf"
    assert (changed.chunks, changed.removed) == (2, 0)
    again = ingest(folder, store, pdf=PdfOptions(page_images="all"))
    assert not again.with_status("indexed")


def test_settings_beside_a_loader_of_ones_own_are_refused(
    folder: Path, store: MultimodalStore
) -> None:
    with pytest.raises(ConfigurationError, match="password, pdf"):
        ingest(folder, store, loader=TextLoader, pdf=PdfOptions(), password="x")
    with pytest.raises(TypeError, match="colour"):
        ingest(folder, store, colour="red")  # type: ignore[call-arg]
    assert store.counts().sources == 0


def test_a_changed_file_replaces_its_own_chunks_and_no_others(
    folder: Path, store: MultimodalStore
) -> None:
    ingest(folder, store)
    (folder / "notes.md").write_text("# Valves\nShut the valve.\n")
    report = ingest(folder, store)
    assert statuses(report) | {"notes.md": ""} == {
        "notes.md": "",
        **{f"photo{n}.png": "unchanged" for n in range(3)},
    }
    [changed] = report.with_status("indexed")
    assert (changed.chunks, changed.removed) == (1, 1)
    assert [c.text for c in store.scroll({"kind": "text"})] == ["Shut the valve."]
    assert store.counts().images == 3


def test_broken_files_are_reported_and_the_rest_is_indexed(
    folder: Path, store: MultimodalStore
) -> None:
    (folder / "cut.jpg").write_bytes(cut_jpeg())
    (folder / "words.jpg").write_text("these are words")
    (folder / "empty.png").write_bytes(b"")
    report = ingest(folder, store)
    assert {Path(s.uri).name for s in report.with_status("failed")} == {
        "cut.jpg",
        "words.jpg",
        "empty.png",
    }
    assert len(report.with_status("indexed")) == 4
    for source in report.with_status("failed"):
        assert source.problems
        assert Path(source.uri).name in source.problems[0]
    assert store.counts().images == 3


def test_a_file_that_failed_is_tried_again_when_it_is_mended(
    folder: Path, store: MultimodalStore
) -> None:
    (folder / "photo9.png").write_bytes(b"")
    ingest(folder, store)
    noise(9).save(folder / "photo9.png")
    assert statuses(ingest(folder, store))["photo9.png"] == "indexed"


def test_a_bad_row_of_a_catalogue_is_a_problem_and_no_failure(
    folder: Path, store: MultimodalStore
) -> None:
    (folder / "shop.csv").write_text("name,image\nBoot,photo0.png\nGhost,absent.png\n")
    report = ingest(folder, store)
    [shop] = [s for s in report.sources if s.uri.endswith("shop.csv")]
    assert (shop.status, shop.chunks) == ("indexed", 2)
    assert "row 2" in shop.problems[0]
    [again] = [s for s in ingest(folder, store).sources if s.uri.endswith("shop.csv")]
    assert (again.status, again.problems) == ("unchanged", shop.problems)


class BreakingLoader:
    """Yields chunks, then finds the file damaged: as a real loader may."""

    def __init__(self, path: Path, good: int) -> None:
        self.uri = str(path)
        self._good = good

    def fingerprint(self) -> str:
        return f"{self.uri} {self._good}"

    def lazy_load(self):
        for n in range(self._good):
            yield Chunk(text=f"passage {n}", source=Source(uri=self.uri, page=n + 1))
        raise DocumentError(f"{self.uri}: damaged from page {self._good + 1} on")


@pytest.mark.parametrize("good", [3, 200])
def test_a_file_that_breaks_off_leaves_nothing_behind(
    folder: Path, store: MultimodalStore, good: int
) -> None:
    report = ingest(folder / "notes.md", store, loader=lambda path: BreakingLoader(path, good))
    assert "damaged" in report.with_status("failed")[0].problems[0]
    assert list(store.scroll()) == []


def test_a_file_that_breaks_off_keeps_what_an_earlier_run_had(
    folder: Path, store: MultimodalStore
) -> None:
    ingest(folder / "notes.md", store)
    ingest(folder / "notes.md", store, loader=lambda path: BreakingLoader(path, 200))
    assert [chunk.text for chunk in store.scroll()] == ["Oil the pump."]


class PowerCutError(Exception):
    """The plug is pulled."""


def test_an_interrupted_run_goes_on_where_it_was(tmp_path: Path, store: MultimodalStore) -> None:
    files = tmp_path / "many"
    files.mkdir()
    for n in range(150):
        (files / f"{n:03d}.txt").write_text(f"Number {n}.")

    def pull_the_plug(progress: Progress) -> None:
        if progress.files_done == 140:
            raise PowerCutError

    with pytest.raises(PowerCutError):
        ingest(files, store, on_progress=pull_the_plug)
    report = ingest(files, store)
    assert len(report.with_status("unchanged")) >= 64
    assert len(report.with_status("indexed")) + len(report.with_status("unchanged")) == 150
    assert store.counts().texts == 150


def test_progress_ends_with_all_files_done(folder: Path, store: MultimodalStore) -> None:
    seen: list[Progress] = []
    ingest(folder, store, on_progress=seen.append)
    assert (seen[-1].files_done, seen[-1].files, seen[-1].chunks) == (4, 4, 4)
    assert [p.files_done for p in seen] == sorted(p.files_done for p in seen)


def test_missing_paths_and_empty_folders_stop_before_anything_is_written(
    folder: Path, store: MultimodalStore, tmp_path: Path
) -> None:
    with pytest.raises(SourceNotFoundError, match="absent"):
        ingest([folder, tmp_path / "absent"], store)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="nothing to index"):
        ingest(tmp_path / "empty", store)
    assert store.counts().sources == 0


def test_a_model_that_can_not_be_loaded_stops_the_run(folder: Path, encoder: ClipEncoder) -> None:
    class Broken(CountingEncoder):
        def encode_images(self, images, *, on_skip=None) -> FloatArray:  # noqa: ARG002
            raise EncoderError("no weights")

    with (
        MultimodalStore.open(":memory:", encoder=Broken(encoder)) as store,
        pytest.raises(EncoderError),
    ):
        ingest(folder, store)


def test_a_file_whose_name_is_no_utf8_is_reported_and_the_rest_is_indexed(
    folder: Path, store: MultimodalStore
) -> None:
    try:
        (folder / "caf\udce9.txt").write_text("words")
    except (OSError, UnicodeError):
        pytest.skip("names are UTF-8 here")

    report = ingest(folder, store)

    (failed,) = report.with_status("failed")
    assert "Rename the file" in failed.problems[0]
    assert failed.uri.endswith("caf\ufffd.txt")
    assert len(report.with_status("indexed")) == 4
