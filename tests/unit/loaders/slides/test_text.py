from __future__ import annotations

from pathlib import Path

import pytest
from pptx.enum.shapes import MSO_SHAPE
from pptx.oxml import parse_xml

from decks import (
    BLANK,
    COMPARISON,
    DRAWING,
    TITLE_AND_CONTENT,
    add_sections,
    add_slide,
    add_text,
    box,
    hide,
    merged_table,
    new_deck,
    saved,
)
from ragsight import Chunk, SlideLoader

P = "http://schemas.openxmlformats.org/presentationml/2006/main"


def loaded(deck: object, tmp_path: Path, **settings: object) -> list[Chunk]:
    path = saved(deck, tmp_path / "deck.pptx")
    return SlideLoader(path, render="off", **settings).load()  # type: ignore[arg-type]


def slide_texts(deck: object, tmp_path: Path, **settings: object) -> list[str]:
    return [c.text for c in loaded(deck, tmp_path, **settings) if c.kind == "slide"]


def bullets(slide: object, *lines: tuple[int, str]) -> None:
    frame = slide.placeholders[1].text_frame  # type: ignore[attr-defined]
    for number, (level, text) in enumerate(lines):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.text, paragraph.level = text, level


def test_a_slide_is_one_chunk_with_title_and_bullets_by_level(tmp_path: Path) -> None:
    deck = new_deck()
    slide = add_slide(deck, "Pricing", TITLE_AND_CONTENT)
    bullets(slide, (0, "Three plans"), (1, "Basic: 9 euros"), (1, "Team: 29 euros"), (0, "No fees"))

    (chunk,) = loaded(deck, tmp_path)

    assert chunk.text == (
        "Pricing\n\n- Three plans\n  - Basic: 9 euros\n  - Team: 29 euros\n- No fees"
    )
    assert (chunk.kind, chunk.source.page, str(chunk.source)) == ("slide", 1, "deck.pptx, slide 1")
    assert chunk.metadata["title"] == "Pricing"
    assert chunk.metadata["layout"] == "Title and Content"
    assert chunk.metadata["hidden"] is False
    assert chunk.image is None


def test_a_single_paragraph_and_text_boxes_have_no_bullets(tmp_path: Path) -> None:
    deck = new_deck()
    slide = add_slide(deck, "One", TITLE_AND_CONTENT)
    bullets(slide, (0, "All of it."))
    add_text(slide, "First line\nSecond line", box(60, 480, 300, 40))

    assert slide_texts(deck, tmp_path) == ["One\n\nAll of it.\n\nFirst line\nSecond line"]


def test_numbered_lists_are_numbered_and_line_breaks_kept(tmp_path: Path) -> None:
    deck = new_deck()
    slide = add_slide(deck, "Steps", TITLE_AND_CONTENT)
    bullets(slide, (0, "Open\vslowly"), (0, "Close"))
    for paragraph in slide.placeholders[1].text_frame.paragraphs:
        number = parse_xml(f'<a:buAutoNum xmlns:a="{DRAWING}" type="arabicPeriod"/>')
        paragraph._p.get_or_add_pPr().append(number)

    assert slide_texts(deck, tmp_path) == ["Steps\n\n1. Open\n   slowly\n2. Close"]


def test_two_columns_with_headings_are_read_column_by_column(tmp_path: Path) -> None:
    deck = new_deck()
    slide = add_slide(deck, "Before and after", COMPARISON)
    left_head, left, right_head, right = list(slide.placeholders)[1:]
    # Written in another order than they are read.
    for shape, text in (
        (right, "Fast"),
        (left_head, "Before"),
        (right_head, "After"),
        (left, "Slow"),
    ):
        shape.text_frame.text = text

    assert slide_texts(deck, tmp_path) == ["Before and after\n\nBefore\n\nSlow\n\nAfter\n\nFast"]


def test_cards_in_rows_are_read_row_by_row_whatever_their_order_of_drawing(tmp_path: Path) -> None:
    deck = new_deck()
    slide = add_slide(deck, layout=BLANK)
    for x, y in ((1, 1), (0, 1), (1, 0), (0, 0)):
        add_text(slide, f"card {y}{x}", box(60 + 200 * x, 150 + 120 * y, 180, 100))
    add_text(slide, "Heading", box(60, 40, 600, 60))

    assert slide_texts(deck, tmp_path) == ["Heading\n\ncard 00\n\ncard 01\n\ncard 10\n\ncard 11"]


def test_the_title_comes_first_wherever_it_stands(tmp_path: Path) -> None:
    deck = new_deck()
    slide = add_slide(deck, "At the bottom")
    slide.shapes.title.left, slide.shapes.title.top = box(60, 450, 0, 0)[:2]
    slide.shapes.title.width, slide.shapes.title.height = box(0, 0, 600, 60)[2:]
    add_text(slide, "On top", box(60, 40, 300, 40))

    assert slide_texts(deck, tmp_path) == ["At the bottom\n\nOn top"]


