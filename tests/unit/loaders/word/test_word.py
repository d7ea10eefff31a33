from __future__ import annotations

import io
from pathlib import Path

import pytest

from documents import NAMES, drawing, paragraph, png, table, word_file
from drawings import noise
from ragsight import Chunk, ChunkingOptions, load
from ragsight.errors import RagsightError
from ragsight.loaders import WordLoader


def chunks_of(path: Path) -> list[Chunk]:
    return WordLoader(path).load()


def shown(chunks: list[Chunk]) -> list[tuple[tuple[str, ...], str]]:
    return [(chunk.source.section, chunk.text) for chunk in chunks]


def test_headings_are_told_by_level_by_name_and_by_the_style_they_are_based_on(
    tmp_path: Path,
) -> None:
    body = (
        paragraph("Before")
        + paragraph("Pumps", "H1")
        + paragraph("About pumps")
        + paragraph("Care", "Own")
        + paragraph("Oil it")
        + paragraph("By hand", properties='<w:outlineLvl w:val="2"/>')
        + paragraph("Slowly")
        + paragraph("Bare", "H2")
        + paragraph("Valves", "H1")
        + paragraph("About valves", "Ring")
    )
    chunks = chunks_of(word_file(tmp_path / "a.docx", body))
    assert shown(chunks) == [
        ((), "Before"),
        (("Pumps",), "About pumps"),
        (("Pumps", "Care"), "Oil it"),
        (("Pumps", "Care", "By hand"), "Slowly"),
        (("Pumps",), "Bare"),
        (("Valves",), "About valves"),
    ]
    assert [chunk.metadata["order"] for chunk in chunks] == [1, 2, 3, 4, 5, 6]
    assert chunks[0].metadata["next"] == chunks[1].id


def test_words_in_controls_insertions_links_and_boxes_are_read_and_deleted_ones_not(
    tmp_path: Path,
) -> None:
    box = (
        "<w:r><mc:AlternateContent><mc:Choice><w:drawing><wps:txbx><w:txbxContent>"
        f"{paragraph('In a box')}</w:txbxContent></wps:txbx></w:drawing></mc:Choice><mc:Fallback>"
        f"<w:pict><w:txbxContent>{paragraph('In a box')}</w:txbxContent></w:pict></mc:Fallback>"
        "</mc:AlternateContent></w:r>"
    )
    body = (
        f"<w:sdt><w:sdtContent>{paragraph('In a control')}</w:sdtContent></w:sdt>"
        + paragraph(
            "Open",
            inside="<w:ins><w:r><w:t> slowly</w:t></w:r></w:ins><w:del><w:r><w:delText> fast"
            '</w:delText></w:r></w:del><w:hyperlink r:id="x"><w:r><w:t> the valve</w:t></w:r>'
            "</w:hyperlink><w:r><w:rPr><w:vanish/></w:rPr><w:t>secret</w:t></w:r>"
            "<w:r><w:br/><w:t>at</w:t><w:noBreakHyphen/><w:t>once</w:t></w:r>",
        )
        + paragraph("Beside", inside=box)
        + paragraph("1 Pumps ..... 3", "Toc")
    )
    [chunk] = chunks_of(word_file(tmp_path / "a.docx", body))
    assert chunk.text == (
        "In a control\n\nOpen slowly the valve\nat\u2011once\n\nBeside\n\nIn a box"
    )


def test_lists_bear_the_numbers_that_word_shows(tmp_path: Path) -> None:
    numbering = (
        f'<w:numbering {NAMES}><w:abstractNum w:abstractNumId="7">'
        '<w:lvl w:ilvl="0"><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl>'
        '<w:lvl w:ilvl="1"><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="%1.%2)"/></w:lvl>'
        '</w:abstractNum><w:abstractNum w:abstractNumId="8"><w:lvl w:ilvl="0">'
        '<w:numFmt w:val="bullet"/><w:lvlText w:val="\uf0b7"/></w:lvl></w:abstractNum>'
        '<w:num w:numId="1"><w:abstractNumId w:val="7"/></w:num>'
        '<w:num w:numId="2"><w:abstractNumId w:val="8"/></w:num></w:numbering>'
    )

    def item(text: str, name: int, level: int = 0, style: str = "") -> str:
        place = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{name}"/></w:numPr>'
        return paragraph(text, style, properties=place)

    body = (
        item("Open", 1) + item("left", 1, 1) + item("right", 1, 1) + item("Close", 1)
        + item("again", 1, 1) + item("a dot", 2) + item("Third", 1, 0, "H1") + paragraph("x")
    )  # fmt: skip
    path = word_file(
        tmp_path / "a.docx",
        body,
        related={"rN": ("numbering", "numbering.xml")},
        parts={"word/numbering.xml": numbering},
    )
    first, second = chunks_of(path)
    assert first.text.split("\n\n") == [
        "1. Open",
        "1.a) left",
        "1.b) right",
        "2. Close",
        "2.a) again",
        "- a dot",
    ]
    assert second.source.section == ("3. Third",)


