"""Folders and catalogues of a stranger: each odd file costs itself, at once."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from drawings import noise
from odd_files import ODD, at_most
from ragsight import (
    CatalogLoader,
    ClipEncoder,
    ImageLoader,
    MultimodalStore,
    PdfLoader,
    SlideLoader,
    ingest,
    load,
)
from ragsight.cli.app import app
from ragsight.errors import ImageError, InputError, RagsightError, StoreError
from ragsight.evaluation import read_queries
from ragsight.images import read_image_bytes
from ragsight.loaders import discover, loader_for
from ragsight.retrieval import MultimodalRetriever

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="has no such files")

SUFFIXES = (".pdf", ".pptx", ".odp", ".ppt", ".png", ".heic", ".csv", ".jsonl", ".md", ".txt")
FILES = [kind for kind in ODD if "folder" not in kind]
THERE = [kind for kind in FILES if kind not in {"loop of links", "link to nothing"}]


@pytest.fixture(autouse=True)
def impatient() -> Iterator[None]:
    with at_most(seconds=20):
        yield


@pytest.fixture
def index(tmp_path: Path, encoder: ClipEncoder) -> Iterator[MultimodalStore]:
    with MultimodalStore.open(tmp_path / "index", encoder=encoder) as store:
        yield store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    files = tmp_path / "files"
    files.mkdir()
    (files / "good.md").write_text("# Pumps\nOil the pump.\n")
    noise(1).save(files / "good.png")
    return files


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_file_of_each_suffix_costs_only_itself(
    folder: Path, index: MultimodalStore, kind: str
) -> None:
    for number, suffix in enumerate(SUFFIXES):
        (folder / f"{number}").mkdir()
        ODD[kind](folder / f"{number}" / f"odd{suffix}")
    report = ingest(folder, index)
    assert [Path(source.uri).name for source in report.with_status("indexed")] == [
        "good.md",
        "good.png",
    ]
    failed = report.with_status("failed")
    assert len(failed) == (0 if "folder" in kind else len(SUFFIXES))
    assert all(source.problems for source in failed)


@pytest.mark.parametrize("kind", THERE)
def test_a_named_odd_file_costs_only_itself(
    folder: Path, index: MultimodalStore, kind: str
) -> None:
    ODD[kind](folder / "odd")
    report = ingest([folder / "odd", folder / "good.md"], index)
    assert [source.status for source in report.sources] == ["failed", "indexed"]


@pytest.mark.parametrize("kind", FILES)
def test_an_odd_caption_costs_the_caption(folder: Path, index: MultimodalStore, kind: str) -> None:
    ODD[kind](folder / "odd")
    (folder / "good.txt").symlink_to("odd")
    report = ingest(folder, index)
    [image] = [source for source in report.sources if source.uri.endswith(".png")]
    assert image.status == "indexed"
    reported = ["the caption can't be read" in problem for problem in image.problems]
    assert reported == ([] if kind == "link to nothing" else [True])


@pytest.mark.parametrize("loader", [ImageLoader, CatalogLoader, PdfLoader, SlideLoader])
def test_a_loader_that_is_given_a_pipe_says_so(tmp_path: Path, loader: type) -> None:
    os.mkfifo(tmp_path / "pipe.csv")
    for step in ("fingerprint", "load"):
        with pytest.raises(InputError, match="named pipe"):
            getattr(loader(tmp_path / "pipe.csv"), step)()


def test_a_pipe_without_a_known_suffix_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="named pipe"):
        loader_for(tmp_path / "pipe")
    with pytest.raises(InputError, match="named pipe"):
        list(load(tmp_path / "pipe"))


@pytest.mark.parametrize("address", ["{}", "file://{}", "local://{}", "simplecache::file://{}"])
def test_a_pipe_as_an_image_is_an_error_of_that_image(
    tmp_path: Path, encoder: ClipEncoder, address: str
) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    pipe = address.format(tmp_path / "pipe.png")
    with pytest.raises(ImageError, match=r"pipe"):
        read_image_bytes(pipe)
    skipped: list[int] = []
    vectors = list(
        encoder.encode_images([noise(1), pipe], on_skip=lambda place, _error: skipped.append(place))
    )
    assert (len(vectors), skipped) == (1, [1])


def test_a_pipe_is_no_query(folder: Path, index: MultimodalStore) -> None:
    ingest(folder, index)
    os.mkfifo(folder / "pipe")
    with pytest.raises(ImageError, match="named pipe"):
        MultimodalRetriever(index).retrieve(image=folder / "pipe")
    with pytest.raises(InputError, match="named pipe"):
        read_queries(folder / "pipe")


def test_a_pipe_in_place_of_an_index_s_profile_is_an_error(
    tmp_path: Path, encoder: ClipEncoder
) -> None:
    (tmp_path / "index").mkdir()
    os.mkfifo(tmp_path / "index" / "ragsight.json")
    with pytest.raises(StoreError, match="named pipe"):
        MultimodalStore.open(tmp_path / "index", encoder=encoder)


# Catalogues.


@pytest.fixture
def private(tmp_path: Path) -> Path:
    noise(7).save(tmp_path / "private.png")
    return tmp_path / "private.png"


def rows(folder: Path, *images: str) -> Path:
    path = folder / "shop.jsonl"
    path.write_text(
        "".join(json.dumps({"name": f"thing {n}", "image": i}) + "\n" for n, i in enumerate(images))
    )
    return path


def test_a_catalogue_takes_no_pictures_from_outside_of_its_folder(
    folder: Path, private: Path
) -> None:
    (folder / "link.png").symlink_to(private)
    (folder / "up").symlink_to(private.parent)
    (folder / "inside.png").symlink_to("good.png")
    outside = (str(private), "../private.png", "link.png", "up/private.png", "x/../../private.png")
    path = rows(folder, *outside, "good.png", "./x/../good.png", "inside.png")
    problems: list[RagsightError] = []
    chunks = CatalogLoader(path, on_error=problems.append).load()
    assert [chunk.image is not None for chunk in chunks] == [False] * 5 + [True] * 3
    assert [chunk.text for chunk in chunks] == [f"thing {n}" for n in range(8)]
    assert [(f"row {n}:" in str(p), "image_root" in str(p)) for n, p in enumerate(problems, 1)] == [
        (True, True)
    ] * 5


def test_the_folder_of_pictures_can_be_named(folder: Path, private: Path) -> None:
    path = rows(folder, str(private), "../private.png", "private.png", "good.png", "/dev/null")
    problems: list[RagsightError] = []
    loader = CatalogLoader(path, image_root=private.parent, on_error=problems.append)
    assert [chunk.image is not None for chunk in loader.load()] == [True] * 4 + [False]
    assert set(loader.image_paths()) == {private, folder / "good.png"}
    with pytest.raises(InputError):
        CatalogLoader(path, image_root=folder / "absent")


def test_what_is_loaded_by_kind_takes_the_folder_of_pictures_too(
    folder: Path, private: Path, index: MultimodalStore
) -> None:
    rows(folder, "../private.png")
    report = ingest(private.parent / "files", index)
    assert ["--image-root" in problem for problem in report.problems] == [True]
    again = ingest(folder, index, image_root=private.parent)
    assert (again.problems, len(again.with_status("indexed"))) == ((), 1)
    assert private in discover([private.parent])
    assert private not in discover([private.parent], image_root=private.parent)
    images = [chunk.image for chunk in load(folder / "shop.jsonl", image_root=private.parent)]
    assert None not in images


@pytest.mark.parametrize(
    "name",
    ["a\0b.png", "half \ud83d.png", "long" * 3000, "loop.png", "pipe.png", ".", "~/x.png"],
)
def test_a_row_with_an_odd_picture_keeps_its_words(folder: Path, name: str) -> None:
    (folder / "loop.png").symlink_to("loop.png")
    os.mkfifo(folder / "pipe.png")
    problems: list[RagsightError] = []
    chunks = CatalogLoader(rows(folder, name, "good.png"), on_error=problems.append).load()
    assert [(chunk.text, chunk.image is not None) for chunk in chunks] == [
        ("thing 0", False),
        ("thing 1", True),
    ]
    [problem] = problems
    assert "row 1" in str(problem)
    assert len(str(problem).encode()) < 1_500


def test_files_of_the_kernel_are_no_pictures_even_where_they_are_allowed(folder: Path) -> None:
    names = ["/proc/self/mem", "/proc/self/environ", "/dev/zero", "/dev/tty", "/proc/self/fd/0"]
    problems: list[RagsightError] = []
    chunks = CatalogLoader(rows(folder, *names), image_root="/", on_error=problems.append).load()
    assert [chunk.image for chunk in chunks] == [None] * 5
    assert len(problems) == 5


def test_a_catalogue_of_one_endless_line_takes_no_memory(folder: Path) -> None:
    for name in ("holes.csv", "holes.jsonl"):
        with (folder / name).open("wb") as file:
            file.write(b"name,image\n")
            file.truncate(1 << 34)
        with pytest.raises(InputError, match="line is longer"):
            CatalogLoader(folder / name, on_error=lambda _error: None).load()


def test_the_command_line_names_the_folder_of_pictures(
    folder: Path, private: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows(folder, "../private.png")
    command = ["index", str(folder / "shop.jsonl"), "--index", str(folder / "ix")]
    with at_most(seconds=60):
        assert app([*command, "--model", "ragsight-demo"], standalone_mode=False) == 1
        assert "--image-root" in " ".join(capsys.readouterr().err.split())
        assert not app([*command, "--image-root", str(private.parent)], standalone_mode=False)
