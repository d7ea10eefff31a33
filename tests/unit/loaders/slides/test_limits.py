"""Decks that are small and would grow without bounds, and numbers that no slide has."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

import pytest

from decks import DRAWING, frame_xml, loaded, rewritten, three_slides, titles
from ragsight import RagsightError, SlideLoader
from ragsight.errors import DocumentError
from ragsight.loaders.slides.captions import caption_of
from ragsight.loaders.slides.charts import read_chart
from ragsight.loaders.slides.content import Block
from ragsight.loaders.slides.diagrams import diagram_lines
from ragsight.loaders.slides.reading_order import in_reading_order
from ragsight.loaders.slides.xml import parse_xml


@pytest.fixture
def deck(tmp_path: Path) -> Path:
    return three_slides(tmp_path / "deck.pptx")


@pytest.mark.parametrize("number", [b"0", b"-5", b"9" * 400])
def test_a_size_that_no_slide_has_is_taken_for_the_usual_one(deck: Path, number: bytes) -> None:
    def resized(data: bytes) -> bytes:
        return data.replace(b'cx="9144000" cy="6858000"', b'cx="%b" cy="6858000"' % number)

    rewritten(deck, changed={"ppt/presentation.xml": resized})

    chunks, problems = loaded(deck)

    assert problems == []
    assert {chunk.source.page_size for chunk in chunks} == {(720.0, 540.0)}


def test_places_too_far_away_for_any_number_cost_nothing_else(deck: Path) -> None:
    def far(data: bytes) -> bytes:
        return data.replace(b'<a:off x="', b'<a:off x="' + b"9" * 400)

    rewritten(deck, changed={"ppt/slides/slide2.xml": far})

    assert titles(loaded(deck)[0]) == ["One", "Two", "Three"]


def test_a_small_file_that_claims_many_cells_does_not_grow(deck: Path) -> None:
    words = b"<a:txBody><a:p><a:r><a:t>x</a:t></a:r></a:p></a:txBody>"
    long_row = b"<a:tr>" + b"<a:tc/>" * 9_999 + b"<a:tc>" + words + b"</a:tc></a:tr>"
    short_rows = (b"<a:tr><a:tc>" + words + b"</a:tc></a:tr>") * 9_999
    table = b"<a:tbl>" + long_row + short_rows + b"</a:tbl>"
    frame = frame_xml("table", "TABLE").encode().replace(b"TABLE", table)
    rewritten(
        deck,
        changed={
            "ppt/slides/slide1.xml": lambda d: d.replace(b"</p:spTree>", frame + b"</p:spTree>")
        },
    )

    chunks, problems = loaded(deck)

    cells = next(chunk for chunk in chunks if chunk.kind == "table").metadata["cells"]
    assert problems == []
    assert {len(row) for row in cells} == {10_000}
    assert len(cells) == 20


@pytest.mark.parametrize(
    ("start", "repeated", "end"),
    [
        (
            "<c:ser><c:val>",
            "<c:pt idx='9999'><c:v>7</c:v></c:pt></c:val></c:ser><c:ser><c:val>",
            "",
        ),
        (
            "<c:ser><c:cat>",
            "<c:lvl><c:pt idx='9999'><c:v>7</c:v></c:pt></c:lvl>",
            "</c:cat></c:ser>",
        ),
    ],
)
def test_a_small_chart_that_claims_many_points_does_not_grow(
    start: str, repeated: str, end: str
) -> None:
    closing = end if end else "</c:val></c:ser>"
    root = parse_xml(
        '<c:chartSpace xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"><c:chart>'
        f"<c:plotArea><c:barChart>{start}{repeated * 2_000}{closing}</c:barChart></c:plotArea>"
        "</c:chart></c:chartSpace>".encode(),
        "chart1.xml",
    )

    (rows,) = read_chart(root).tables

    assert len(rows) == 10_001
    assert len(rows[0]) <= 256
    assert rows[-1][0].count(">") < 16


def test_a_chart_nested_without_end_costs_itself_only(deck: Path) -> None:
    nested = b"<c:lvl>" * 9_999 + b"</c:lvl>" * 9_999 + b"</c:pieChart>"
    with zipfile.ZipFile(deck) as archive:
        (name,) = [part for part in archive.namelist() if part.startswith("ppt/charts/chart")]
    rewritten(deck, changed={name: lambda data: data.replace(b"</c:pieChart>", nested)})

    chunks, problems = loaded(deck)

    assert titles(chunks) == ["One", "Two", "Three"]
    assert "nested more than 256 deep" in problems[0]


def test_more_shapes_than_any_slide_has_are_read_row_by_row() -> None:
    boxes = [(0.0, 10.0 * n, 5.0, 10.0 * n + 1) for n in range(50_000)]

    assert in_reading_order(boxes[::-1], lambda box: box, (720.0, 540.0)) == boxes


def test_an_archive_damaged_where_its_kind_stands_is_one_clear_error(tmp_path: Path) -> None:
    path = tmp_path / "talk.odp"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.presentation" * 50)
    data = bytearray(path.read_bytes())
    start = data.find(b"mimetype") + len("mimetype")
    data[start : start + 8] = b"\xff" * 8
    path.write_bytes(data)

    with pytest.raises(DocumentError, match="damaged"):
        SlideLoader(path, render="off").load()


def test_problems_of_bytes_name_no_temporary_file(
    deck: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RAGSIGHT_HOME", str(tmp_path))
    monkeypatch.setenv("RAGSIGHT_SOFFICE", sys.executable)
    problems: list[RagsightError] = []
    loader = SlideLoader(deck.read_bytes(), on_error=problems.append, timeout=20)

    loader.load()

    assert [str(problem).startswith(f"{loader.uri}: ") for problem in problems] == [True]


def test_a_diagram_whose_points_follow_each_other_without_end_is_read() -> None:
    schema = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
    links = "".join(
        f'<d:pt modelId="{n}"/><d:cxn srcId="{n}" destId="{n + 1}"/>' for n in range(20_000)
    )
    words = f'<a:p xmlns:a="{DRAWING}"><a:r><a:t>last</a:t></a:r></a:p>'
    data = f'<d:d xmlns:d="{schema}">{links}<d:pt modelId="20000"><d:t>{words}</d:t></d:pt></d:d>'

    assert diagram_lines(parse_xml(data.encode(), "data1.xml")) == ["- last"]


def test_captions_are_looked_for_among_as_many_blocks_as_a_slide_may_have() -> None:
    figure = Block("table", (0.0, 0.0, 100.0, 50.0))
    below = Block("text", (0.0, 52.0, 100.0, 60.0), "Pumps by year")

    assert caption_of(figure, [figure, below], (720.0, 540.0)) == "Pumps by year"
    assert caption_of(figure, [figure, *[below] * 2_000], (720.0, 540.0)) == ""
