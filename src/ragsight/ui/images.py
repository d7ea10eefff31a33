"""Images that are sent to search with, and those of the index that are shown."""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import quote

from starlette.requests import Request

from ragsight.chunks import Chunk, ImageRef
from ragsight.errors import ImageTooLargeError, InputError, SourceNotFoundError, StoreError
from ragsight.gallery.pages import PagePictures
from ragsight.gallery.pictures import IMAGE_SIDE, PagePicture
from ragsight.gallery.places import Place
from ragsight.images import ImageLimits, image_ref, prepare_image
from ragsight.images.compressing import JPEG
from ragsight.loaders.pdf.backends.registry import BackendName
from ragsight.store import MultimodalStore

MOST_BYTES = 20 * 2**20
"""Longest image that is taken to search with: 20 MiB."""

MOST_PIXELS = 36_000_000
"""Largest image that is decoded to search with: a screen of 8K. Decoded and made opaque it takes
400 MB at most. Photographs in JPEG may be larger: they are decoded at a part of their size."""

MOST_UPLOADS = 4
"""Images that are received or wait to be decoded at once; each may take `MOST_BYTES`."""

_UPLOAD_SECONDS = 60.0
"""Whoever takes longer to send an image keeps others from it."""

_MOST_KEPT = 32
_MOST_PAGES = 64
_QUERY_LIMITS = ImageLimits(max_edge=1024, formats=frozenset({JPEG}))


class UploadTooLargeError(InputError):
    """What was sent is longer than may be."""


class TooBusyError(InputError):
    """There is no room now for what was sent."""


class QueryImages:
    """The last images that were sent to search with, made small, under names nobody can guess."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._in_hand = 0
        self._decoding = asyncio.Semaphore(1)

    async def take(self, request: Request) -> str:
        """Receive an image, check it and keep it.

        Few are in hand at once and one is decoded at a time, so that the memory they take has a
        bound, whoever sends how many.

        Returns:
            Its token.

        Raises:
            ImageTooLargeError: If it has too many pixels.
            ImageError: If it can't be opened.
            UploadTooLargeError: If it is too long.
            TooBusyError: If too many are in hand, or it takes too long to come.
        """
        if self._in_hand >= MOST_UPLOADS:
            raise TooBusyError("Other images are being read. Try again in a moment.")
        self._in_hand += 1
        try:
            data = await _received(request)
            async with self._decoding:
                small = await asyncio.to_thread(_made_small, data)
        finally:
            self._in_hand -= 1
        token = secrets.token_urlsafe(16)
        self._kept[token] = small
        while len(self._kept) > _MOST_KEPT:
            self._kept.popitem(last=False)
        return token

    def get(self, token: str) -> bytes:
        """The image, as JPEG.

        Raises:
            SourceNotFoundError: If it isn't kept any more.
        """
        try:
            return self._kept[token]
        except KeyError as error:
            raise SourceNotFoundError(
                "The image to search with isn't here any more. Add it again."
            ) from error


async def _received(request: Request) -> bytes:
    try:
        return await asyncio.wait_for(read_upload(request), _UPLOAD_SECONDS)
    except asyncio.TimeoutError as error:
        raise TooBusyError(
            f"The image didn't come within {_UPLOAD_SECONDS:g} seconds. Send it again."
        ) from error


def _made_small(data: bytes) -> bytes:
    """An image as a JPEG to search with; its header is looked at before it is decoded."""
    ref = image_ref(data, uri="the image")
    if ref.width * ref.height > MOST_PIXELS and ref.mime != JPEG:
        raise ImageTooLargeError(
            f"The image has {ref.width}x{ref.height} pixels, more than the {MOST_PIXELS:,} that "
            "are decoded here. Scale it down, or save it as JPEG."
        )
    return prepare_image(replace(ref, data=data), _QUERY_LIMITS).data


async def read_upload(request: Request, *, most: int = MOST_BYTES) -> bytes:
    """Read a request's body, no further than it may be long.

    Raises:
        UploadTooLargeError: If it is longer.
    """
    too_large = UploadTooLargeError(
        f"What was sent is larger than {most // 2**10:,} KiB. Scale it down."
    )
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > most:
        raise too_large
    data = bytearray()
    async for piece in request.stream():
        data += piece
        if len(data) > most:
            raise too_large
    return bytes(data)


class LinkedPictures:
    """Pictures by links to this server."""

    def image(self, chunk: Chunk) -> str | None:
        """Where the chunk's own picture is."""
        return None if chunk.image is None else f"/image?id={quote(chunk.id, safe='')}"

    def page(self, chunk: Chunk, place: Place) -> PagePicture | None:
        """Where the picture of the chunk's page is; whether there is one shows when it's asked."""
        del place
        return PagePicture(f"/page?id={quote(chunk.id, safe='')}")


