from __future__ import annotations

import base64
from pathlib import Path

import pytest
from PIL import Image

from documents import png
from drawings import noise
from ragsight import Chunk, ChunkingOptions, TextLoader, load
from ragsight.errors import InputError
from ragsight.loaders import discover
from ragsight.loaders.markdown import markdown_sections, split_front_matter


def _load(tmp_path: Path, text: str, **options: object) -> list[Chunk]:
    path = tmp_path / "notes.md"
    path.write_text(text, encoding="utf-8")
    return TextLoader(path, **options).load()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "fence", ["```", "````", "~~~", "~~~~~", "   ```"], ids=["3", "4", "tildes", "5", "indented"]
)
def test_a_hash_in_a_fence_is_no_heading(tmp_path: Path, fence: str) -> None:
    text = f"# Code\n\n{fence}sh\n# make it\n```x\n{fence.strip()}\n\n# After\n\nend\n"
    chunks = _load(tmp_path, text if fence != "```" else text.replace("```x\n", ""))
    assert [chunk.source.section for chunk in chunks] == [("Code",), ("After",)]
    assert "# make it" in chunks[0].text


def test_triple_backticks_inside_a_line_open_no_fence(tmp_path: Path) -> None:
    chunks = _load(tmp_path, "# A\n\n```x``` here\n\n## B\n\nafter\n")
    assert [chunk.source.section for chunk in chunks] == [("A",), ("A", "B")]


def test_underlined_headings_are_headings(tmp_path: Path) -> None:
    chunks = _load(tmp_path, "Manual\n======\n\nIntro.\n\nCare\n----\n\nOil it.\n")
    assert [chunk.source.section for chunk in chunks] == [("Manual",), ("Manual", "Care")]


def test_a_heading_s_marks_are_no_part_of_its_title(tmp_path: Path) -> None:
    [chunk] = _load(tmp_path, "# The *new* `pump` [P1](p1.html)\n\ntext\n")
    assert chunk.source.section == ("The new pump P1",)


def test_a_heading_with_nothing_under_it_is_a_passage(tmp_path: Path) -> None:
    chunks = _load(tmp_path, "# Guide\n\n## Storage of Vellum\n\n## Ink\n\nDry it.\n")
    assert [(chunk.text, chunk.source.section) for chunk in chunks] == [
        ("Storage of Vellum", ("Guide",)),
        ("Dry it.", ("Guide", "Ink")),
    ]


def test_front_matter_is_metadata_and_no_text(tmp_path: Path) -> None:
    text = "---\ntitle: Pump manual\ntags: [a, b]\nlabel: mine\n---\n# Start\n\nOpen it.\n"
    [chunk] = _load(tmp_path, text)
    assert chunk.metadata == {"title": "Pump manual", "tags": ["a", "b"]}
    assert chunk.text == "Open it."


@pytest.mark.parametrize(
    "matter",
    ["not: [closed", "- a\n- list", "a: &x [1]\nb: *x", "just words", "a: " + "[" * 5000],
    ids=["broken", "list", "references", "words", "deep"],
)
def test_what_is_no_front_matter_stays_text(matter: str) -> None:
    text = f"---\n{matter}\n---\n\nOpen it."
    values, rest = split_front_matter(text)
    assert (values, rest) == ({}, text)


def test_a_picture_is_a_figure_with_its_words(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), "blue").save(tmp_path / "disc.png")
    chunks = _load(tmp_path, '# Pump\n\nLook: ![A *blue* disc](disc.png "Side view")\n')
    figure = next(chunk for chunk in chunks if chunk.kind == "figure")
    assert figure.text == "A blue disc\n\nSide view"
    assert figure.image is not None
    assert (figure.image.width, figure.source.section) == (40, ("Pump",))


def test_a_picture_belongs_to_the_text_that_names_it(tmp_path: Path) -> None:
    Image.new("RGB", (40, 30), "blue").save(tmp_path / "disc.png")
    (tmp_path / "notes.md").write_text("![A disc](disc.png)\n")
    assert [path.name for path in discover([tmp_path])] == ["notes.md"]
    assert [chunk.kind for chunk in load(tmp_path)] == ["text", "figure"]


