from __future__ import annotations

from pathlib import Path

import pytest

from drawings import noise
from pdfs import mupdf, paragraph, save_pdf
from ragsight import (
    CatalogLoader,
    ChunkingOptions,
    ClipEncoder,
    ImageLoader,
    MultimodalStore,
    PdfLoader,
    PdfOptions,
    SlideLoader,
    TextLoader,
    ingest,
    load,
)
from ragsight.errors import (
    InputError,
    PasswordRequiredError,
    RagsightError,
    SourceNotFoundError,
    UnsupportedFormatError,
)
from ragsight.loaders import discover, loader_for


def names(paths: list[Path]) -> list[str]:
    return [path.name for path in paths]


@pytest.mark.parametrize(
    ("name", "loader"),
    [
        ("a.PDF", PdfLoader),
        ("a.pptx", SlideLoader),
        ("a.POTX", SlideLoader),
        ("a.jpeg", ImageLoader),
        ("a.csv", CatalogLoader),
        ("a.jsonl", CatalogLoader),
        ("a.md", TextLoader),
    ],
)
def test_the_suffix_chooses_the_loader(tmp_path: Path, name: str, loader: type) -> None:
    (tmp_path / name).write_text("x")
    assert isinstance(loader_for(tmp_path / name), loader)


def test_a_pdf_under_another_name_is_known_by_its_content(tmp_path: Path) -> None:
    (tmp_path / "download").write_bytes(b"\n%PDF-1.7\n")
    assert isinstance(loader_for(tmp_path / "download"), PdfLoader)


def test_an_unknown_kind_lists_the_known_ones(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_text("x")
    with pytest.raises(UnsupportedFormatError, match=r"a\.xyz.*\.csv.*\.pdf"):
        loader_for(tmp_path / "a.xyz")


def _folder_of_a_pdf_and_notes(folder: Path) -> Path:
    save_pdf(folder / "a.pdf", lambda page: paragraph(page, (60, 60, 530, 400)), pages=2)
    (folder / "b.md").write_text("Oil the pump once a month. " * 40)
    return folder


def test_settings_reach_the_loader_of_their_kind(tmp_path: Path) -> None:
    folder = _folder_of_a_pdf_and_notes(tmp_path)
    chunks = list(load(folder, pdf=PdfOptions(page_images="all")))
    assert [chunk.kind for chunk in chunks if chunk.source.page] == ["page", "text"] * 2
    assert loader_for(folder / "a.pdf", pdf=PdfOptions(figures=False)).fingerprint() == (
        PdfLoader(folder / "a.pdf", figures=False).fingerprint()
    )


def test_the_size_of_passages_is_set_for_every_kind_of_file(tmp_path: Path) -> None:
    folder = _folder_of_a_pdf_and_notes(tmp_path)
    small = ChunkingOptions(size=100, overlap=0)
    for chunks in (load(folder, chunking=small), load(folder, pdf=PdfOptions(), chunking=small)):
        lengths: dict[str, int] = {}
        for chunk in chunks:
            name = Path(chunk.source.uri).name
            lengths[name] = max(len(chunk.text), lengths.get(name, 0))
        assert set(lengths) == {"a.pdf", "b.md"}
        assert all(40 < length <= 100 for length in lengths.values())


def test_a_password_opens_the_encrypted_files_among_others(tmp_path: Path) -> None:
    save_pdf(
        _folder_of_a_pdf_and_notes(tmp_path) / "c.pdf",
        lambda page: paragraph(page, (60, 60, 530, 400)),
        encryption=mupdf.PDF_ENCRYPT_AES_256,
        user_pw="sesame",
        owner_pw="owner",
    )
    problems: list[RagsightError] = []
    names_of = lambda chunks: {Path(chunk.source.uri).name for chunk in chunks}  # noqa: E731
    assert names_of(load(tmp_path, password="sesame")) == {"a.pdf", "b.md", "c.pdf"}
    assert names_of(load(tmp_path, on_error=problems.append)) == {"a.pdf", "b.md"}
    assert [type(problem) for problem in problems] == [PasswordRequiredError]


def test_a_setting_that_does_not_exist_is_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="colour"):
        load(tmp_path, colour="red")  # type: ignore[call-arg]


def test_folders_are_searched_and_hidden_files_passed_over(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".git").mkdir()
    for name in ("b.md", "sub/a.txt", ".hidden.txt", ".git/c.txt", "d.xyz"):
        (tmp_path / name).write_text("x")
    assert names(discover([tmp_path])) == ["b.md", "a.txt"]


def test_an_index_inside_a_folder_is_not_indexed(tmp_path: Path, encoder: ClipEncoder) -> None:
    noise(1).save(tmp_path / "a.png")
    with MultimodalStore.open(tmp_path / "index", encoder=encoder) as store:
        ingest(tmp_path, store)
        report = ingest(tmp_path, store)
    assert [source.status for source in report.sources] == ["unchanged"]


def test_a_file_named_twice_comes_once(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("x")
    assert names(discover([tmp_path / "a.txt", tmp_path])) == ["a.txt"]


def test_a_file_named_outright_is_taken_whatever_its_kind(tmp_path: Path) -> None:
    (tmp_path / "a.xyz").write_text("x")
    assert names(discover([tmp_path / "a.xyz"])) == ["a.xyz"]


def test_what_belongs_to_a_catalogue_or_an_image_is_not_taken_for_itself(tmp_path: Path) -> None:
    for name in ("boot", "other"):
        noise(1).save(tmp_path / f"{name}.png")
        (tmp_path / f"{name}.txt").write_text("caption")
    (tmp_path / "shop.csv").write_text("name,image\nBoot,boot.png\n")
    assert names(discover([tmp_path])) == ["other.png", "shop.csv"]


def test_a_missing_path_and_an_empty_folder_are_errors(tmp_path: Path) -> None:
    with pytest.raises(SourceNotFoundError, match="absent"):
        discover([tmp_path / "absent"])
    with pytest.raises(InputError, match="nothing to index"):
        discover([tmp_path])


def test_loading_a_folder_goes_on_after_a_bad_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Words.")
    (tmp_path / "b.jpg").write_text("no image")
    noise(1).save(tmp_path / "c.png")
    problems: list[RagsightError] = []
    chunks = list(load(tmp_path, on_error=problems.append))
    assert [chunk.source.name for chunk in chunks] == ["a.txt", "c.png"]
    assert "b.jpg" in str(problems[0])
    with pytest.raises(InputError, match=r"b\.jpg"):
        list(load(tmp_path))
