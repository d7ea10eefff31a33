"""What can be dumped and loaded: documents and messages; not what holds an index or a model."""

from __future__ import annotations

import inspect
import json
import warnings
from typing import Any

import pytest
from langchain_core.load import dumpd, dumps, loads

from langchain_ragsight import (
    ClipEmbeddings,
    MultimodalRetriever,
    MultimodalVectorStore,
    VisionSynthesizer,
    create_multimodal_retriever_tool,
    document_to_chunk,
    multimodal_prompt,
)
from ragsight import ClipEncoder, MultimodalStore
from ragsight.testing import FakeVisionBackend


def _loaded(text: str, allowed: str) -> Any:
    with warnings.catch_warnings():
        # Loading is in beta there, and says so.
        warnings.simplefilter("ignore")
        # Early releases of 1.x know no such limit.
        is_limited = "allowed_objects" in inspect.signature(loads).parameters
        return loads(text, **({"allowed_objects": allowed} if is_limited else {}))


def test_documents_with_images_come_back_and_lead_to_the_same_chunks(
    store: MultimodalStore,
) -> None:
    found = MultimodalRetriever(store=store).invoke("the valve")

    again = _loaded(dumps(found), "core")

    assert again == found
    assert list(map(document_to_chunk, again)) == list(map(document_to_chunk, found))


def test_messages_with_images_come_back(store: MultimodalStore) -> None:
    found = MultimodalRetriever(store=store).invoke("the valve")
    messages = multimodal_prompt("When does it open?", found)

    assert _loaded(dumps(messages), "messages") == messages


def test_a_tools_message_comes_back_with_its_artifact(store: MultimodalStore) -> None:
    tool = create_multimodal_retriever_tool(
        MultimodalRetriever(store=store), "search", "Finds parts."
    )
    message = tool.invoke(
        {"name": "search", "args": {"query": "valve"}, "id": "1", "type": "tool_call"}
    )

    assert _loaded(dumps(message), "core") == message


def test_what_holds_an_index_or_a_model_says_that_it_cannot_be_loaded(
    store: MultimodalStore, encoder: ClipEncoder
) -> None:
    for component in (
        MultimodalRetriever(store=store),
        MultimodalVectorStore(store),
        VisionSynthesizer(FakeVisionBackend()),
        ClipEmbeddings(encoder=encoder),
    ):
        dumped = dumpd(component)
        assert dumped["type"] == "not_implemented"
        assert dumped["id"][-1] == type(component).__name__
        with pytest.raises(NotImplementedError, match=type(component).__name__):
            _loaded(json.dumps(dumped), "all")
