"""CLIP embeddings of text and images in one space."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from io import BytesIO
from typing import Any

from llama_index.core.base.embeddings.base import Embedding
from llama_index.core.bridge.pydantic import Field, PrivateAttr
from llama_index.core.embeddings import MultiModalEmbedding
from llama_index.core.schema import BaseNode, ImageType, MetadataMode

from llama_index_ragsight._images import node_image
from ragsight import DEFAULT_MODEL, ClipEncoder, ImageTextEncoder


class ClipEmbedding(MultiModalEmbedding):
    """Embeds texts and images into the space of one CLIP-family checkpoint, vectors of length 1.

    As a transformation it embeds nodes with an image by their pixels and the others by their
    text. Nothing is loaded before the first embedding is asked for, and the async methods leave
    the event loop free.

    Args:
        model_name: Name on the model hub, a local folder, or `ragsight-demo`.
        encoder: An encoder to use instead of a checkpoint of that name.
        **fields: `revision`, `device`, `local_files_only`, `embed_batch_size` and the fields of
            LlamaIndex's embeddings.

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
        **fields: Any,
    ) -> None:
        if encoder is not None:
            model_name = encoder.spec.name
            fields["revision"] = encoder.spec.revision
        super().__init__(model_name=model_name, **fields)
        self._encoder = encoder if encoder is not None else self._named_encoder()

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

    def _named_encoder(self) -> ClipEncoder:
        return ClipEncoder(
            self.model_name,
            revision=self.revision,
            device=self.device,
            batch_size=self.embed_batch_size,
            local_files_only=self.local_files_only,
        )

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
