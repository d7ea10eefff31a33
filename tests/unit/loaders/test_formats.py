"""A made-up format by one row: everything that asks for kinds of files knows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ragsight import Chunk, MultimodalStore, Source, ingest, load, write_inspection
from ragsight.cli.app import app
from ragsight.errors import UnsupportedFormatError
from ragsight.loaders import discover, formats, loader_for
from ragsight.loaders.base import absolute, file_fingerprint
from ragsight.loaders.formats import FileFormat
from ragsight.loaders.inspected import pages_of


class RuneLoader:
    """Each line is a chunk on a page of its own."""

    def __init__(self, path: Path) -> None:
        self._path = absolute(path)

    @property
    def uri(self) -> str:
        return str(self._path)

    def fingerprint(self) -> str:
        return file_fingerprint(self._path, "RuneLoader")

    def lazy_load(self) -> Iterator[Chunk]:
        lines = self._path.read_text().removeprefix("RUNE").split()
        for number, line in enumerate(lines, start=1):
            yield Chunk(text=line, source=Source(uri=self.uri, page=number))


@pytest.fixture
def prepared(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that were prepared, with the made-up row in the table."""
    names: list[str] = []
    row = FileFormat(
        "runes",
        frozenset({".rune"}),
        lambda path, _on_error, _options: RuneLoader(path),
        sniff=lambda head: head.startswith(b"RUNE"),
        prepare=lambda files, _options, _done: names.extend(file.name for file in files),
        parts=lambda path, _options: (path.with_suffix(".csv"),),
        inspect=lambda path, _options, _asked: (pages_of(RuneLoader(path).lazy_load()), 0),
    )
    monkeypatch.setattr(formats, "FORMATS", (*formats.FORMATS, row))
    return names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / "files"
    place.mkdir()
    (place / "a.rune").write_text("Fehu Uruz")
    (place / "a.csv").write_text("name\nbelongs to the runes\n")
    (place / "b.md").write_text("Words.")
    return place


def test_a_row_is_discovered_chosen_and_loaded(folder: Path, prepared: list[str]) -> None:
    assert [path.name for path in discover([folder])] == ["a.rune", "b.md"]
    assert [chunk.text for chunk in load(folder)] == ["Fehu", "Uruz", "Words."]
    (folder / "unnamed").write_text("RUNE Raido")
    assert isinstance(loader_for(folder / "unnamed"), RuneLoader)
    assert prepared == ["a.rune"]
    (folder / "c.xyz").write_text("x")
    with pytest.raises(UnsupportedFormatError, match=r"\.rune"):
        loader_for(folder / "c.xyz")


def test_a_row_is_ingested_and_prepared_only_when_it_changed(
    folder: Path, prepared: list[str], store: MultimodalStore
) -> None:
    assert ingest(folder, store).chunks == 3
    again = ingest(folder, store)
    assert {source.status for source in again.sources} == {"unchanged"}
    assert prepared == ["a.rune"]


def test_a_row_is_inspected_and_named_in_the_help(
    folder: Path, prepared: list[str], tmp_path: Path
) -> None:
    del prepared
    assert write_inspection(tmp_path / "page.html", folder / "a.rune").shown == 2
    assert "runes" in CliRunner().invoke(app, ["index", "--help"]).output
    with pytest.raises(UnsupportedFormatError, match="runes have pages"):
        write_inspection(tmp_path / "page.html", folder / "b.md")


def test_a_row_is_loaded_by_langchain(folder: Path, prepared: list[str]) -> None:
    del prepared
    adapter = pytest.importorskip("langchain_ragsight")
    documents = adapter.FileLoader(folder / "a.rune", image_store=folder / "kept").load()
    assert [document.page_content for document in documents] == ["Fehu", "Uruz"]


def test_a_row_is_read_by_llama_index(folder: Path, prepared: list[str]) -> None:
    del prepared
    adapter = pytest.importorskip("llama_index_ragsight")
    documents = adapter.FileReader(image_store=folder / "kept").load_data(folder / "a.rune")
    assert [document.text for document in documents] == ["Fehu", "Uruz"]


def test_files_that_nothing_reads_are_counted_by_kind(folder: Path, store: MultimodalStore) -> None:
    for name in ("x.blend", "y.BLEND", "z.mp3", ".hidden.mp3", "LICENCE"):
        (folder / name).write_text("x")
    report = ingest(folder, store)
    assert dict(report.passed_over) == {".blend": 2, ".rune": 1, ".mp3": 1, "without a suffix": 1}
    assert report.to_dict()["passed_over"][".blend"] == 2
