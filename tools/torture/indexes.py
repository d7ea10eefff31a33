"""The index that is tortured, and what must hold of it afterwards."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

from PIL import Image

from pixels import PixelEncoder  # type: ignore[import-not-found]
from ragsight import Chunk, MultimodalRetriever, MultimodalStore, Source
from ragsight.images import image_ref
from ragsight.store import SourceRecord
from tools.torture.children import FaultError

COLOURS = {"red": (250, 0, 0), "blue": (0, 0, 250), "green": (0, 250, 0)}
_DRAWN = {**COLOURS, "grey": (90, 90, 90)}
Said = dict[str, tuple[str, "str | None"]]


def chunk(id: str, text: str, colour: str = "", uri: str = "u") -> Chunk:
    """A chunk with an id of its own, so that it may lose a half."""
    image = image_ref(Image.new("RGB", (8, 8), _DRAWN[colour])) if colour else None
    return Chunk(text=text, image=image, source=Source(uri=uri), id=id)


BYSTANDERS = [
    chunk(f"bystander {n}", f"pump {n}", ("red", "blue", "")[n % 3], "v") for n in range(6)
]
OLD = [
    chunk("loses its image", "old pump", "red"),
    chunk("loses its text", "old pump", "red"),
    chunk("gets an image", "old pump"),
    chunk("changes", "old pump", "red"),
    chunk("goes", "old pump", "red"),
]
NEW = [
    chunk("loses its image", "new pump"),
    chunk("loses its text", "", "blue"),
    chunk("gets an image", "new pump", "blue"),
    chunk("changes", "new pump", "blue"),
    chunk("comes", "new pump", "green"),
]
OTHER_IDS = [chunk(f"other {n}", "new pump", "green") for n in range(5)]


def opened(folder: Path) -> MultimodalStore:
    """Open an index with an encoder that needs no model."""
    return MultimodalStore.open(folder, encoder=PixelEncoder())


def fill(folder: Path) -> None:
    """Make the index: two sources with their records, and an image that nobody needs any more."""
    with opened(folder) as store:
        store.upsert([chunk("garbage", "", "grey")])
        store.delete(["garbage"])
        for uri, chunks in (("u", OLD), ("v", BYSTANDERS)):
            store.upsert(chunks)
            store.finish_source(SourceRecord(uri, "old", tuple(c.id for c in chunks)))


def copy(source: Path, target: Path) -> None:
    """Copy a folder, its holes as holes: the engine's logs are mostly that."""
    subprocess.run(["cp", "-r", "--sparse=always", str(source), str(target)], check=True)


def said(chunks: Any) -> Said:
    """Text and picture of each chunk, by its id."""
    return {c.id: (c.text, None if c.image is None else c.image.sha256) for c in chunks}


def state(store: MultimodalStore) -> Said:
    """What the index holds; a Fault if the ways of asking for it disagree."""
    held = said(store.scroll())
    got = said(store.get(list(held)))
    retriever = MultimodalRetriever(store, k=50)
    words = said(hit.chunk for hit in retriever.retrieve("pump"))
    pictures: Said = {}
    for colour in COLOURS:
        hits = retriever.retrieve(image=chunk("", "", colour).image)
        pictures |= said(hit.chunk for hit in hits)
    with_text = {id_ for id_, (text, _) in got.items() if text}
    with_image = {id_ for id_, (_, image) in got.items() if image is not None}
    differing = {id_ for found in (held, words, pictures) for id_ in found.keys() - got.keys()}
    differing |= {i for found in (held, words, pictures) for i in found if found[i] != got.get(i)}
    differing |= (with_text - words.keys()) | (with_image ^ pictures.keys())
    if differing:
        raise FaultError("half-written", f"{sorted(differing)} differ between get and searches")
    return got


def check(found: Said, old: list[Chunk], new: list[Chunk]) -> None:
    """Each chunk is as it was or as it shall be, and what is in both is there."""
    before, after = said([*BYSTANDERS, *old]), said([*BYSTANDERS, *new])
    lost = (before.keys() & after.keys()) - found.keys()
    if lost:
        raise FaultError("lost", f"{sorted(lost)} are gone")
    mixed = [i for i, now in found.items() if now not in (before.get(i), after.get(i))]
    if mixed:
        raise FaultError("half-written", f"{mixed} are neither old nor new")
