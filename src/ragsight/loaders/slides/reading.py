"""Read one slide."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from ragsight.errors import DocumentError, ErrorHandler, RagsightError
from ragsight.images.uris import redact_url
from ragsight.loaders.slides.comments import Comments
from ragsight.loaders.slides.content import Block, SlideContent
from ragsight.loaders.slides.deck import SlideEntry, is_hidden
from ragsight.loaders.slides.frames import Frames
from ragsight.loaders.slides.options import SlideOptions
from ragsight.loaders.slides.package import Package
from ragsight.loaders.slides.pictures import Picture, picture_in
from ragsight.loaders.slides.placeholders import (
    FURNITURE,
    TITLES,
    Layout,
    Layouts,
    background_part,
    words_behind,
)
from ragsight.loaders.slides.reading_order import in_reading_order, runs_right_to_left
from ragsight.loaders.slides.shapes import Shape, shapes_of
from ragsight.loaders.slides.words import body_lines, is_slide_number, one_line
from ragsight.loaders.slides.xml import A, P, R

_SKIPPED_IN_NOTES = FURNITURE | {"sldImg"}
_TO_OTHER_SLIDES = "hlinksldjump"


@dataclass
class SlideReader:
    """Reads the slides of a deck one by one.

    Attributes:
        package: The open file.
        name: How to name it in messages.
        options: What is read.
        size: Width and height of the slides in points.
        numbers: The number of each slide by the name of its part.
    """

    package: Package
    name: str
    options: SlideOptions
    size: tuple[float, float]
    numbers: dict[str, int]

    def __post_init__(self) -> None:
        self._layouts = Layouts(self.package)
        self._comments = Comments(self.package)

    def read(self, entry: SlideEntry, on_error: ErrorHandler) -> SlideContent:
        """Read a slide.

        Args:
            entry: Which.
            on_error: Told of what is missing or damaged on it.

        Raises:
            DocumentError: If the slide itself is missing or damaged.
        """
        name = f"{self.name}, slide {entry.number}"
        if not entry.part:
            raise DocumentError(f"{name}: the slide is missing in the file.")
        try:
            root = self.package.xml(entry.part)
        except DocumentError as error:
            raise DocumentError(f"{name}: {error}") from error
        layout = self._layouts.of(entry.part)
        slide = SlideContent(entry.number, section=entry.section, layout=layout.name)
        slide.hidden = is_hidden(root)
        own = background_part(self.package, entry.part, root)
        slide.background = own if own is not None else layout.background

        def report(error: RagsightError) -> None:
            slide.warnings.append(str(error))
            on_error(DocumentError(f"{name}: {error}"))

        _Filler(self, entry.part, layout, slide, report).fill(root)
        slide.links = list(dict.fromkeys(self._links(entry.part, root)))
        slide.layout_words = list(words_behind(root, layout))
        if self.options.notes:
            slide.notes = self._notes(entry.part, report)
            slide.comments = self._reviewed(entry.part, report)
        return slide

    def _links(self, part: str, root: Element) -> Iterator[str]:
        related = self.package.related(part)
        for link in (e for e in root.iter() if e.tag == f"{A}hlinkClick"):
            found = related.get(link.get(f"{R}id", ""))
            if found is None:
                continue
            if found.external:
                yield found.target
            elif _TO_OTHER_SLIDES in link.get("action", "") and found.target in self.numbers:
                yield f"#slide={self.numbers[found.target]}"

    def _reviewed(self, part: str, report: ErrorHandler) -> list[str]:
        try:
            return self._comments.of(part)
        except DocumentError as error:
            report(DocumentError(f"the comments can't be read: {error}"))
            return []

    def _notes(self, part: str, report: ErrorHandler) -> str:
        notes = self.package.first(part, "notesSlide")
        if notes is None:
            return ""
        try:
            root = self.package.xml(notes)
        except DocumentError as error:
            report(DocumentError(f"the notes can't be read: {error}"))
            return ""
        shapes = list(_leaves(shapes_of(root, Layout())))
        kept = [s for s in shapes if _kind(s) not in _SKIPPED_IN_NOTES]
        return "\n".join(line for shape in kept for line in _lines(shape, Layout()))


def _leaves(shapes: Iterable[Shape]) -> Iterator[Shape]:
    for shape in shapes:
        if shape.kind == "group":
            yield from _leaves(shape.children)
        else:
            yield shape


def _kind(shape: Shape) -> str:
    return "" if shape.placeholder is None else shape.placeholder.kind


def _body(shape: Shape) -> Element | None:
    return shape.element.find(f"{P}txBody")


def _is_number(kind: str, body: Element) -> bool:
    """Whether a placeholder holds the slide's bare number."""
    return kind == "sldNum" and not any(character.isalpha() for character in one_line(body))


def _lines(shape: Shape, layout: Layout) -> list[str]:
    body = _body(shape)
    if body is None:
        return []
    return body_lines(body, layout.bulleted(shape.element, shape.placeholder))


@dataclass
class _Filler:
    """Puts the shapes of one slide where they belong."""

    reader: SlideReader
    part: str
    layout: Layout
    slide: SlideContent
    report: ErrorHandler

    def fill(self, root: Element) -> None:
        """Find title, furniture and blocks."""
        shapes = shapes_of(root, self.layout)
        titles: list[str] = []
        for shape in _leaves(shapes):
            body, kind = _body(shape), _kind(shape)
            if body is not None and kind in TITLES:
                titles += filter(None, [one_line(body)])
            elif body is not None and kind in FURNITURE and not _is_number(kind, body):
                self.slide.furniture += filter(None, [one_line(body)])
        self.slide.title = " ".join(titles)
        self._frames = Frames(
            self.reader.package,
            self.part,
            chart_data=self.reader.options.chart_data,
            report=self.report,
            remark=self.slide.warnings.append,
        )
        words = " ".join(text for found in root.iter(f"{A}t") if (text := found.text))
        self._right_to_left = runs_right_to_left(words)
        self.slide.blocks = list(self._ordered(shapes))

    def _ordered(self, shapes: Sequence[Shape]) -> Iterator[Block]:
        ordered = in_reading_order(
            shapes,
            lambda shape: shape.bbox,
            self.reader.size,
            right_to_left=self._right_to_left,
        )
        for shape in ordered:
            if shape.kind == "group":
                yield from [Block("text", shape.bbox, shape.alt)] if shape.alt else []
                yield from self._ordered(shape.children)
            elif _kind(shape) not in TITLES | FURNITURE:
                body = _body(shape)
                if body is None or not is_slide_number(body):
                    yield from filter(None, [self._block(shape)])

    def _block(self, shape: Shape) -> Block | None:
        if shape.kind == "frame":
            return self._frames.block(shape)
        text = "\n".join(_lines(shape, self.layout))
        picture = picture_in(self.reader.package, self.part, shape.element)
        if picture is not None:
            self._check(picture)
        if picture is not None or shape.kind == "picture":
            return Block("picture", shape.bbox, text, shape.alt, picture=picture)
        return Block("text", shape.bbox, text, shape.alt) if text or shape.alt else None

    def _check(self, picture: Picture) -> None:
        """Say so where a picture isn't in the file."""
        if picture.link:
            self.slide.warnings.append(
                f"A picture is linked to {redact_url(picture.link)} instead of being in the file; "
                "it was not fetched."
            )
        elif not self.reader.package.has(picture.part):
            self.report(DocumentError(f"a picture is missing in the file ({picture.part})."))
