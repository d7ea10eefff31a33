"""What stands on or beside a slide in other parts of the file."""

from __future__ import annotations

import io
import subprocess
import zipfile
from pathlib import Path
from typing import Any

import pytest
from pptx.enum.chart import XL_CHART_TYPE
from pptx.oxml import parse_xml

from decks import (
    DRAWING,
    OFFICE,
    PRESENTATION,
    add_chart,
    add_frame,
    add_part,
    add_picture,
    add_slide,
    add_text,
    box,
    category_data,
    loaded,
    new_deck,
    rewritten,
    saved,
)
from ragsight import SlideLoader
from ragsight.errors import DocumentError
from ragsight.loaders.slides.painting.soffice import find_soffice
from ragsight.loaders.slides.workbooks import Workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
P188 = "http://schemas.microsoft.com/office/powerpoint/2018/8/main"
RELATIONSHIPS = "http://schemas.openxmlformats.org/package/2006/relationships"


def add_comments(deck: Any, slide: Any) -> None:
    """A comment of the older kind, and one of the newer kind with an answer."""
    add_part(
        slide,
        "/ppt/comments/comment1.xml",
        f"{OFFICE}/comments",
        "application/xml",
        f'<p:cmLst xmlns:p="{PRESENTATION}"><p:cm authorId="0"><p:text>Check the number</p:text>'
        "</p:cm></p:cmLst>",
    )
    text = f'<p188:txBody><a:p xmlns:a="{DRAWING}"><a:r><a:t>{{}}</a:t></a:r></a:p></p188:txBody>'
    add_part(
        slide,
        "/ppt/comments/modern1.xml",
        "http://schemas.microsoft.com/office/2018/10/relationships/comments",
        "application/xml",
        f'<p188:cmLst xmlns:p188="{P188}"><p188:cm authorId="{{A}}"><p188:replyLst>'
        f'<p188:reply authorId="{{B}}">{text.format("Twelve")}</p188:reply></p188:replyLst>'
        f"{text.format('How many?')}</p188:cm></p188:cmLst>",
    )
    for name, kind, xml in (
        ("commentAuthors", f"{OFFICE}/commentAuthors", '<p:cmAuthor id="0" name="Ann Lee"/>'),
        (
            "authors",
            "http://schemas.microsoft.com/office/2018/10/relationships/authors",
            '<p:author id="{A}" name="Bob"/>',
        ),
    ):
        lists = f'<p:list xmlns:p="{PRESENTATION}">{xml}</p:list>'
        add_part(deck, f"/ppt/{name}.xml", kind, "application/xml", lists)


def test_comments_are_text_with_who_wrote_them(tmp_path: Path) -> None:
    made = new_deck()
    slide = add_slide(made, "Budget")
    add_comments(made, slide)
    [chunk], problems = loaded(saved(made, tmp_path / "a.pptx"))
    assert chunk.text.split("\n\n") == [
        "Budget",
        "Comment by Ann Lee: Check the number",
        "Comment by Bob: How many?",
        "Comment: Twelve",
    ]
    assert not problems
    broken = rewritten(
        tmp_path / "a.pptx", changed={"ppt/comments/comment1.xml": lambda _: b"<broken"}
    )
    [chunk], problems = loaded(broken)
    assert chunk.text == "Budget"
    assert "comments can't be read" in problems[0]


def test_words_of_layout_and_master_are_the_slide_s_unless_it_hides_them(tmp_path: Path) -> None:
    made = new_deck()
    slide, hiding = add_slide(made, "One"), add_slide(made, "Two")
    add_text_to(slide.slide_layout, "Division Zephyr")
    add_text_to(made.slide_master, "Confidential")
    hiding._element.set("showMasterSp", "0")
    first, second = loaded(saved(made, tmp_path / "a.pptx"))[0]
    assert first.text == "One\n\nDivision Zephyr\n\nConfidential"
    assert second.text == "Two"


def add_text_to(layout: Any, text: str) -> None:
    layout.shapes._spTree.append(
        parse_xml(
            f'<p:sp xmlns:p="{PRESENTATION}" xmlns:a="{DRAWING}"><p:nvSpPr><p:cNvPr id="77" '
            'name="T"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/><p:txBody><a:bodyPr/><a:p><a:r>'
            f"<a:t>{text}</a:t></a:r></a:p></p:txBody></p:sp>"
        )
    )


