"""Word documents from their XML, part by part, as no library writes them."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from PIL import Image

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
A = "http://schemas.openxmlformats.org/drawingml/2006/main"
WP = "http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing"
MC = "http://schemas.openxmlformats.org/markup-compatibility/2006"
NAMES = (
    f'xmlns:w="{W}" xmlns:r="{R}" xmlns:a="{A}" xmlns:wp="{WP}" xmlns:mc="{MC}"'
    ' xmlns:v="urn:schemas-microsoft-com:vml"'
    ' xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'
    ' xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape"'
)
TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships'
    '+xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-'
    'officedocument.wordprocessingml.document.main+xml"/></Types>'
)
STYLES = """<w:style w:type="paragraph" w:styleId="H1"><w:name w:val="heading 1"/>
<w:pPr><w:outlineLvl w:val="0"/></w:pPr></w:style>
<w:style w:type="paragraph" w:styleId="H2"><w:name w:val="heading 2"/></w:style>
<w:style w:type="paragraph" w:styleId="Own">
<w:name w:val="Kapitel"/><w:basedOn w:val="H2"/></w:style>
<w:style w:type="paragraph" w:styleId="Ring">
<w:name w:val="Ring"/><w:basedOn w:val="Ring"/></w:style>
<w:style w:type="paragraph" w:styleId="Cap"><w:name w:val="caption"/></w:style>
<w:style w:type="paragraph" w:styleId="Toc"><w:name w:val="toc 1"/></w:style>"""


def paragraph(text: str = "", style: str = "", inside: str = "", properties: str = "") -> str:
    """A paragraph with words, a style, and other XML."""
    named = f'<w:pStyle w:val="{style}"/>' if style else ""
    run = f'<w:r><w:t xml:space="preserve">{text}</w:t></w:r>' if text else ""
    return f"<w:p><w:pPr>{named}{properties}</w:pPr>{run}{inside}</w:p>"


def table(*rows: str) -> str:
    """A table from rows of cells, which are parted by `|`."""
    cells = (
        "".join(f"<w:tc>{paragraph(cell.strip())}</w:tc>" for cell in row.split("|"))
        for row in rows
    )
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


def drawing(name: str, alternative: str = "") -> str:
    """A picture in the line."""
    return (
        f'<w:r><w:drawing><wp:inline><wp:docPr id="1" name="Picture 1" descr="{alternative}"/>'
        f'<a:graphic><a:graphicData><a:blip r:embed="{name}"/></a:graphicData></a:graphic>'
        "</wp:inline></w:drawing></w:r>"
    )


def png(image: Image.Image) -> bytes:
    """An image as PNG."""
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def word_file(
    path: Path,
    body: str,
    *,
    related: dict[str, tuple[str, str]] | None = None,
    parts: dict[str, str | bytes] | None = None,
    types: str = TYPES,
) -> Path:
    """Write a document.

    Args:
        path: Where to.
        body: XML of its paragraphs and tables.
        related: Kind and target of what it refers to, by id; `External` is taken from `://`.
        parts: Further parts; text without a root element gets one by the part's name.
        types: The list of types of content.
    """
    known = {"rStyles": ("styles", "styles.xml"), **(related or {})}
    links = "".join(
        f'<Relationship Id="{name}" Type="{R}/{kind}" Target="{target}"'
        + (' TargetMode="External"/>' if "://" in target else "/>")
        for name, (kind, target) in known.items()
    )
    namespace = "http://schemas.openxmlformats.org/package/2006/relationships"
    written: dict[str, str | bytes] = {
        "[Content_Types].xml": types,
        "_rels/.rels": f'<Relationships xmlns="{namespace}"><Relationship Id="r1" '
        f'Type="{R}/officeDocument" Target="word/document.xml"/></Relationships>',
        "word/_rels/document.xml.rels": f'<Relationships xmlns="{namespace}">{links}'
        "</Relationships>",
        "word/styles.xml": f"<w:styles {NAMES}>{STYLES}</w:styles>",
        "word/document.xml": f"<w:document {NAMES}><w:body>{body}</w:body></w:document>",
        **(parts or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in written.items():
            archive.writestr(name, content)
    return path
