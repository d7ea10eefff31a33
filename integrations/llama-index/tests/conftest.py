# ruff: noqa: ARG002 - a double has the signatures of what it stands for
from __future__ import annotations

import os
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

# No test may ask the model hub: what needs it fails at once, here as on a machine without network.
os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    CompletionResponse,
    ImageBlock,
    LLMMetadata,
    MessageRole,
)
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.llms import LLM
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback

from checkpoints import make_clip
from memory_disk import prefer_memory
from ragsight import BlobStore, ClipEncoder, MultimodalStore, open_image

prefer_memory()


class WordEmbedding(BaseEmbedding):
    """Texts that share words are near: a random direction for each word, added up."""

    model_name: str = "words"
    dimension: int = 24

    @classmethod
    def class_name(cls) -> str:
        return "WordEmbedding"

    def _get_text_embedding(self, text: str) -> list[float]:
        total = np.full(self.dimension, 1e-3)
        for word in text.lower().split():
            seed = list(word.strip(".,?!:").encode())
            total += np.random.default_rng(seed).standard_normal(self.dimension)
        return list((total / np.linalg.norm(total)).tolist())

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


class ScriptedLLM(LLM):
    """A multimodal chat model of LlamaIndex's that replies as told and remembers what it got."""

    is_chat_model: bool = True
    _replies: list[str] = PrivateAttr()
    _heard: list[list[ChatMessage]] = PrivateAttr(default_factory=list)
    _prompts: list[str] = PrivateAttr(default_factory=list)

    def __init__(self, *replies: str, is_chat_model: bool = True) -> None:
        super().__init__(is_chat_model=is_chat_model)
        self._replies = list(replies)

    @classmethod
    def class_name(cls) -> str:
        return "ScriptedLLM"

    @property
    def metadata(self) -> LLMMetadata:
        return LLMMetadata(
            context_window=100_000, num_output=256, is_chat_model=self.is_chat_model,
            model_name="scripted",
        )  # fmt: skip

    @property
    def requests(self) -> list[list[ChatMessage]]:
        """The messages of each request."""
        return self._heard

    @property
    def prompts(self) -> list[str]:
        """What it was asked to complete."""
        return self._prompts

    @property
    def images(self) -> list[bytes]:
        """The pixels of all images that it was sent."""
        blocks = [b for messages in self._heard for m in messages for b in m.blocks]
        return [
            open_image(block.resolve_image().read()).tobytes()
            for block in blocks
            if isinstance(block, ImageBlock)
        ]

    @property
    def text(self) -> str:
        """All text that it was sent."""
        return "\n".join(str(m.content) for messages in self._heard for m in messages)

    def _next(self) -> str:
        return self._replies.pop(0) if len(self._replies) > 1 else self._replies[0]

    def _pieces(self, messages: Sequence[ChatMessage]) -> Iterator[ChatResponse]:
        self._heard.append(list(messages))
        so_far = ""
        for word in self._next().split(" "):
            piece = word if not so_far else f" {word}"
            so_far += piece
            message = ChatMessage(role=MessageRole.ASSISTANT, content=so_far)
            counts = {"prompt_tokens": 7, "completion_tokens": 3}
            yield ChatResponse(message=message, delta=piece, additional_kwargs=counts)

    @llm_chat_callback()
    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        return list(self._pieces(messages))[-1]

    @llm_chat_callback()
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        return list(self._pieces(messages))[-1]

    @llm_chat_callback()
    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> Any:
        return self._pieces(messages)

    @llm_chat_callback()
    async def astream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> Any:
        async def pieces() -> AsyncIterator[ChatResponse]:
            for piece in self._pieces(messages):
                yield piece

        return pieces()

    @llm_completion_callback()
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        self._prompts.append(prompt)
        return CompletionResponse(text=self._next())

    @llm_completion_callback()
    async def acomplete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponse:
        self._prompts.append(prompt)
        return CompletionResponse(text=self._next())

    def stream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
        raise NotImplementedError

    async def astream_complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> Any:
        raise NotImplementedError


@pytest.fixture
def words() -> type[WordEmbedding]:
    return WordEmbedding


@pytest.fixture
def scripted() -> type[ScriptedLLM]:
    return ScriptedLLM


@pytest.fixture(scope="session")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="session")
def encoder(clip_folder: Path) -> ClipEncoder:
    """A CLIP with random weights: right in shape, meaningless in content."""
    return ClipEncoder(str(clip_folder))


@pytest.fixture
def image_store(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "images")


@pytest.fixture
def store(encoder: ClipEncoder, image_store: BlobStore) -> Iterator[MultimodalStore]:
    """An empty index whose images can be found by path."""
    with MultimodalStore.open(":memory:", encoder=encoder, blobs=image_store) as opened:
        yield opened