def workbook(rows: str, *, sheets: str = "") -> bytes:
    """A workbook with one sheet, whose first style shows dates."""
    listed = sheets or '<sheet name="Stock" r:id="r1"/>'
    relations = "".join(
        f'<Relationship Id="{name}" Type="{OFFICE}/{kind}" Target="{target}"/>'
        for name, kind, target in (
            ("r1", "worksheet", "sheet1.xml"),
            ("r2", "sharedStrings", "strings.xml"),
            ("r3", "styles", "styles.xml"),
        )
    )
    parts = {
        "_rels/.rels": f'<Relationships xmlns="{RELATIONSHIPS}"><Relationship Id="r" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets>'
        "</workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{RELATIONSHIPS}">{relations}'
        "</Relationships>",
        "xl/strings.xml": f'<sst xmlns="{MAIN}"><si><t>Grommet</t></si><si><r><t>Bol</t></r><r>'
        "<t>t</t></r></si></sst>",
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs><xf numFmtId="14"/>'
        '<xf numFmtId="0"/></cellXfs></styleSheet>',
        "xl/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return buffer.getvalue()


ROWS = (
    '<row r="2"><c r="B2" t="s"><v>0</v></c><c r="D2" s="1"><v>4.2999999999999998</v></c></row>'
    '<row r="5"><c r="B5" t="s"><v>1</v></c><c r="D5" s="0"><v>45292</v></c></row>'
    '<row r="9999999"><c r="A9999999"><v>1</v></c></row><row><c r="XFD7"><v>9</v></c></row>'
)


def embed(slide: Any, data: bytes, name: str, kind: str) -> None:
    from pptx.opc.package import Part
    from pptx.opc.packuri import PackURI

    part = Part(PackURI(f"/ppt/embeddings/{name}"), "application/x", slide.part.package, data)
    reference = slide.part.relate_to(part, f"{OFFICE}/package")
    add_frame(
        slide,
        "http://schemas.openxmlformats.org/presentationml/2006/ole",
        f'<p:oleObj xmlns:p="{PRESENTATION}" xmlns:r="{OFFICE}" r:id="{reference}" '
        f'progId="{kind}"/>',
    )


def test_cells_of_an_embedded_workbook_are_a_table(tmp_path: Path) -> None:
    made = new_deck()
    embed(add_slide(made, "Stock"), workbook(ROWS), "b.xlsx", "Excel.Sheet.12")
    slide, table = loaded(saved(made, tmp_path / "a.pptx"))[0]
    assert table.kind == "table"
    assert table.metadata["cells"] == [["Grommet", "4.3"], ["Bolt", "2024-01-01"]]
    assert "| Grommet | 4.3 |" in slide.text


def test_other_embedded_objects_and_broken_workbooks_are_named(tmp_path: Path) -> None:
    made = new_deck()
    embed(add_slide(made, "One"), b"x", "b.docx", "Word.Document.12")
    embed(add_slide(made, "Two"), b"PK broken", "c.xlsx", "Excel.Sheet.12")
    bomb = io.BytesIO(workbook(ROWS))
    with zipfile.ZipFile(bomb, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/bomb.xml", bytes(40_000_000))
    embed(add_slide(made, "Three"), bomb.getvalue(), "d.xlsx", "Excel.Sheet.12")
    chunks, problems = loaded(saved(made, tmp_path / "a.pptx"))
    assert [chunk.text for chunk in chunks] == ["One", "Two", "Three"]
    assert "Word.Document.12" in chunks[0].metadata["warnings"][0]
    assert len(problems) == 2
    assert all("workbook" in problem for problem in problems)


def test_references_into_a_workbook() -> None:
    book = Workbook(workbook(ROWS))
    assert book.values("Stock!$B$2:$B$5") == ["Grommet", "", "", "Bolt"]
    assert book.values("'Stock'!D2") == ["4.3"]
    assert book.values("(Stock!$B$2,Stock!$B$5)") == ["Grommet", "Bolt"]
    for formula in ("Other!A1", "Stock!A1", "SUM(A1)", ""):
        assert book.values(formula) == []
    assert len(book.values("Stock!A1:ZZZ9999999")) == 10_000
    hidden = workbook(ROWS, sheets='<sheet name="Stock" state="hidden" r:id="r1"/>')
    assert list(Workbook(hidden).tables()) == []
    with pytest.raises(DocumentError):
        Workbook(b"")


def test_a_chart_without_kept_values_takes_them_from_its_workbook(tmp_path: Path) -> None:
    made = new_deck()
    add_chart(add_slide(made, "Sales"), XL_CHART_TYPE.COLUMN_CLUSTERED, category_data())
    path = saved(made, tmp_path / "a.pptx")
    whole = loaded(path)[0][1].text

    def without_cache(xml: bytes) -> bytes:
        from lxml import etree

        root = etree.fromstring(xml)
        for kept in root.xpath("//*[local-name()='strCache' or local-name()='numCache']"):
            kept.getparent().remove(kept)
        return bytes(etree.tostring(root))

    with zipfile.ZipFile(path) as archive:
        [name] = [n for n in archive.namelist() if n.startswith("ppt/charts/chart")]
    rewritten(path, changed={name: without_cache})
    chunks, problems = loaded(path)
    assert chunks[1].text == whole
    assert "| Bolts | 4.3 | 2.4 |" in whole
    assert not problems


@pytest.mark.parametrize(
    "alternative",
    [r"C:\Users\ann\Desktop\p.png", "p 2.png", "17", "/Users/ann/p", "http://192.0.2.1/p.gif"],
)
def test_paths_names_and_numbers_are_no_alternative_text(tmp_path: Path, alternative: str) -> None:
    made = new_deck()
    add_picture(add_slide(made, "The pump"), 1, box(60, 150, 300, 300), alternative)
    slide, figure = loaded(saved(made, tmp_path / "a.pptx"))[0]
    assert slide.text == "The pump"
    assert figure.text == "The pump"
    assert "ann" not in repr((slide.to_dict(), figure.to_dict())).replace(str(tmp_path), "")


def test_a_bare_slide_number_goes_and_words_with_one_stay(tmp_path: Path) -> None:
    made = new_deck()
    slide = add_slide(made, "Pumps")
    for top, words in ((400, ""), (450, "Page "), (500, " / ")):
        frame = add_text(slide, words, box(60, top, 200, 30)).text_frame
        field = parse_xml(
            f'<a:fld xmlns:a="{DRAWING}" id="{{B}}" type="slidenum"><a:t>7</a:t></a:fld>'
        )
        frame.paragraphs[0]._p.append(field)
    [chunk], _ = loaded(saved(made, tmp_path / "a.pptx"))
    assert chunk.text == "Pumps\n\nPage 7"


@pytest.mark.parametrize(
    ("kind", "start", "lines"),
    [
        ("arabicPeriod", 5, ["5. one", "6. two"]),
        ("alphaLcParenR", 2, ["b) one", "c) two"]),
        ("romanUcPeriod", 4, ["IV. one", "V. two"]),
        ("arabicParenBoth", 1, ["(1) one", "(2) two"]),
        ("arabicPlain", None, ["1 one", "2 two"]),
    ],
)
def test_numbered_items_bear_the_number_that_is_shown(
    tmp_path: Path, kind: str, start: int | None, lines: list[str]
) -> None:
    made = new_deck()
    frame = add_text(add_slide(made, "Steps"), "one\ntwo", box(60, 150, 300, 100)).text_frame
    for paragraph in frame.paragraphs:
        begins = "" if start is None else f'startAt="{start}"'
        paragraph._p.get_or_add_pPr().append(
            parse_xml(f'<a:buAutoNum xmlns:a="{DRAWING}" type="{kind}" {begins}/>')
        )
    [chunk], _ = loaded(saved(made, tmp_path / "a.pptx"))
    assert chunk.text.split("\n\n")[1].split("\n") == lines


@pytest.mark.slow
@pytest.mark.skipif(find_soffice() is None, reason="LibreOffice isn't installed")
def test_the_same_is_found_in_an_opendocument_deck(tmp_path: Path) -> None:
    made = new_deck()
    slide = add_slide(made, "Budget")
    add_comments(made, slide)
    add_picture(slide, 1, box(60, 150, 300, 300), "C:\\Users\\ann\\p.png")
    frame = add_text(slide, "one\ntwo", box(400, 150, 300, 100)).text_frame
    for paragraph in frame.paragraphs:
        paragraph._p.get_or_add_pPr().append(
            parse_xml(f'<a:buAutoNum xmlns:a="{DRAWING}" type="arabicPeriod" startAt="5"/>')
        )
    office = find_soffice()
    assert office is not None
    profile = f"-env:UserInstallation={(tmp_path / 'profile').as_uri()}"
    command = [str(office.program), profile, "--headless", "--convert-to", "odp", "--outdir"]
    path = saved(made, tmp_path / "a.pptx")
    subprocess.run([*command, str(tmp_path), str(path)], check=True, capture_output=True)
    chunks = SlideLoader(tmp_path / "a.odp", render="auto").load()
    words = chunks[0].text
    assert "Check the number" in words
    assert "5. one\n6. two" in words
    assert "ann\\" not in words
    assert chunks[1].text == "Budget"
