"""What a slide's placeholders take from its layout and its master: their place, their bullets."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from xml.etree.ElementTree import Element

from ragsight.errors import DocumentError
from ragsight.loaders.slides.package import Package
from ragsight.loaders.slides.pictures import embedded_part
from ragsight.loaders.slides.words import Bulleted, bullet_of, is_slide_number, one_line
from ragsight.loaders.slides.xml import A, P, is_on

TITLES = frozenset({"title", "ctrTitle"})
FURNITURE = frozenset({"dt", "ftr", "sldNum", "hdr"})
"""Date, footer, number of the slide, header: the same all through the deck."""

_ON_MASTER = {"ctrTitle": "title", "subTitle": "body"} | dict.fromkeys(
    ("obj", "chart", "tbl", "dgm", "media", "clipArt", "pic"), "body"
)
"""Types of placeholders of layouts, and the one on the master that each follows."""


@dataclass(frozen=True, slots=True)
class Placeholder:
    """Which placeholder a shape fills.

    Attributes:
        kind: Its type, `obj` if it doesn't say.
        index: Its number on the layout.
    """

    kind: str
    index: str


def placeholder_of(shape: Element) -> Placeholder | None:
    """The placeholder that a shape fills, if it fills one."""
    for properties in shape.iterfind(f"*/{P}nvPr/{P}ph"):
        return Placeholder(properties.get("type", "obj"), properties.get("idx", "0"))
    return None


@dataclass(frozen=True)
class Layout:
    """A slide's layout and master.

    Attributes:
        name: The layout's name, such as `Title and Content`.
        background: The part with the picture behind layout or master; None if there is none.
        shapes: The layout's placeholders by number, and by type.
        master: The master's placeholders by type.
        body_style: The master's style of text.
        words: What layout and master write on each slide by themselves.
    """

    name: str = ""
    background: str | None = None
    shapes: dict[str, Element] = field(default_factory=dict)
    master: dict[str, Element] = field(default_factory=dict)
    body_style: Element | None = None
    words: tuple[str, ...] = ()

    def place(self, placeholder: Placeholder) -> Element | None:
        """Where a shape stands that doesn't say so itself."""
        for shape in self._followed(placeholder):
            if (xfrm := shape.find(f"{P}spPr/{A}xfrm")) is not None:
                return xfrm
        return None

    def bulleted(self, shape: Element, placeholder: Placeholder | None) -> Bulleted:
        """Says which levels of a shape's paragraphs have bullets."""
        if placeholder is None or placeholder.kind in TITLES | FURNITURE:
            return lambda _: False
        styles = [s.find(f"{P}txBody/{A}lstStyle") for s in (shape, *self._followed(placeholder))]
        styles += [self.body_style] if placeholder.kind != "subTitle" else []
        known = [style for style in styles if style is not None]

        def has_bullet(level: int) -> bool:
            kinds = (bullet_of(style.find(f"{A}lvl{level + 1}pPr")) for style in known)
            return bool(next((kind for kind in kinds if kind is not None), ""))

        return has_bullet

    def _followed(self, placeholder: Placeholder) -> Iterator[Element]:
        own = self.shapes.get(f"#{placeholder.index}", self.shapes.get(placeholder.kind))
        if own is not None:
            yield own
        kind = _ON_MASTER.get(placeholder.kind, placeholder.kind)
        if kind in self.master:
            yield self.master[kind]


class Layouts:
    """The layouts of a deck, each read once; they tell places and bullets only.

    Args:
        package: The open file.
    """

    def __init__(self, package: Package) -> None:
        self._package = package
        self._layouts: dict[str, Layout] = {}
        self._masters: dict[str, Layout] = {}

    def of(self, slide: str) -> Layout:
        """A slide's layout; an empty one where it can't be read."""
        part = self._package.first(slide, "slideLayout")
        if part is None:
            return Layout()
        if part not in self._layouts:
            self._layouts[part] = self._layout(part)
        return self._layouts[part]

    def _layout(self, part: str) -> Layout:
        master = self._master(self._package.first(part, "slideMaster"))
        try:
            root = self._package.xml(part)
        except DocumentError:
            return master
        background = background_part(self._package, part, root)
        return replace(
            master,
            name=_name(root),
            background=background if background is not None else master.background,
            shapes=_by_index_and_kind(root),
            words=_own_words(root) + (master.words if _shows_master(root) else ()),
        )

    def _master(self, part: str | None) -> Layout:
        """What holds for all layouts of a master."""
        if part is None:
            return Layout()
        if part not in self._masters:
            try:
                root = self._package.xml(part)
            except DocumentError:
                return Layout()
            self._masters[part] = Layout(
                background=background_part(self._package, part, root),
                master=_by_index_and_kind(root),
                body_style=root.find(f"{P}txStyles/{P}bodyStyle"),
                words=_own_words(root),
            )
        return self._masters[part]


def _own_words(root: Element) -> tuple[str, ...]:
    """Words on a layout or master that don't stand in for words of a slide."""
    shapes = (shape for shape in root.iter(f"{P}sp") if placeholder_of(shape) is None)
    bodies = (body for shape in shapes if (body := shape.find(f"{P}txBody")) is not None)
    lines = (one_line(body) for body in bodies if not is_slide_number(body))
    return tuple(dict.fromkeys(line for line in lines if line))


def _shows_master(root: Element) -> bool:
    """Whether a slide or layout shows what stands on the one that it follows."""
    return is_on(root.get("showMasterSp"), default=True)


def words_behind(slide: Element, layout: Layout) -> tuple[str, ...]:
    """The words that a slide's layout and master put on it."""
    return layout.words if _shows_master(slide) else ()


def _name(root: Element) -> str:
    found = root.find(f"{P}cSld")
    return "" if found is None else " ".join(found.get("name", "").split())


def _by_index_and_kind(root: Element) -> dict[str, Element]:
    """Placeholders by their number and by their type; of one type, the first."""
    found: dict[str, Element] = {}
    for shape in root.iter(f"{P}sp"):
        if (placeholder := placeholder_of(shape)) is not None:
            found.setdefault(placeholder.kind, shape)
            found.setdefault(f"#{placeholder.index}", shape)
    return found


def background_part(package: Package, part: str, root: Element) -> str | None:
    """The part with the picture behind a slide, layout or master; None if there is none."""
    background = root.find(f"{P}cSld/{P}bg")
    return None if background is None else embedded_part(package, part, background)
