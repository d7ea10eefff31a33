"""The chunks of one page in reading order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ragsight.chunks import BBox, Chunk
from ragsight.loaders.chunking import split_paragraphs
from ragsight.loaders.pdf.assembling import ChunkMaker, passage_box, section_of
from ragsight.loaders.pdf.page.kinds import PageKind
from ragsight.loaders.pdf.parts import Analysis, Figure, Table
from ragsight.loaders.pdf.text.paragraphs import Section


class PageChunks:
    """The chunks of one page, from its sections.

    Args:
        make: Makes each chunk.
        sections: The page's sections.
        analysis: The page's parts.
        kind: What the page is, if it is kept as a picture.
    """

    def __init__(
        self,
        make: ChunkMaker,
        sections: Sequence[Section],
        analysis: Analysis,
        kind: PageKind | None,
    ) -> None:
        self._make = make
        self._sections = sections
        self._kind = kind
        self._names = {
            id(part): f"{name} {number}"
            for name, parts in (("figure", analysis.figures), ("table", analysis.tables))
            for number, part in enumerate(parts, start=1)
        }
        self._texts = 0

    def all(self) -> Iterator[Chunk]:
        """The chunks in reading order; first the page itself, where it is kept."""
        options = self._make.options
        if self._kind is not None:
            yield from self._with_page(self._kind)
            return
        if options.figures and options.page_images == "all":
            yield from filter(None, [self._make.whole_page("", self._sections[-1].path, "page")])
        yield from self._in_order(self._sections)

    def _with_page(self, kind: PageKind) -> Iterator[Chunk]:
        """The page's picture with its first passage as text, and what comes after it."""
        whole = _whole_section(self._sections)
        passages = split_paragraphs(whole.paragraphs, self._make.options.chunking)
        first = passages[0].text if passages else ""
        chunk = self._make.whole_page(first, whole.path, kind)
        if chunk is None:
            yield from self._in_order(self._sections)
            return
        yield chunk
        for passage in passages[1:]:
            yield self._text(passage.text, passage_box(passage, whole), whole.path)
        yield from self._parts(whole, whole.parts)

    def _in_order(self, sections: Sequence[Section]) -> Iterator[Chunk]:
        if all(section.is_bare for section in sections):
            titles = [section.path[-1] for section in sections if section.heading and section.path]
            if titles:
                yield self._text("\n".join(titles), None, ())
            return
        for number, section in enumerate(sections):
            if section.is_bare and section.heading is not None:
                following = sections[number + 1].path if number + 1 < len(sections) else ()
                if following[: len(section.path)] != section.path:
                    # No passage stands under it, so none would be found by its words.
                    yield self._text(section.path[-1], section.heading, section.path[:-1])
                continue
            waiting = list(section.parts)
            for passage in split_paragraphs(section.paragraphs, self._make.options.chunking):
                before = [item for item in waiting if item[0] <= passage.first]
                waiting = waiting[len(before) :]
                yield from self._parts(section, before)
                yield self._text(passage.text, passage_box(passage, section), section.path)
            yield from self._parts(section, waiting)

    def _text(self, text: str, box: BBox | None, path: tuple[str, ...]) -> Chunk:
        self._texts += 1
        return self._make.text(text, box, path, f"text {self._texts}")

    def _parts(self, own: Section, parts: Sequence[tuple[int, Figure | Table]]) -> Iterator[Chunk]:
        for _, part in parts:
            path, name = section_of(part, own, self._sections), self._names[id(part)]
            if isinstance(part, Table):
                yield self._make.table(part, path, name)
            else:
                yield from filter(None, [self._make.figure(part, path, name)])


def _whole_section(sections: Sequence[Section]) -> Section:
    """A page's sections as one, headings among the paragraphs."""
    whole = Section(sections[-1].path)
    for section in sections:
        if section.heading is not None and section.path:
            whole.paragraphs.append(section.path[-1])
            whole.lines.append([])
        whole.parts += [(len(whole.paragraphs) + number, part) for number, part in section.parts]
        whole.paragraphs += section.paragraphs
        whole.lines += section.lines
    return whole