def test_groups_are_read_whole_and_where_they_stand(tmp_path: Path) -> None:
    deck = new_deck()
    slide = add_slide(deck, layout=BLANK)
    add_text(slide, "below", box(60, 400, 200, 40))
    outer = slide.shapes.add_group_shape()
    inner = outer.shapes.add_group_shape()
    for number, top in ((2, 140), (1, 60)):
        shape = inner.shapes.add_shape(MSO_SHAPE.RECTANGLE, *box(60, top, 100, 50))
        shape.text_frame.text = f"inner {number}"
    add_text(slide, "above", box(60, 10, 200, 30))
    # The group is scaled to half its size and moved down.
    xfrm = outer._element.grpSpPr.xfrm
    xfrm.off.x, xfrm.off.y = box(60, 200, 0, 0)[:2]
    xfrm.ext.cx, xfrm.ext.cy = (value // 2 for value in (xfrm.chExt.cx, xfrm.chExt.cy))

    assert slide_texts(deck, tmp_path) == ["above\n\ninner 1\n\ninner 2\n\nbelow"]


def test_right_to_left_slides_are_read_from_the_right_and_letters_stay_in_order(
    tmp_path: Path,
) -> None:
    title, first, second = "מחירים", "עמודה ראשונה", "עמודה שנייה"
    deck = new_deck()
    slide = add_slide(deck, title)
    add_text(slide, second, box(60, 150, 250, 200))
    add_text(slide, first, box(400, 150, 250, 200))

    assert slide_texts(deck, tmp_path) == [f"{title}\n\n{first}\n\n{second}"]


def test_chinese_japanese_and_korean_come_out_as_they_stand(tmp_path: Path) -> None:
    deck = new_deck()
    slide = add_slide(deck, "价格方案")
    add_text(slide, "料金プランは三つあります。\n가격은 월 9유로입니다.", box(60, 150, 500, 200))

    assert slide_texts(deck, tmp_path) == [
        "价格方案\n\n料金プランは三つあります。\n가격은 월 9유로입니다."
    ]


def test_tables_are_markdown_and_chunks_of_their_own(tmp_path: Path) -> None:
    deck = new_deck()
    merged_table(add_slide(deck, "Plans"))

    slide, table = loaded(deck, tmp_path)

    assert "| Plan | Price |  |\n| --- | --- | --- |\n| Basic | 9 | a month |" in slide.text
    assert table.kind == "table"
    assert table.metadata["cells"] == [
        ["Plan", "Price", ""],
        ["Basic", "9", "a month"],
        ["", "90", "a year"],
    ]
    assert table.text.startswith("Plans\n\n| Plan |")
    assert table.metadata["page_id"] == slide.id
    assert table.source.section == ("Plans",)
    assert table.source.bbox == pytest.approx((60, 140, 560, 290), abs=1)
    assert table.source.page_size == (720, 540)


def test_notes_are_text_and_metadata_unless_they_are_not_wanted(tmp_path: Path) -> None:
    deck = new_deck()
    slide = add_slide(deck, "Pricing")
    slide.notes_slide.notes_text_frame.text = "Mention the discount.\nThen pause."

    (chunk,) = loaded(deck, tmp_path)
    assert chunk.text == "Pricing\n\nNotes:\nMention the discount.\nThen pause."
    assert chunk.metadata["speaker_notes"] == "Mention the discount.\nThen pause."
    assert slide_texts(deck, tmp_path, notes=False) == ["Pricing"]


def test_hidden_slides_are_marked_and_counted_and_can_be_left_out(tmp_path: Path) -> None:
    deck = new_deck()
    for number in (1, 2, 3):
        add_slide(deck, f"Slide {number}")
    hide(deck.slides[1])

    chunks = loaded(deck, tmp_path)
    assert [(c.source.page, c.metadata["hidden"]) for c in chunks] == [
        (1, False), (2, True), (3, False)
    ]  # fmt: skip
    shown = loaded(deck, tmp_path, include_hidden=False)
    assert [(c.source.page, c.text) for c in shown] == [(1, "Slide 1"), (3, "Slide 3")]


def test_sections_are_named(tmp_path: Path) -> None:
    deck = new_deck()
    for number in (1, 2, 3):
        add_slide(deck, f"Slide {number}")
    add_sections(deck, {"Opening": 1, "Offer": 2})

    chunks = loaded(deck, tmp_path)

    assert [c.metadata["section"] for c in chunks] == ["Opening", "Offer", "Offer"]
    assert chunks[2].source.section == ("Offer",)


def test_text_of_layouts_and_masters_is_not_repeated_but_footers_are_kept(tmp_path: Path) -> None:
    deck = new_deck()
    slide = add_slide(deck, "Pricing")
    footer = parse_xml(
        f'<p:sp xmlns:p="{P}" xmlns:a="{DRAWING}"><p:nvSpPr><p:cNvPr id="9" name="Footer"/>'
        '<p:cNvSpPr/><p:nvPr><p:ph type="ftr" idx="11"/></p:nvPr></p:nvSpPr><p:spPr/>'
        "<p:txBody><a:bodyPr/><a:p><a:r><a:t>Confidential</a:t></a:r></a:p></p:txBody></p:sp>"
    )
    slide.shapes._spTree.insert(2, footer)
    add_text(slide, "Words", box(60, 150, 300, 40))

    assert slide_texts(deck, tmp_path) == ["Pricing\n\nWords\n\nConfidential"]


def test_alternative_texts_are_said_but_not_those_of_decorations_and_file_names(
    tmp_path: Path,
) -> None:
    deck = new_deck()
    slide = add_slide(deck, layout=BLANK)
    alts = ("An arrow from the tank to the pump", "arrow.png", "A wavy line")
    for number, alt in enumerate(alts):
        shape = slide.shapes.add_shape(MSO_SHAPE.RIGHT_ARROW, *box(60, 60 + 90 * number, 90, 40))
        shape._element.nvSpPr.cNvPr.set("descr", alt)
    shape._element.nvSpPr.cNvPr.append(
        parse_xml(
            f'<a:extLst xmlns:a="{DRAWING}"><a:ext uri="{{C183D7F6-B498-43B3-948B-1728B52AA6E4}}">'
            '<adec:decorative xmlns:adec="http://schemas.microsoft.com/office/drawing/2017/'
            'decorative" val="1"/></a:ext></a:extLst>'
        )
    )

    assert slide_texts(deck, tmp_path) == ["An arrow from the tank to the pump"]


def test_links_lead_outside_and_to_other_slides(tmp_path: Path) -> None:
    deck = new_deck()
    first, second = add_slide(deck, "One"), add_slide(deck, "Two")
    shape = add_text(first, "our site", box(60, 150, 200, 40))
    shape.text_frame.paragraphs[0].runs[0].hyperlink.address = "https://example.com/plans"
    add_text(first, "go on", box(60, 250, 200, 40)).click_action.target_slide = second

    chunk, _ = loaded(deck, tmp_path)

    assert chunk.metadata["hyperlinks"] == ["https://example.com/plans", "#slide=2"]


def test_formulas_and_newer_shapes_inside_alternatives_are_read(tmp_path: Path) -> None:
    deck = new_deck()
    slide = add_slide(deck, layout=BLANK)
    inner = (
        '<p:sp><p:nvSpPr><p:cNvPr id="{0}" name="x"/><p:cNvSpPr/><p:nvPr/></p:nvSpPr><p:spPr/>'
        "<p:txBody><a:bodyPr/><a:p>{1}</a:p></p:txBody></p:sp>"
    )
    formula = (
        '<a14:m><m:oMath xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math">'
        "<m:r><m:t>E=mc²</m:t></m:r></m:oMath></a14:m>"
    )
    slide.shapes._spTree.append(
        parse_xml(
            '<mc:AlternateContent xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility'
            f'/2006" xmlns:p="{P}" xmlns:a="{DRAWING}" '
            'xmlns:a14="http://schemas.microsoft.com/office/drawing/2010/main">'
            f'<mc:Choice Requires="a14">{inner.format(7, formula)}</mc:Choice><mc:Fallback>'
            f"{inner.format(7, '<a:r><a:t>cannot be shown</a:t></a:r>')}</mc:Fallback>"
            "</mc:AlternateContent>"
        )
    )

    assert slide_texts(deck, tmp_path) == ["E=mc²"]


def test_hidden_shapes_are_not_read(tmp_path: Path) -> None:
    deck = new_deck()
    slide = add_slide(deck, "Seen")
    shape = add_text(slide, "unseen", box(60, 150, 200, 40))
    shape._element.nvSpPr.cNvPr.set("hidden", "1")

    assert slide_texts(deck, tmp_path) == ["Seen"]


def test_decks_in_the_strict_form_are_read_alike(tmp_path: Path) -> None:
    from decks import rewritten

    deck = new_deck()
    add_slide(deck, "Strict")
    path = saved(deck, tmp_path / "deck.pptx")

    def strict(data: bytes) -> bytes:
        for name in (b"presentationml", b"drawingml"):
            data = data.replace(
                b"http://schemas.openxmlformats.org/" + name + b"/2006/",
                b"http://purl.oclc.org/ooxml/" + name + b"/",
            )
        return data.replace(
            b"http://schemas.openxmlformats.org/officeDocument/2006/",
            b"http://purl.oclc.org/ooxml/officeDocument/",
        )

    names = ("ppt/presentation.xml", "ppt/slides/slide1.xml", "_rels/.rels")
    rewritten(path, changed=dict.fromkeys((*names, "ppt/_rels/presentation.xml.rels"), strict))

    (chunk,) = SlideLoader(path, render="off").load()
    assert chunk.text == "Strict"
