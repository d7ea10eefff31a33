"""ragsight as a contender of `search.py`."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from search_data import (
    DEPTH,
    DIMENSION,
    FILTERED_TO,
    Block,
    FloatArray,
    K,
    Question,
    id_of,
    number_of,
)

from ragsight import (
    Chunk,
    EncoderSpec,
    ImageRef,
    MultimodalRetriever,
    MultimodalStore,
    Query,
    Source,
    image_ref,
    parse_filter,
)
from ragsight.store import ScoredPoint, VectorSearch

FILTERS: dict[str, Any] = {
    "1% filter": {"percent": FILTERED_TO["1% filter"]},
    "10% filter": {"percent": {"lt": FILTERED_TO["10% filter"]}},
}
PARSED = {case: parse_filter(filter_) for case, filter_ in FILTERS.items()}
"""As `MultimodalStore.search` takes them."""


class PrecomputedEncoder:
    """Gives texts and images vectors that were computed before, so that only search is measured."""

    def __init__(self, spec: EncoderSpec | None = None) -> None:
        self.spec = spec if spec is not None else EncoderSpec("precomputed", None, DIMENSION)
        self.vectors: dict[str, FloatArray] = {}

    def encode_texts(self, texts: Sequence[str]) -> FloatArray:
        """The vectors of texts."""
        return np.stack([self.vectors[text] for text in texts])

    encode_documents = encode_texts
    encode_queries = encode_texts

    def encode_images(self, images: Iterable[Any], *, on_skip: object = None) -> FloatArray:
        """The vectors of images, by their URIs."""
        del on_skip
        return np.stack([self.vectors[image.uri] for image in images])


class OurStore:
    """ragsight's embedded engine, asked through the retriever or through `MultimodalStore.search`.

    Products are chunks with a text and an image. They share the bytes of one image: the others
    store none, and these would not be searched.
    """

    def __init__(self, encoder: PrecomputedEncoder | None = None) -> None:
        self.encoder = encoder if encoder is not None else PrecomputedEncoder()
        self.text_encoder: PrecomputedEncoder | None = None
        self._image = _tiny_image()

    def open(self, folder: Path) -> None:
        """Open the store."""
        self.store = MultimodalStore.open(
            folder, encoder=self.encoder, text_encoder=self.text_encoder
        )
        self.retriever = MultimodalRetriever(self.store, k=K)

    def add(self, block: Block) -> None:
        """Write products, as one call of `upsert`."""
        self.store.upsert(self.chunks(block))

    def chunks(self, block: Block) -> list[Chunk]:
        """Products as chunks; the encoder is told their vectors."""
        self.encoder.vectors = {
            f"row:{n}": row for n, row in zip(block.numbers, block.vectors, strict=True)
        }
        return [
            Chunk(
                text=text,
                image=replace(self._image, uri=f"row:{n}"),
                source=Source(uri="/products.csv", part=f"row {n}"),
                metadata={"percent": n % 100},
                kind="product",
                id=id_of(n),
            )
            for n, text in zip(block.numbers, block.texts, strict=True)
        ]

    def build(self) -> None:
        """Build the graphs."""
        self.store.optimize()

    def ask(self, case: str, question: Question) -> Any:
        """Search as callers do."""
        return self.retriever.retrieve(self.query(case, question))

    def query(self, case: str, question: Question) -> Query:
        """A question of a case, for the retriever."""
        self.encoder.vectors = {question.text: question.vector}
        weights: Any = {} if case == "hybrid" else {"bm25": 0.0}
        return Query(text=question.text, k=K, filter=FILTERS.get(case), weights=weights)

    def ask_store(self, case: str, question: Question) -> list[ScoredPoint]:
        """Search without the retriever; in the hybrid case nothing is fused."""
        if case == "hybrid":
            words = self.store.bm25.encode_query(question.text)
            self.store.search("text", [VectorSearch("bm25", words, DEPTH, with_payload=False)])
            image = VectorSearch("clip", question.vector, DEPTH, with_payload=False)
        else:
            image = VectorSearch("clip", question.vector, K, PARSED.get(case))
        return self.store.search("image", [image])[0]

    def numbers(self, answer: Any) -> list[int]:
        """The products in an answer."""
        return [
            number_of(item.id if isinstance(item, ScoredPoint) else item.chunk.id)
            for item in answer
        ]

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def _tiny_image() -> ImageRef:
    file = io.BytesIO()
    Image.new("RGB", (8, 8)).save(file, "PNG")
    data = file.getvalue()
    return replace(image_ref(data), data=data)
