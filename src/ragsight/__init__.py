"""ragsight: retrieval-augmented generation that sees.

Files become chunks of text and images, chunks become vectors in two Qdrant collections, a
question finds both by words and by pixels in one explained ranking, and a vision model answers
from what was found, citing it.

Example:
    >>> from ragsight import ClipEncoder, MultimodalRetriever, MultimodalStore, ingest
    >>> store = MultimodalStore.open("index", encoder=ClipEncoder())  # doctest: +SKIP
    >>> report = ingest("manuals", store)  # doctest: +SKIP
    >>> hits = MultimodalRetriever(store).retrieve("how do I change the filter?")  # doctest: +SKIP

Nothing heavy is imported until a name that needs it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from ragsight.answer import (
        Answer,
        AnthropicBackend,
        Citation,
        OpenAIBackend,
        OpenAICompatibleBackend,
        Price,
        RequestSaver,
        SynthesizerOptions,
        VisionBackend,
        VisionReranker,
        VisionSynthesizer,
    )
    from ragsight.blobs import BlobStore
    from ragsight.chunks import Chunk, ImageRef, Source
    from ragsight.encoders import (
        DEFAULT_MODEL,
        DEMO_MODEL,
        Bm25Encoder,
        ClipEncoder,
        ClipOptions,
        EncodedImages,
        EncoderSpec,
        ImageTextEncoder,
        SkippedImage,
        TextEncoder,
    )
    from ragsight.encoders.cache import CachedEncoder, EmbeddingCache
    from ragsight.errors import RagsightError
    from ragsight.evaluation import Evaluation, LabelledQuery, evaluate, read_queries
    from ragsight.gallery import Gallery, GallerySection, render_gallery, show, write_gallery
    from ragsight.images import image_ref, open_image
    from ragsight.ingestion.pipeline import IngestReport, ingest
    from ragsight.inspection.pages import Inspection, render_inspection, write_inspection
    from ragsight.loaders import (
        CatalogLoader,
        ChunkingOptions,
        ImageLoader,
        LoadOptions,
        PdfLoader,
        PdfOptions,
        SlideLoader,
        SlideOptions,
        TextLoader,
        load,
    )
    from ragsight.retrieval import CrossEncoderReranker, Hit, MultimodalRetriever, Query, fuse
    from ragsight.store import (
        CollectionOptions,
        ForeignCollections,
        MultimodalStore,
        StoreOptions,
        parse_filter,
    )

_HOMES = {
    "ragsight.answer": (
        "Answer",
        "AnthropicBackend",
        "Citation",
        "OpenAIBackend",
        "OpenAICompatibleBackend",
        "Price",
        "RequestSaver",
        "SynthesizerOptions",
        "VisionBackend",
        "VisionReranker",
        "VisionSynthesizer",
    ),
    "ragsight.blobs": ("BlobStore",),
    "ragsight.chunks": ("Chunk", "ImageRef", "Source"),
    "ragsight.encoders": (
        "DEFAULT_MODEL",
        "DEMO_MODEL",
        "Bm25Encoder",
        "ClipEncoder",
        "ClipOptions",
        "EncodedImages",
        "EncoderSpec",
        "ImageTextEncoder",
        "SkippedImage",
        "TextEncoder",
    ),
    "ragsight.encoders.cache": ("CachedEncoder", "EmbeddingCache"),
    "ragsight.errors": ("RagsightError",),
    "ragsight.evaluation": ("Evaluation", "LabelledQuery", "evaluate", "read_queries"),
    "ragsight.gallery": ("Gallery", "GallerySection", "render_gallery", "show", "write_gallery"),
    "ragsight.images": ("image_ref", "open_image"),
    "ragsight.inspection.pages": ("Inspection", "render_inspection", "write_inspection"),
    "ragsight.ingestion.pipeline": ("IngestReport", "ingest"),
    "ragsight.loaders": (
        "CatalogLoader",
        "ChunkingOptions",
        "ImageLoader",
        "LoadOptions",
        "PdfLoader",
        "PdfOptions",
        "SlideLoader",
        "SlideOptions",
        "TextLoader",
        "load",
    ),
    "ragsight.retrieval": ("CrossEncoderReranker", "Hit", "MultimodalRetriever", "Query", "fuse"),
    "ragsight.store": (
        "CollectionOptions",
        "ForeignCollections",
        "MultimodalStore",
        "StoreOptions",
        "parse_filter",
    ),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "DEFAULT_MODEL",
    "DEMO_MODEL",
    "Answer",
    "AnthropicBackend",
    "BlobStore",
    "Bm25Encoder",
    "CachedEncoder",
    "CatalogLoader",
    "Chunk",
    "ChunkingOptions",
    "Citation",
    "ClipEncoder",
    "ClipOptions",
    "CollectionOptions",
    "CrossEncoderReranker",
    "EmbeddingCache",
    "EncodedImages",
    "EncoderSpec",
    "Evaluation",
    "ForeignCollections",
    "Gallery",
    "GallerySection",
    "Hit",
    "ImageLoader",
    "ImageRef",
    "ImageTextEncoder",
    "IngestReport",
    "Inspection",
    "LabelledQuery",
    "LoadOptions",
    "MultimodalRetriever",
    "MultimodalStore",
    "OpenAIBackend",
    "OpenAICompatibleBackend",
    "PdfLoader",
    "PdfOptions",
    "Price",
    "Query",
    "RagsightError",
    "RequestSaver",
    "SkippedImage",
    "SlideLoader",
    "SlideOptions",
    "Source",
    "StoreOptions",
    "SynthesizerOptions",
    "TextEncoder",
    "TextLoader",
    "VisionBackend",
    "VisionReranker",
    "VisionSynthesizer",
    "__version__",
    "evaluate",
    "fuse",
    "image_ref",
    "ingest",
    "load",
    "open_image",
    "parse_filter",
    "read_queries",
    "render_gallery",
    "render_inspection",
    "show",
    "write_gallery",
    "write_inspection",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(_HOME_OF[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
