"""CLIP embeddings of text and images in one space."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from llama_index.core.base.embeddings.base import Embedding
from llama_index.core.bridge.pydantic import Field, PrivateAttr
from llama_index.core.callbacks.schema import CBEventType, EventPayload
from llama_index.core.embeddings import MultiModalEmbedding
from llama_index.core.instrumentation import get_dispatcher  # type: ignore[attr-defined]
from llama_index.core.instrumentation.events.embedding import (
    EmbeddingEndEvent,
    EmbeddingStartEvent,
)
from llama_index.core.schema import BaseNode, ImageType, MetadataMode
from llama_index.core.utils import get_tqdm_iterable

from llama_index_ragsight._callers import nodes_being_hashed
from llama_index_ragsight._images import image_name, images_digest, node_image
from ragsight import DEFAULT_MODEL, ClipEncoder, ImageTextEncoder
from ragsight.encoders.cache import CachedEncoder, EmbeddingCache
from ragsight.errors import RagsightError

dispatcher = get_dispatcher(__name__)

# The encoder decodes the next images while the model runs; it needs more than one batch for that.
_BATCHES_AT_ONCE = 8


class ClipEmbedding(MultiModalEmbedding):
    """Embeds texts and images into the space of one CLIP-family checkpoint, vectors of length 1.

    As a transformation it embeds nodes with an image by their pixels and the others by their
    text. Nothing is loaded before the first embedding is asked for, and the async methods leave
    the event loop free. An image is a path, a URL, a `data:` URI or a buffer of encoded bytes.

    In an `IngestionPipeline` with a cache, two images are never taken for one, although LlamaIndex
    tells nodes apart by their text. That holds for this transformation. Before other ones, such as
    splitters, images that ragsight's readers didn't read need `with_image_digests`.

    Args:
        model_name: Name on the model hub, a local folder, or `ragsight-demo`.
        encoder: An encoder to use instead of a checkpoint of that name.
        cache: Where embeddings are kept, so that an unchanged image or text is embedded once: a
            path, or an `EmbeddingCache`. It belongs to the object, not to what `to_dict` says.
        **fields: `revision`, `device`, `dtype`, `backend`, `exact`, `local_files_only`,
            `embed_batch_size` and the fields of LlamaIndex's embeddings.

    Raises:
        EncoderError: On first use, if the checkpoint can't be loaded.

    Example:
        >>> embedding = ClipEmbedding("ragsight-demo")
        >>> text, = embedding.get_text_embedding_batch(["a red sneaker"])
        >>> float(round(embedding.similarity(text, text), 3))
        1.0
    """

    model_name: str = Field(default=DEFAULT_MODEL, description="Name on the hub, or a folder.")
    revision: str | None = Field(default=None, description="Commit, tag or branch on the hub.")
    device: str | None = Field(default=None, description="A torch device; by default the best.")
    dtype: str = Field(default="auto", description="Number format of the weights in torch.")
    backend: str = Field(default="torch", description="torch, onnx or onnx-int8.")
    exact: bool = Field(default=False, description="Take no shortcut that changes any pixel.")
    local_files_only: bool = Field(default=False, description="Never ask the model hub.")
    embed_batch_size: int = Field(
        default=16, gt=0, le=2048, description="Texts or images in one forward pass."
    )
    _encoder: ImageTextEncoder = PrivateAttr()

    def __init__(
        self,
        model_name: str = DEFAULT_MODEL,
        *,
        encoder: ImageTextEncoder | None = None,
        cache: EmbeddingCache | str | Path | None = None,
        **fields: Any,
    ) -> None:
        if encoder is not None:
            model_name = encoder.spec.name
            fields["revision"] = encoder.spec.revision
        super().__init__(model_name=model_name, **fields)
        chosen = encoder if encoder is not None else self._named_encoder()
        self._encoder = chosen if cache is None else CachedEncoder(chosen, cache)

    def __setstate__(self, state: dict[str, Any]) -> None:
        # LlamaIndex makes the object anew from its fields, which don't hold the encoder.
        super().__setstate__(state)
        kept = (state.get("__pydantic_private__") or {}).get("_encoder")
        self._encoder = kept if kept is not None else self._named_encoder()

    @classmethod
    def class_name(cls) -> str:
        """Name under which it is written."""
        return "RagsightClipEmbedding"

    def to_payload(self) -> dict[str, Any]:
        """What events may tell of this embedding."""
        return {**super().to_payload(), "revision": self.revision}

    def to_dict(self, **kwargs: Any) -> dict[str, Any]:
        """The fields; for the cache of a pipeline also what tells its images apart."""
        fields: dict[str, Any] = super().to_dict(**kwargs)
        # A pipeline keys its cache by the text of the nodes and by this dictionary: images without
        # words would be one.
        nodes = nodes_being_hashed()
        if nodes is None:
            return fields
        return {**fields, "encoder": self._fingerprint(), "images": images_digest(nodes)}

    def __call__(self, nodes: Sequence[BaseNode], **kwargs: Any) -> Sequence[BaseNode]:
        """Embed nodes: those with an image by it, the others by their text."""
        images, texts = _by_modality(nodes)
        vectors = self.get_image_embedding_batch([image for _, image in images], **kwargs)
        _assign([node for node, _ in images], vectors)
        vectors = self.get_text_embedding_batch([text for _, text in texts], **kwargs)
        _assign([node for node, _ in texts], vectors)
        return nodes

    async def acall(self, nodes: Sequence[BaseNode], **kwargs: Any) -> Sequence[BaseNode]:
        """Embed nodes without blocking the event loop."""
        images, texts = _by_modality(nodes)
        pixels = [image for _, image in images]
        vectors = await self.aget_image_embedding_batch(pixels, **kwargs)
        _assign([node for node, _ in images], vectors)
        vectors = await self.aget_text_embedding_batch([text for _, text in texts], **kwargs)
        _assign([node for node, _ in texts], vectors)
        return nodes

    def get_image_embedding(self, img_file_path: ImageType) -> Embedding:
        """Embed one image."""
        return self._announced_embeddings([img_file_path])[0]

    async def aget_image_embedding(self, img_file_path: ImageType) -> Embedding:
        """Embed one image without blocking the event loop."""
        return (await self._aannounced_embeddings([img_file_path]))[0]

    def get_image_embedding_batch(
        self, img_file_paths: list[ImageType], show_progress: bool = False
    ) -> list[Embedding]:
        """Embed images, some batches at a time."""
        vectors: list[Embedding] = []
        for some in self._some_batches(img_file_paths, show_progress):
            vectors += self._announced_embeddings(some)
        return vectors

    async def aget_image_embedding_batch(
        self, img_file_paths: list[ImageType], show_progress: bool = False
    ) -> list[Embedding]:
        """Embed images without blocking the event loop.

        One after the other: the encoder uses all cores by itself, and memory for one batch.
        """
        vectors: list[Embedding] = []
        for some in self._some_batches(img_file_paths, show_progress):
            vectors += await self._aannounced_embeddings(some)
        return vectors

    def _some_batches(
        self, images: Sequence[ImageType], show_progress: bool
    ) -> Iterator[list[ImageType]]:
        size = self.embed_batch_size * _BATCHES_AT_ONCE
        starts = range(0, len(images), size)
        for start in get_tqdm_iterable(starts, show_progress, "Generating image embeddings"):
            yield list(images[start : start + size])

    def _announced_embeddings(self, images: list[ImageType]) -> list[Embedding]:
        with self._announced(images) as announce_end:
            vectors = self._get_image_embeddings(images)
            announce_end(vectors)
        return vectors

    async def _aannounced_embeddings(self, images: list[ImageType]) -> list[Embedding]:
        with self._announced(images) as announce_end:
            vectors = await self._aget_image_embeddings(images)
            announce_end(vectors)
        return vectors

    @contextmanager
    def _announced(self, images: list[ImageType]) -> Iterator[Callable[[list[Embedding]], None]]:
        """Tell both of LlamaIndex's event systems, which the base class doesn't for images."""
        payload = self.to_payload()
        dispatcher.event(EmbeddingStartEvent(model_dict=payload))
        with self.callback_manager.event(
            CBEventType.EMBEDDING, payload={EventPayload.SERIALIZED: payload}
        ) as event:

            def announce_end(vectors: list[Embedding]) -> None:
                # Handlers count tokens of these, or write them down: no place for bytes.
                names = [image_name(image) for image in images]
                event.on_end({EventPayload.CHUNKS: names, EventPayload.EMBEDDINGS: vectors})
                dispatcher.event(EmbeddingEndEvent(chunks=names, embeddings=vectors))

            yield announce_end

    def _fingerprint(self) -> str | None:
        try:
            return getattr(self._encoder, "fingerprint", None)
        except RagsightError:
            return None  # what is cached may be all that is needed; embedding would say it

    def _named_encoder(self) -> ClipEncoder:
        names = ("revision", "device", "dtype", "backend", "exact", "local_files_only")
        options: dict[str, Any] = {name: getattr(self, name) for name in names}
        if "embed_batch_size" in self.model_fields_set:
            options["batch_size"] = self.embed_batch_size
        return ClipEncoder(self.model_name, **options)

    def _get_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        vectors: list[Embedding] = self._encoder.encode_texts(texts).tolist()
        return vectors

    def _get_image_embeddings(self, img_file_paths: list[ImageType]) -> list[Embedding]:
        images = [i.getvalue() if isinstance(i, BytesIO) else i for i in img_file_paths]
        vectors: list[Embedding] = self._encoder.encode_images(images).tolist()
        return vectors

    def _get_query_embedding(self, query: str) -> Embedding:
        return self._get_text_embeddings([query])[0]

    def _get_text_embedding(self, text: str) -> Embedding:
        return self._get_text_embeddings([text])[0]

    def _get_image_embedding(self, img_file_path: ImageType) -> Embedding:
        return self._get_image_embeddings([img_file_path])[0]

    async def _aget_text_embeddings(self, texts: list[str]) -> list[Embedding]:
        return await asyncio.to_thread(self._get_text_embeddings, texts)

    async def _aget_image_embeddings(self, img_file_paths: list[ImageType]) -> list[Embedding]:
        return await asyncio.to_thread(self._get_image_embeddings, img_file_paths)

    async def _aget_query_embedding(self, query: str) -> Embedding:
        return await asyncio.to_thread(self._get_query_embedding, query)

    async def _aget_text_embedding(self, text: str) -> Embedding:
        return await asyncio.to_thread(self._get_text_embedding, text)

    async def _aget_image_embedding(self, img_file_path: ImageType) -> Embedding:
        return await asyncio.to_thread(self._get_image_embedding, img_file_path)


def _by_modality(
    nodes: Sequence[BaseNode],
) -> tuple[list[tuple[BaseNode, ImageType]], list[tuple[BaseNode, str]]]:
    images: list[tuple[BaseNode, ImageType]] = []
    texts: list[tuple[BaseNode, str]] = []
    for node in nodes:
        image = node_image(node)
        if image is None:
            texts.append((node, node.get_content(metadata_mode=MetadataMode.EMBED)))
        else:
            images.append((node, BytesIO(image) if isinstance(image, bytes) else image))
    return images, texts


def _assign(nodes: Sequence[BaseNode], vectors: Sequence[Embedding]) -> None:
    for node, vector in zip(nodes, vectors, strict=True):
        node.embedding = vector
