from __future__ import annotations

from pathlib import Path

from decks import OFFICE, add_frame, add_part, add_slide, new_deck, saved
from ragsight import Chunk, SlideLoader

DGM = "http://schemas.openxmlformats.org/drawingml/2006/diagram"
DRAWING = "http://schemas.openxmlformats.org/drawingml/2006/main"


def point(number: str, text: str = "", kind: str = "") -> str:
    mark = f' type="{kind}"' if kind else ""
    words = f"<dgm:t><a:bodyPr/><a:p><a:r><a:t>{text}</a:t></a:r></a:p></dgm:t>" if text else ""
    return f'<dgm:pt modelId="{number}"{mark}>{words}</dgm:pt>'


def link(source: str, target: str, order: int) -> str:
    ends = f'srcId="{source}" destId="{target}"'
    return f'<dgm:cxn modelId="c{source}{target}" {ends} srcOrd="{order}"/>'


def loaded(points: str, links: str, tmp_path: Path) -> list[Chunk]:
    deck = new_deck()
    slide = add_slide(deck, "Who does what")
    xml = (
        f'<dgm:dataModel xmlns:dgm="{DGM}" xmlns:a="{DRAWING}"><dgm:ptLst>{points}</dgm:ptLst>'
        f"<dgm:cxnLst>{links}</dgm:cxnLst></dgm:dataModel>"
    )
    reference = add_part(
        slide,
        "/ppt/diagrams/data1.xml",
        f"{OFFICE}/diagramData",
        "application/vnd.openxmlformats-officedocument.drawingml.diagramData+xml",
        xml,
    )
    add_frame(slide, DGM, f'<dgm:relIds xmlns:dgm="{DGM}" xmlns:r="{OFFICE}" r:dm="{reference}"/>')
    return SlideLoader(saved(deck, tmp_path / "deck.pptx"), render="off").load()


def test_words_of_a_diagram_are_nested_as_its_points_are(tmp_path: Path) -> None:
    points = (
        point("0", kind="doc") + point("2", "Sales") + point("1", "Director")
        + point("3", "North") + point("9", "drawn twice", kind="pres")
    )  # fmt: skip
    links = link("0", "1", 0) + link("1", "2", 0) + link("2", "3", 0)

    slide, figure = loaded(points, links, tmp_path)

    assert slide.text == "Who does what\n\n- Director\n  - Sales\n    - North"
    assert figure.kind == "figure"
    assert figure.metadata["method"] == "diagram"
    assert figure.text.startswith("Who does what\n\n- Director")


def test_points_in_a_circle_are_said_once(tmp_path: Path) -> None:
    points = point("1", "Plan") + point("2", "Do") + point("3", "Alone")
    links = link("1", "2", 0) + link("2", "1", 0)

    slide, _ = loaded(points, links, tmp_path)

    assert sorted(line.strip() for line in slide.text.splitlines()[2:]) == [
        "- Alone", "- Do", "- Plan"
    ]  # fmt: skip