@pytest.mark.parametrize("target", ["absent.png", "../secret.png", "/etc/passwd", "a%00b.png"])
def test_a_picture_that_can_t_be_used_costs_itself(tmp_path: Path, target: str) -> None:
    Image.new("RGB", (40, 30), "red").save(tmp_path / "secret.png")
    folder = tmp_path / "text"
    folder.mkdir()
    told: list[Exception] = []
    chunks = _load(folder, f"Words.\n\n![x]({target})\n", on_error=told.append)
    assert [chunk.kind for chunk in chunks] == ["text"]
    assert len(told) == 1
    assert "notes.md" in str(told[0])
    with pytest.raises(InputError):
        _load(folder, f"![x]({target})\n")


def test_addresses_of_the_web_are_left_in_the_text(tmp_path: Path) -> None:
    text = "![badge](https://example.org/a.png) <img src='//example.org/b.png'>\n"
    assert [chunk.kind for chunk in _load(tmp_path, text)] == ["text"]


def test_a_picture_inlined_in_the_text_is_a_figure_and_its_data_no_words(tmp_path: Path) -> None:
    data = base64.b64encode(png(noise(1))).decode()
    text, figure = _load(tmp_path, f"Look ![A disc](data:image/png;base64,{data}) here\n")
    assert text.text == "Look ![A disc](data:image/png;base64,…) here"
    assert (figure.text, figure.image and figure.image.width) == ("A disc", 48)
    told: list[Exception] = []
    broken = "Look ![A disc](data:image/png;base64,AAAA)\n"
    assert len(_load(tmp_path, broken, on_error=told.append)) == 1
    assert "notes.md" in str(told[0])


def test_pictures_written_in_html_are_figures(tmp_path: Path) -> None:
    for name in ("a", "b"):
        noise(ord(name)).save(tmp_path / f"{name}.png")
    text = (
        '# Pump\n\n<p align="center"><img\nsrc="a.png" alt="From &quot;above&quot;"></p>\n\n'
        "Words <img src=b.png title='A valve'> in the line\n\n```html\n<img src=c.png>\n```\n"
    )
    figures = [chunk for chunk in _load(tmp_path, text) if chunk.kind == "figure"]
    assert [chunk.text for chunk in figures] == ['From "above"', "A valve"]
    assert {chunk.source.section for chunk in figures} == {("Pump",)}


@pytest.mark.parametrize("alternative", ["disc 2.png", "/Users/ann/disc.png", "3"])
def test_names_of_files_are_no_words_of_a_picture(tmp_path: Path, alternative: str) -> None:
    noise(1).save(tmp_path / "disc.png")
    figure = _load(tmp_path, f"![{alternative}](disc.png)\n")[-1]
    assert (figure.kind, figure.text) == ("figure", "")


def test_a_long_table_is_cut_between_rows_with_its_header(tmp_path: Path) -> None:
    rows = [f"| pump {n} lifts much water | {n} kW |" for n in range(60)]
    table = "\n".join(["| pump | power |", "|---|---|", *rows])
    options = ChunkingOptions(size=400, overlap=50)
    chunks = _load(tmp_path, f"# Pumps\n\nBefore.\n\n{table}\n\nAfter.\n", chunking=options)
    tables = [chunk.text for chunk in chunks if chunk.kind == "table"]
    assert len(tables) > 3
    assert all(len(text) <= 400 for text in tables)
    assert all(text.startswith("| pump | power |\n|---|---|\n") for text in tables)
    assert [row for text in tables for row in text.split("\n")[2:]] == rows
    assert [chunk.text for chunk in chunks if chunk.kind == "text"] == ["Before.", "After."]


@pytest.mark.parametrize(
    "text",
    [
        "See [a].\n\n[a]: https://example.org/addresses\n",
        "Text\n\n<!-- a comment -->\n",
        "<div>\nraw\n</div>\n\n    code\n",
        "- one\n  - two\n\n> quoted\n\n***\n\nend",
        "a\r\n\r\n# b\r\n\r\nc\rd\x0be\u2028f",
    ],
)
def test_no_words_are_lost(text: str) -> None:
    found = " ".join(
        word
        for section in markdown_sections(text)
        for word in (*section.path, *(block for block in section.blocks if isinstance(block, str)))
    )
    for word in text.replace("# ", "").replace("***", "").split():
        assert word in found


@pytest.mark.parametrize(
    "text",
    ["#" * 6 + " h\n" + ">" * 50_000 + " x\n", "- " * 20_000 + "x", "[" * 50_000, "word" * 500_000],
    ids=["quotes", "lists", "brackets", "word"],
)
def test_hostile_text_is_read_in_time(text: str) -> None:
    assert sum(len(section.blocks) for section in markdown_sections(text)) >= 1
