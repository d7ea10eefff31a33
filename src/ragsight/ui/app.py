"""The server behind the search page."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import (
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    Response,
    StreamingResponse,
)
from starlette.routing import Route

from ragsight.answer import VisionBackend, VisionSynthesizer
from ragsight.errors import (
    ConfigurationError,
    ImageTooLargeError,
    InputError,
    QueryError,
    RagsightError,
    SourceNotFoundError,
)
from ragsight.loaders.pdf.backends.registry import BackendName
from ragsight.retrieval import Hit, MultimodalRetriever
from ragsight.store import MultimodalStore
from ragsight.ui.answering import answer_lines
from ragsight.ui.asked import Asked, read_asked
from ragsight.ui.facets import Facets, stored_facets
from ragsight.ui.guard import Guard
from ragsight.ui.images import (
    QueryImages,
    StoredPages,
    TooBusyError,
    UploadTooLargeError,
    read_upload,
    stored_image,
)
from ragsight.ui.rendering import asset, render_facets, render_page, render_result

_FACETS_SECONDS = 30.0
"""How long facets are good for: a page that is opened again doesn't count them again."""

_MOST_SOURCES = 8
"""How many hits a question is answered from."""

_MOST_DECODED = 2
"""How many of the index's pictures are made small at once."""

_CACHED = {"cache-control": "private, max-age=3600"}
_FRESH = {"cache-control": "no-store"}
_LONGEST_QUESTION = 64 * 1024


def create_app(
    store: MultimodalStore,
    *,
    backend: VisionBackend | None = None,
    hosts: Iterable[str] = (),
    pdf_backend: BackendName | None = None,
) -> Starlette:
    """Make the search page's server, for any ASGI server.

    It answers requests of its own page only, and serves images by the ids of chunks only. It has
    no users and no passwords: it is for this machine.

    Args:
        store: What is searched; it stays open.
        backend: The vision model that answers; without one there are no answers.
        hosts: Names, besides `localhost`, by which the server may be called.
        pdf_backend: The library that paints pages of PDFs, as `PdfOptions.backend`; None for the
            default one.

    Returns:
        The application.

    Example:
        >>> from starlette.testclient import TestClient
        >>> with MultimodalStore.open(":memory:") as store:  # doctest: +SKIP
        ...     TestClient(create_app(store), base_url="http://localhost").get("/").status_code
        200
    """
    page = SearchPage(store, backend, pdf_backend)
    routes = [
        Route("/", page.index),
        Route("/assets/{name}", _asset),
        Route("/facets", page.facets),
        Route("/search", page.search, methods=["POST"]),
        Route("/ask", page.ask, methods=["POST"]),
        Route("/query-image", page.keep_query_image, methods=["POST"]),
        Route("/query-image", page.query_image),
        Route("/image", page.image),
        Route("/page", page.page),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(Guard, hosts=tuple(hosts))],
        exception_handlers={RagsightError: _error, ClientDisconnect: _gone},
        lifespan=page.lifespan,
    )


