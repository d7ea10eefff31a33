"""Which encoders a store is opened with."""

from __future__ import annotations

from langchain_core.embeddings import Embeddings
from langchain_core.runnables import run_in_executor

from langchain_ragsight.embeddings import ClipEmbeddings, EmbeddingsTextEncoder
from ragsight import ClipEncoder, ImageTextEncoder, MultimodalStore, TextEncoder


def choose_encoders(
    embedding: Embeddings | None, encoder: ImageTextEncoder | ClipEmbeddings | None
) -> tuple[ImageTextEncoder, TextEncoder | None]:
    """The encoder of images, and that of dense text if there is one.

    `ClipEmbeddings` by themselves encode the images. Any other embeddings, or these beside an
    `encoder`, encode the texts.
    """
    if encoder is None and isinstance(embedding, ClipEmbeddings):
        encoder, embedding = embedding, None
    images = encoder if encoder is not None else ClipEncoder()
    if isinstance(images, ClipEmbeddings):
        images = images.encoder
    texts = None
    if embedding is not None:
        texts = EmbeddingsTextEncoder(embedding, name=_model_name(embedding))
    return images, texts


async def achoose_encoders(
    embedding: Embeddings | None, encoder: ImageTextEncoder | ClipEmbeddings | None
) -> tuple[ImageTextEncoder, TextEncoder | None]:
    """The same, and what they ask a model for on opening is asked in a thread."""

    def chosen() -> tuple[ImageTextEncoder, TextEncoder | None]:
        images, texts = choose_encoders(embedding, encoder)
        for one in (images, texts):
            if one is not None:
                one.spec  # noqa: B018 - kept from here on
        return images, texts

    return await run_in_executor(None, chosen)


def store_embeddings(store: MultimodalStore) -> Embeddings | None:
    """The embeddings that `similarity_search` asks with."""
    if isinstance(store.text_encoder, EmbeddingsTextEncoder):
        return store.text_encoder.embeddings
    if store.text_encoder is not None:
        return _EncoderEmbeddings(store.text_encoder)
    return ClipEmbeddings(encoder=store.encoder) if store.has_encoder else None


class _EncoderEmbeddings(Embeddings):
    """Ragsight's text encoder as embeddings."""

    def __init__(self, encoder: TextEncoder) -> None:
        self.encoder = encoder

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        rows: list[list[float]] = self.encoder.encode_documents(texts).tolist()
        return rows

    def embed_query(self, text: str) -> list[float]:
        row: list[float] = self.encoder.encode_queries([text])[0].tolist()
        return row


def _model_name(embedding: Embeddings) -> str:
    """A name that is kept with the index, so that other embeddings are refused later."""
    kind = type(embedding).__name__
    if isinstance(embedding, ClipEmbeddings):
        return f"{kind}:{embedding.encoder.spec.name}"
    for attribute in ("model", "model_name", "model_id"):
        name = getattr(embedding, attribute, None)
        if isinstance(name, str) and name:
            return f"{kind}:{name}"
    return kind
