"""What ragsight indexes and finds: chunks of text, image or both, and where they come from."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from ragsight.characters import encodable

BBox = tuple[float, float, float, float]
"""Left, top, right, bottom in PDF points (1/72 inch), origin at the page's top left."""

ChunkKind = Literal["text", "figure", "table", "page", "image", "product", "slide", "document"]

CHUNK_KINDS: tuple[ChunkKind, ...] = get_args(ChunkKind)

PageUnit = Literal["page", "slide"]

STRUCTURAL_KEYS = frozenset(
    {
        "caption_bbox",
        "cells",
        "hyperlinks",
        "mentioned_in",
        "mentioned_labels",
        "mentions",
        "nearby_text",
        "next",
        "ocr_text",
        "page_id",
        "previous",
        "speaker_notes",
    }
)
"""Metadata keys by which loaders tie chunks together or back them up: nobody filters by them, and
no list of facts is better for them."""

NAMESPACE = uuid.UUID("6f7f1c0e-5f0b-5c44-9d0c-3a1b6a0f2d11")
"""Namespace of every UUIDv5 that ragsight derives; changing it changes all ids."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a chunk comes from.

    Attributes:
        uri: Absolute path or URL of the file.
        page: Page or slide number, from 1.
        page_label: The number printed on the page, where it differs (`iv`, `A-3`).
        page_size: Width and height of the page in points, rotation applied.
        bbox: Region on the page, rotation applied.
        section: Headings above the chunk, outermost first.
        part: Place inside the file or page where the rest doesn't tell (`row 12`, `text 3`).
        unit: What a page is: of a deck, a slide.

    Example:
        >>> str(Source(uri="/docs/manual.pdf", page=4))
        'manual.pdf, p. 4'
        >>> str(Source(uri="/docs/deck.pptx", page=4, unit="slide"))
        'deck.pptx, slide 4'
    """

    uri: str
    page: int | None = None
    page_label: str | None = None
    page_size: tuple[float, float] | None = None
    bbox: BBox | None = None
    section: tuple[str, ...] = ()
    part: str = ""
    unit: PageUnit = "page"

    @property
    def name(self) -> str:
        """The last part of the URI: a file's name."""
        return self.uri.rstrip("/").replace("\\", "/").rpartition("/")[2]

    def __str__(self) -> str:
        if self.page is None:
            return self.name
        return f"{self.name}, {'slide' if self.unit == 'slide' else 'p.'} {self.page}"

    def to_dict(self) -> dict[str, Any]:
        """The source as JSON-ready values, without what is unset."""
        return _compact(
            {
                "uri": self.uri,
                "page": self.page,
                "page_label": self.page_label,
                "page_size": None if self.page_size is None else list(self.page_size),
                "bbox": None if self.bbox is None else list(self.bbox),
                "section": list(self.section),
                "part": self.part,
                "unit": "" if self.unit == "page" else self.unit,
            }
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Source:
        """Read what `to_dict` wrote."""
        return cls(
            uri=data["uri"],
            page=data.get("page"),
            page_label=data.get("page_label"),
            page_size=_tuple_or_none(data.get("page_size")),
            bbox=_tuple_or_none(data.get("bbox")),
            section=tuple(data.get("section", ())),
            part=data.get("part", ""),
            unit=data.get("unit", "page"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRef:
    """An image by reference: where its bytes are and what they are.

    Make one with `ragsight.images.image_ref`, which reads and checks the image.

    Attributes:
        uri: Path, fsspec URL, or `blob:<sha256>` inside a blob store.
        sha256: Hex digest of the encoded bytes.
        mime: Media type found in the bytes, never guessed from the name.
        width: Pixels, as a viewer shows it (EXIF rotation applied).
        height: Pixels, as a viewer shows it.
        size: Length of the encoded bytes.
        data: The encoded bytes, while they are nowhere else; never serialised.

    Example:
        >>> size = {"width": 4, "height": 3, "size": 70}
        >>> ref = ImageRef(uri="a.png", sha256="0" * 64, mime="image/png", **size)
        >>> ImageRef.from_dict(ref.to_dict()) == ref
        True
    """

    uri: str
    sha256: str
    mime: str
    width: int
    height: int
    size: int
    data: bytes | None = field(default=None, repr=False, compare=False)

    def to_dict(self) -> dict[str, Any]:
        """The reference as JSON-ready values, without the bytes."""
        return {
            "uri": self.uri,
            "sha256": self.sha256,
            "mime": self.mime,
            "width": self.width,
            "height": self.height,
            "size": self.size,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> ImageRef:
        """Read what `to_dict` wrote."""
        return cls(
            uri=data["uri"],
            sha256=data["sha256"],
            mime=data["mime"],
            width=int(data["width"]),
            height=int(data["height"]),
            size=int(data["size"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """The unit that is indexed and found: text, an image, or both, under one id.

    Attributes:
        text: Passage, caption or description; empty for a bare image.
        image: The image, where there is one.
        source: Where it comes from.
        kind: What it is.
        metadata: JSON-ready values to filter by and to show. Loaders use the keys `label`
            ("Figure 3"), `caption`, `order` (reading order in the file), `method`, `warnings`,
            and those of `STRUCTURAL_KEYS`: ids of the chunks before and after (`previous`, `next`),
            of the page (`page_id`), of figures that a passage mentions (`mentions`) and of
            passages that mention a figure (`mentioned_in`).
        id: Derived from content and place unless given, so that the same file gives the same
            ids again.

    Example:
        >>> chunk = Chunk(text="Open the valve.", source=Source(uri="manual.pdf", page=2))
        >>> chunk.id == Chunk(text="Open the valve.", source=Source(uri="manual.pdf", page=2)).id
        True
    """

    text: str = ""
    image: ImageRef | None = None
    source: Source
    kind: ChunkKind = "text"
    metadata: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "text", encodable(self.text))
        if not self.id:
            object.__setattr__(self, "id", chunk_id(self))

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def title(self) -> str:
        """A short name to show: label, name or first words of the text, and the place."""
        for key in ("label", "name", "title"):
            if value := self.metadata.get(key):
                return f"{value} ({self.source})"
        words = " ".join(self.text.split())
        return f"{words[:60]}… ({self.source})" if len(words) > 60 else words or str(self.source)

    @property
    def indexed_text(self) -> str:
        r"""The words by which the chunk is found: the headings above it, its text, its picture's.

        Headings and a figure's labels stand beside the text (`source.section`, `inner_text` of the
        metadata), and a question may have no other word than theirs. What is shown and what a
        model is sent stays `text`.

        Example:
            >>> place = Source(uri="a.md", section=("Valves",))
            >>> Chunk(text="Turn it left.", source=place).indexed_text
            'Valves\n\nTurn it left.'
        """
        words = " ".join(self.text.split())
        headings = [title for title in self.source.section if title not in words]
        inner = str(self.metadata.get("inner_text") or "")
        parts = (" > ".join(headings), self.text, "" if inner in words else inner)
        return "\n\n".join(part for part in parts if part.strip())

    def to_dict(self) -> dict[str, Any]:
        """The chunk as JSON-ready values, without image bytes."""
        return {
            "id": self.id,
            "kind": self.kind,
            "text": self.text,
            "image": None if self.image is None else self.image.to_dict(),
            "source": self.source.to_dict(),
            "metadata": dict(self.metadata),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Chunk:
        """Read what `to_dict` wrote."""
        image = data.get("image")
        return cls(
            text=data.get("text", ""),
            image=None if image is None else ImageRef.from_dict(image),
            source=Source.from_dict(data["source"]),
            kind=data["kind"],
            metadata=dict(data.get("metadata", {})),
            id=data["id"],
        )


def chunk_id(chunk: Chunk) -> str:
    """UUIDv5 of a chunk's content (text, image digest) and place (source, kind)."""
    place = chunk.source.to_dict()
    if chunk.source.bbox is not None:
        # Renderers differ in the last decimals; a tenth of a point is below what anyone sees.
        place["bbox"] = [round(value, 1) for value in chunk.source.bbox]
    digest = None if chunk.image is None else chunk.image.sha256
    key = json.dumps([place, chunk.kind, chunk.text, digest], sort_keys=True, ensure_ascii=False)
    return str(uuid.uuid5(NAMESPACE, encodable(key)))


def _compact(values: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, [], "")}


def _tuple_or_none(values: Any) -> Any:
    return None if values is None else tuple(values)