class SearchPage:
    """The page's requests, each answered without holding the event loop.

    Args:
        store: What is searched.
        backend: The vision model that answers, if there is one.
        pdf_backend: The library that paints pages of PDFs.
    """

    def __init__(
        self,
        store: MultimodalStore,
        backend: VisionBackend | None = None,
        pdf_backend: BackendName | None = None,
    ) -> None:
        self._store = store
        self._retriever = MultimodalRetriever(store)
        self._backend = backend
        self._synthesizer = None if backend is None else VisionSynthesizer(backend)
        self._images = QueryImages()
        self._pages = StoredPages(pdf_backend)
        # A page asks for all of its pictures at once; decoded at once they would fill the memory.
        self._decoding = asyncio.Semaphore(_MOST_DECODED)
        self._facets: Facets | None = None
        self._counted_at = 0.0

    @asynccontextmanager
    async def lifespan(self, app: Starlette) -> AsyncIterator[None]:
        """Hang up at the end: the model's connections belong to the loop that opened them."""
        del app
        yield
        hang_up = getattr(self._backend, "aclose", None)
        if hang_up is not None:
            await hang_up()

    async def index(self, request: Request) -> Response:
        """The page."""
        del request
        counts = await self._store.acounts()
        model = "" if self._synthesizer is None else self._synthesizer.backend.model
        html = render_page(
            place=self._store.place, counts=counts, model=model, sees=self._store.has_encoder
        )
        return HTMLResponse(html, headers=_FRESH)

    async def facets(self, request: Request) -> Response:
        """The filters."""
        del request
        now = time.monotonic()
        if self._facets is None or now - self._counted_at > _FACETS_SECONDS:
            self._facets = await stored_facets(self._store)
            self._counted_at = time.monotonic()
        return HTMLResponse(render_facets(self._facets), headers=_FRESH)

    async def search(self, request: Request) -> Response:
        """Hits."""
        hits = await self._found(await _read(request))
        html = render_result(hits, weights=self._retriever.weights)
        return HTMLResponse(html, headers=_FRESH)

    async def ask(self, request: Request) -> Response:
        """An answer, as it is written."""
        if self._synthesizer is None:
            raise ConfigurationError("No vision model is switched on: start with --vlm MODEL.")
        asked = await _read(request)
        if not asked.text.strip():
            raise QueryError("The question is empty.")
        few = asked.model_copy(update={"k": min(asked.k, _MOST_SOURCES)})
        lines = answer_lines(
            self._synthesizer,
            asked.text.strip(),
            await self._found(few),
            weights=self._retriever.weights,
        )
        return StreamingResponse(lines, media_type="application/x-ndjson", headers=_FRESH)

    async def keep_query_image(self, request: Request) -> Response:
        """Take an image to search with."""
        _check_type(request, ("image/", "application/octet-stream"))
        token = await self._images.take(request)
        return JSONResponse({"image": token}, headers=_FRESH)

    async def query_image(self, request: Request) -> Response:
        """Show an image that was sent to search with."""
        data = self._images.get(request.query_params.get("token", ""))
        return Response(data, media_type="image/jpeg", headers=_CACHED)

    async def image(self, request: Request) -> Response:
        """A chunk's picture."""
        async with self._decoding:
            data = await stored_image(self._store, request.query_params.get("id", ""))
        return Response(data, media_type="image/jpeg", headers=_CACHED)

    async def page(self, request: Request) -> Response:
        """A chunk's page."""
        data = await self._pages.of(self._store, request.query_params.get("id", ""))
        return Response(data, media_type="image/webp", headers=_CACHED)

    async def _found(self, asked: Asked) -> list[Hit]:
        image = None if asked.image is None else self._images.get(asked.image)
        return await self._retriever.aretrieve(asked.query(image))


async def _read(request: Request) -> Asked:
    _check_type(request, ("application/json",))
    return read_asked(await read_upload(request, most=_LONGEST_QUESTION))


def _check_type(request: Request, kinds: tuple[str, ...]) -> None:
    # A form of another site can't send these types without asking first, and is told no.
    if not request.headers.get("content-type", "").startswith(kinds):
        raise QueryError(f"The request must be of type {' or '.join(kinds)}.")


async def _asset(request: Request) -> Response:
    found = asset(request.path_params["name"])
    if found is None:
        return PlainTextResponse("There is no such file.", status_code=404)
    content, kind = found
    return Response(content, media_type=kind, headers={"cache-control": "no-cache"})


def _error(request: Request, error: Exception) -> Response:
    del request
    return JSONResponse({"error": str(error)}, status_code=_status(error), headers=_FRESH)


def _gone(request: Request, error: Exception) -> Response:
    # Nobody reads this. An exception would fill the log whenever someone closes a page.
    del request, error
    return Response(status_code=400)


def _status(error: Exception) -> int:
    if isinstance(error, UploadTooLargeError | ImageTooLargeError):
        return 413
    if isinstance(error, TooBusyError):
        return 503
    if isinstance(error, SourceNotFoundError):
        return 404
    if isinstance(error, QueryError | InputError | ConfigurationError):
        return 422
    return 502