def test_a_table_keeps_its_columns_under_merged_cells_and_its_caption(tmp_path: Path) -> None:
    merged = (
        "<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val='2'/></w:tcPr>"
        f"{paragraph('Both')}</w:tc><w:tc>{paragraph('C')}</w:tc></w:tr>"
        "<w:tr><w:tc><w:tcPr><w:vMerge w:val='restart'/></w:tcPr>"
        f"{paragraph('Down')}</w:tc><w:tc>{paragraph('1')}{paragraph('one')}</w:tc>"
        f"<w:tc>{paragraph('2')}</w:tc></w:tr>"
        "<w:tr><w:tc><w:tcPr><w:vMerge/></w:tcPr><w:p/></w:tc>"
        f"<w:tc>{paragraph('3')}</w:tc><w:tc>{paragraph('4')}</w:tc></w:tr></w:tbl>"
    )
    body = paragraph("Table 2: Sizes") + merged + paragraph("After")
    first, second = chunks_of(word_file(tmp_path / "a.docx", body))
    assert (first.kind, first.metadata["label"]) == ("table", "Table 2")
    assert first.metadata["cells"] == [
        ["Both", "", "C"],
        ["Down", "1 one", "2"],
        ["", "3", "4"],
    ]
    assert first.text.startswith("Table 2: Sizes\n\n| Both |  | C |\n| --- |")
    assert second.text == "After"


def test_a_long_table_is_cut_between_rows_and_a_frame_is_no_table(tmp_path: Path) -> None:
    rows = [f"row {number} with words | {number}" for number in range(40)]
    body = table("Name | Value", *rows) + table("Words in a frame")
    path = word_file(tmp_path / "a.docx", body)
    *pieces, frame = WordLoader(path, chunking=ChunkingOptions(300, 0)).load()
    assert len(pieces) > 3
    assert all(piece.text.startswith("| Name | Value |\n| --- |") for piece in pieces)
    assert all(len(piece.text) <= 300 for piece in pieces)
    kept = [row for piece in pieces for row in piece.metadata["cells"][1:]]
    assert kept == [[f"row {number} with words", str(number)] for number in range(40)]
    assert (frame.kind, frame.text) == ("text", "Words in a frame")


def test_pictures_are_figures_with_captions_below_or_above(tmp_path: Path) -> None:
    media = {f"word/media/{n}.png": png(noise(n).resize((90, 80))) for n in (1, 2, 3)}
    related = {f"rP{n}": ("image", f"media/{n}.png") for n in (1, 2, 3)}
    body = (
        paragraph("See Figure 1.", inside=drawing("rP1", "A pump seen from above"))
        + paragraph("Figure 1: The pump", "Cap")
        + paragraph("Words between")
        + paragraph("Exhibit 2: The valve")
        + paragraph(inside=drawing("rP2", "C:\\Users\\ann\\valve.png"))
        + paragraph("Last words")
        + paragraph(inside=drawing("rP3"))
    )
    text, first, second, third = chunks_of(
        word_file(tmp_path / "a.docx", body, related=related, parts=media)
    )
    assert text.text == "See Figure 1.\n\nWords between\n\nLast words"
    assert first.text == "Figure 1: The pump\n\nA pump seen from above"
    assert first.metadata["label"] == "Figure 1"
    assert text.metadata["mentions"] == [first.id]
    assert second.text == "Exhibit 2: The valve"
    assert third.text == ""
    assert [c.image.width for c in (first, second, third) if c.image] == [90, 90, 90]


def test_comments_notes_and_headers_are_text_with_who_wrote_them(tmp_path: Path) -> None:
    comments = (
        f'<w:comments {NAMES}><w:comment w:id="4" w:author="Ann Lee">{paragraph("Is that so?")}'
        f"</w:comment></w:comments>"
    )
    notes = (
        f'<w:footnotes {NAMES}><w:footnote w:id="0" w:type="separator">{paragraph("-")}'
        f'</w:footnote><w:footnote w:id="2">{paragraph("Of bronze.")}</w:footnote></w:footnotes>'
    )
    header = f"<w:hdr {NAMES}>{paragraph('ACME Works')}{paragraph('17')}</w:hdr>"
    marks = '<w:r><w:footnoteReference w:id="2"/></w:r><w:r><w:commentReference w:id="4"/></w:r>'
    path = word_file(
        tmp_path / "a.docx",
        paragraph("The pump", inside=marks),
        related={
            "r1": ("comments", "comments.xml"),
            "r2": ("footnotes", "footnotes.xml"),
            "r3": ("header", "header1.xml"),
            "r4": ("header", "header2.xml"),
        },
        parts={
            "word/comments.xml": comments,
            "word/footnotes.xml": notes,
            "word/header1.xml": header,
            "word/header2.xml": header,
        },
    )
    [chunk] = chunks_of(path)
    assert chunk.text.split("\n\n") == [
        "ACME Works",
        "The pump[1]",
        "[1] Of bronze.",
        "Comment by Ann Lee: Is that so?",
    ]


