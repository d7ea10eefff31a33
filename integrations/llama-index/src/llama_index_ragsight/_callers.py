"""Who is asking: what two of LlamaIndex's interfaces need and don't hand over.

A transformation isn't shown the nodes that it is hashed with, and a vector store isn't told
whether an index restricts a query or merely lists its images. Without that, two images are taken
for one, and an index of images and texts finds no text. LlamaIndex has no hook for either, so
these functions look up the stack. They change nothing there; where they find nothing, the plain
behaviour stays.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from types import FrameType

from llama_index.core.ingestion.pipeline import get_transformation_hash
from llama_index.core.retrievers import VectorIndexRetriever
from llama_index.core.schema import BaseNode
from llama_index.core.vector_stores.types import BasePydanticVectorStore

_FURTHEST = 12
"""How far up is looked: wrappers and subclasses of a user's own may stand in between."""


def nodes_being_hashed() -> Sequence[BaseNode] | None:
    """The nodes whose key in a pipeline's cache is being made; None if none is."""
    for frame in _callers():
        if frame.f_code is get_transformation_hash.__code__:
            nodes: Sequence[BaseNode] = frame.f_locals["nodes"]
            return nodes
    return None


def retriever_asking(store: BasePydanticVectorStore) -> VectorIndexRetriever | None:
    """The retriever of an index that is asking a vector store; None if another one asks."""
    for frame in _callers():
        caller = frame.f_locals.get("self")
        if isinstance(caller, VectorIndexRetriever):
            return caller if caller._vector_store is store else None
    return None


def _callers() -> Iterator[FrameType]:
    """Frames from the caller's caller upwards."""
    return islice(_frames(sys._getframe(2)), _FURTHEST)


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back