async def stored_image(store: MultimodalStore, id_: str) -> bytes:
    """A chunk's picture, made small, as JPEG.

    Raises:
        SourceNotFoundError: If there is no such chunk, or it has no picture here.
        InputError: If the picture can't be opened.
    """
    image = (await _chunk(store, id_)).image
    if image is None:
        raise SourceNotFoundError(f"The chunk {id_!r} has no picture.")
    return await asyncio.to_thread(store.blobs.thumbnail, _own(image), edge=IMAGE_SIDE)


class StoredPages:
    """Pictures of pages; the last ones are kept, since many hits stand on few pages."""

    def __init__(self, pdf_backend: BackendName | None = None) -> None:
        self._backend = pdf_backend
        self._kept: OrderedDict[tuple[str, int | None, float], bytes | None] = OrderedDict()
        self._painting = asyncio.Lock()

    async def of(self, store: MultimodalStore, id_: str) -> bytes:
        """The picture of the page that a chunk stands on, as WebP.

        Raises:
            SourceNotFoundError: If there is no such chunk, or no way to its page any more.
        """
        chunk = await _chunk(store, id_)
        # One by one: the PDF library does no two at once, and the second may be kept by then.
        async with self._painting:
            key = await asyncio.to_thread(_page_key, chunk)
            if key not in self._kept:
                self._kept[key] = await _painted(store, chunk, self._backend)
                while len(self._kept) > _MOST_PAGES:
                    self._kept.popitem(last=False)
            picture = self._kept[key]
        if picture is None:
            raise SourceNotFoundError(f"The page of the chunk {id_!r} can't be painted any more.")
        return picture


def _page_key(chunk: Chunk) -> tuple[str, int | None, float]:
    source = chunk.source
    try:
        modified = Path(source.uri).stat().st_mtime
    except (OSError, ValueError):
        modified = 0.0
    return source.uri, source.page, modified


async def _painted(
    store: MultimodalStore, chunk: Chunk, backend: BackendName | None
) -> bytes | None:
    page_id = str(chunk.metadata.get("page_id", ""))
    known = await store.aget([page_id]) if page_id else []
    pages = PagePictures(lookup=partial(_with_bytes, store, known), backend=backend)
    return await asyncio.to_thread(pages.picture, chunk)


def _with_bytes(store: MultimodalStore, known: Iterable[Chunk], id_: str) -> Chunk | None:
    """The chunk of a page with the bytes of its picture in hand."""
    page = next((chunk for chunk in known if chunk.id == id_), None)
    if page is None or page.image is None:
        return None
    try:
        data = store.blobs.read(_own(page.image))
    except (InputError, StoreError):
        return None
    return replace(page, image=replace(page.image, data=data))


def _own(image: ImageRef) -> ImageRef:
    """A picture by its digest in the blob store.

    Wherever a payload says that it is, no other file is opened and nothing is fetched.
    """
    return replace(image, uri=f"blob:{image.sha256}", data=None)


async def _chunk(store: MultimodalStore, id_: str) -> Chunk:
    found = await store.aget([id_])
    if not found:
        raise SourceNotFoundError(f"There is no chunk {id_!r} in the index.")
    return found[0]