def test_a_chart_gives_its_data(tmp_path: Path) -> None:
    chart = (
        f"<c:chartSpace {NAMES}><c:chart><c:plotArea><c:barChart><c:ser><c:tx><c:v>Pumps</c:v>"
        '</c:tx><c:cat><c:strRef><c:strCache><c:pt idx="0"><c:v>May</c:v></c:pt></c:strCache>'
        '</c:strRef></c:cat><c:val><c:numRef><c:numCache><c:pt idx="0"><c:v>7</c:v></c:pt>'
        "</c:numCache></c:numRef></c:val></c:ser></c:barChart></c:plotArea></c:chart>"
        "</c:chartSpace>"
    )
    inside = (
        '<w:r><w:drawing><wp:inline><a:graphic><a:graphicData><c:chart r:id="rC"/>'
        "</a:graphicData></a:graphic></wp:inline></w:drawing></w:r>"
    )
    path = word_file(
        tmp_path / "a.docx",
        paragraph(inside=inside) + paragraph("Figure 3: Sales", "Cap"),
        related={"rC": ("chart", "charts/chart1.xml")},
        parts={"word/charts/chart1.xml": chart},
    )
    [chunk] = chunks_of(path)
    assert (chunk.kind, chunk.metadata["label"]) == ("figure", "Figure 3")
    assert "| May | 7 |" in chunk.text


def test_the_strict_form_of_the_standard_is_read(tmp_path: Path) -> None:
    strict = NAMES.replace(
        "http://schemas.openxmlformats.org/wordprocessingml/2006/main",
        "http://purl.oclc.org/ooxml/wordprocessingml/main",
    )
    document = f"<w:document {strict}><w:body>{paragraph('Words')}</w:body></w:document>"
    path = word_file(tmp_path / "a.docx", "", parts={"word/document.xml": document})
    assert [chunk.text for chunk in chunks_of(path)] == ["Words"]


@pytest.mark.parametrize(
    ("related", "parts", "says"),
    [
        ({"rP": ("image", "http://192.0.2.1/x.png")}, {}, "not fetched"),
        ({"rP": ("image", "media/x.png")}, {}, "missing"),
        ({"rP": ("image", "media/x.png")}, {"word/media/x.png": b"no picture"}, "can't be read"),
        ({"rP": ("image", "media/x.emf")}, {"word/media/x.emf": b"\1\0\0\0"}, "EMF"),
        ({"rP": ("image", "/../../etc/passwd")}, {}, "missing"),
        ({}, {}, "missing"),
        (
            {"rC": ("comments", "comments.xml")},
            {"word/comments.xml": "<broken"},
            "the comments can't be read",
        ),
    ],
)
def test_a_part_that_cannot_be_had_costs_itself_and_is_named(
    tmp_path: Path, related: dict[str, tuple[str, str]], parts: dict[str, str], says: str
) -> None:
    inside = "" if "rC" in related else drawing("rP")
    path = word_file(
        tmp_path / "a.docx",
        paragraph("Words", inside=inside),
        related=related,
        parts=parts,
    )
    problems: list[RagsightError] = []
    chunks = WordLoader(path, on_error=problems.append).load()
    assert [chunk.text for chunk in chunks] == ["Words"]
    [problem] = problems
    assert says in str(problem)
    assert "a.docx" in str(problem)


def test_what_another_library_writes_is_read(tmp_path: Path) -> None:
    docx = pytest.importorskip("docx")
    document = docx.Document()
    document.core_properties.title, document.core_properties.author = "Report", "Ann"
    document.add_heading("Pump report", 0)
    document.add_heading("Care", 1)
    document.add_paragraph("Oil it weekly.")
    document.add_paragraph("first", "List Number")
    document.add_paragraph("second", "List Number")
    document.add_picture(io.BytesIO(png(noise(1).resize((90, 80)))))
    document.add_paragraph("Figure 1: The valve", "Caption")
    document.save(str(tmp_path / "a.docx"))
    text, figure = load(tmp_path)
    assert text.source.section == ("Pump report", "Care")
    assert text.text == "Oil it weekly.\n\n1. first\n\n2. second"
    assert (figure.text, figure.kind) == ("Figure 1: The valve", "figure")
    assert text.metadata["document_author"] == "Ann"
