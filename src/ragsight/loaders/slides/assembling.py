"""Chunks from the content of one slide."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from ragsight.chunks import BBox, Chunk, ChunkKind, ImageRef, Source
from ragsight.errors import DocumentError, ErrorHandler, ImageError, RagsightError
from ragsight.loaders.pdf.page.geometry import rounded
from ragsight.loaders.slides.captions import caption_of
from ragsight.loaders.slides.content import Block, SlideContent
from ragsight.loaders.slides.geometry import clipped, share
from ragsight.loaders.slides.options import SlideOptions
from ragsight.loaders.slides.package import Package
from ragsight.loaders.slides.painting import SlideRenders
from ragsight.loaders.slides.pictures import (
    FULL_SLIDE,
    Picture,
    Repeats,
    has_detail,
    is_drawn,
    is_worth_finding,
    load_picture,
)


@dataclass(frozen=True)
class SlideChunks:
    """Makes the chunks of a deck's slides.

    Attributes:
        package: The open file.
        uri: `Source.uri` of the chunks.
        size: Width and height of the slides in points.
        options: How chunks are made.
        repeats: Knows logos and pictures that were there before.
        renders: Their pictures; None if there are none.
        on_error: Told of what costs a picture.
        facts: Metadata of all slides.
    """

    package: Package
    uri: str
    size: tuple[float, float]
    options: SlideOptions
    repeats: Repeats
    renders: SlideRenders | None
    on_error: ErrorHandler
    facts: dict[str, Any]

    def of(self, slide: SlideContent) -> Iterator[Chunk]:
        """The slide itself, then its charts, tables, diagrams and pictures in reading order.

        A slide without a word that can't be painted either gives nothing.
        """
        render = self._painted(slide)
        image = render if render is not None else self._stand_in(slide)
        shown = None if image is None else image.sha256
        parts = [
            part
            for part in (self._parts(slide) if self.options.figures else ())
            if part.image is None or part.image.sha256 != shown
        ]
        text = slide.to_text()
        if not text and image is None:
            return
        facts = self._facts(slide) | {"method": self._method(render, image)}
        whole = self._chunk(slide, "slide", text, image, facts)
        yield whole
        for part in parts:
            yield replace(part, metadata={**part.metadata, "page_id": whole.id})

    def _method(self, render: ImageRef | None, image: ImageRef | None) -> str:
        if render is not None and self.renders is not None:
            return self.renders.renderer
        return "text" if image is None else "picture"

    def _facts(self, slide: SlideContent) -> dict[str, Any]:
        facts = {
            "title": slide.title,
            "section": slide.section,
            "layout": slide.layout,
            "speaker_notes": slide.notes,
            "hyperlinks": slide.links,
            "warnings": slide.warnings,
        }
        known = {key: value for key, value in facts.items() if value}
        return {**self.facts, **known, "hidden": slide.hidden}

    def _painted(self, slide: SlideContent, region: BBox | None = None) -> ImageRef | None:
        if self.renders is None or slide.number not in self.renders.numbers:
            return None
        try:
            image = self.renders.render(slide.number, region)
            # What was painted may be a temporary copy.
            return replace(image, uri=f"{self.uri}#{image.uri.rpartition('#')[2]}")
        except RagsightError as error:
            self._report(slide, error)
            return None

    def _report(self, slide: SlideContent, error: RagsightError) -> None:
        # The handler may name the file otherwise, so it comes first.
        self.on_error(error)
        slide.warnings.append(str(error))

    def _stand_in(self, slide: SlideContent) -> ImageRef | None:
        """For want of a render: the picture that fills the slide, or is all there is on it."""
        pictures = [block for block in slide.blocks if block.picture is not None]
        if slide.to_text():
            pictures = [block for block in pictures if self._covers(block) > FULL_SLIDE]
        pictures.sort(key=self._covers, reverse=True)
        found = [block.picture for block in pictures]
        if slide.background is not None and not slide.to_text():
            found.append(Picture(slide.background))
        for picture in found:
            if picture is not None and (image := self._loaded(slide, picture)) is not None:
                return image
        return None

    def _covers(self, block: Block) -> float:
        return share(block.bbox, self.size)

    def _loaded(self, slide: SlideContent, picture: Picture) -> ImageRef | None:
        if is_drawn(picture) or not self.package.has(picture.part):
            return None
        try:
            return load_picture(self.package, picture, f"{self.uri}#slide={slide.number}")
        except DocumentError as error:
            place = f"{self.uri}, slide {slide.number}"
            self._report(slide, DocumentError(f"{place}: a picture can't be read: {error}"))
        except ImageError as error:
            self._report(slide, error)
        return None

    def _parts(self, slide: SlideContent) -> Iterator[Chunk]:
        counts: dict[str, int] = {}
        for block in slide.blocks:
            if block.kind == "picture":
                chunk = self._picture(slide, block, counts)
            elif block.kind != "text" and _says_something(block):
                chunk = self._drawn(slide, block, counts)
            else:
                continue
            if chunk is not None:
                yield chunk

    def _picture(self, slide: SlideContent, block: Block, counts: dict[str, int]) -> Chunk | None:
        picture = block.picture
        if picture is None or not picture.part or not is_worth_finding(block.bbox, self.size):
            return None
        if not self.repeats.is_new(picture):
            return None
        image = self._loaded(slide, picture)
        if image is None and is_drawn(picture):
            image = self._cut(slide, block)
        caption = caption_of(block, slide.blocks, self.size)
        text = "\n\n".join(dict.fromkeys(filter(None, [block.alt, block.text, caption])))
        if image is None or not has_detail(image):
            return None
        facts = {"method": "picture"} | ({"caption": text} if text else {})
        return self._part(slide, "figure", block, (text or slide.title, image), facts, counts)

    def _drawn(self, slide: SlideContent, block: Block, counts: dict[str, int]) -> Chunk:
        """A chart, table or diagram, headed by its own title, its caption or the slide's."""
        title = "" if block.chart is None else block.chart.title
        heading = caption_of(block, slide.blocks, self.size) or slide.title
        facts: dict[str, Any] = {"method": block.kind}
        if name := title or heading:
            facts["title"] = name
        if block.chart is not None and block.chart.kind:
            facts["chart_type"] = block.chart.kind
        if block.rows:
            facts["cells"] = [list(row) for row in block.rows]
        text = block.words if title else "\n\n".join(filter(None, [heading, block.words]))
        kind: ChunkKind = "table" if block.kind == "table" else "figure"
        image = self._cut(slide, block)
        return self._part(slide, kind, block, (text, image), facts, counts)

    def _cut(self, slide: SlideContent, block: Block) -> ImageRef | None:
        """What a part of the slide looks like."""
        seen = None if block.bbox is None else clipped(block.bbox, self.size)
        return None if seen is None else self._painted(slide, seen)

    def _part(
        self,
        slide: SlideContent,
        kind: ChunkKind,
        block: Block,
        shown: tuple[str, ImageRef | None],
        facts: dict[str, Any],
        counts: dict[str, int],
    ) -> Chunk:
        counts[kind] = counts.get(kind, 0) + 1
        facts = facts | {"hidden": slide.hidden}
        chunk = self._chunk(slide, kind, *shown, facts, f"{kind} {counts[kind]}")
        path = (*chunk.source.section, slide.title) if slide.title else chunk.source.section
        box = None if block.bbox is None else rounded(block.bbox)
        return replace(chunk, source=replace(chunk.source, bbox=box, section=path), id="")

    def _chunk(
        self,
        slide: SlideContent,
        kind: ChunkKind,
        text: str,
        image: ImageRef | None,
        facts: dict[str, Any],
        part: str = "",
    ) -> Chunk:
        place = Source(
            uri=self.uri,
            page=slide.number,
            page_size=(round(self.size[0], 2), round(self.size[1], 2)),
            section=(slide.section,) if slide.section else (),
            part=part,
            unit="slide",
        )
        return Chunk(text=text, image=image, source=place, kind=kind, metadata=facts)


def _says_something(block: Block) -> bool:
    """Whether there is more on a chart, table or diagram than a letter."""
    return sum(character.isalnum() for character in block.words) > 1
