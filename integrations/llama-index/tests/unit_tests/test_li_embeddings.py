from __future__ import annotations

import asyncio
import base64
import hashlib
import pickle
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from llama_index.core.callbacks import (
    CallbackManager,
    CBEventType,
    LlamaDebugHandler,
    TokenCountingHandler,
)
from llama_index.core.instrumentation import get_dispatcher
from llama_index.core.instrumentation.event_handlers import BaseEventHandler
from llama_index.core.instrumentation.events import BaseEvent
from llama_index.core.instrumentation.events.embedding import (
    EmbeddingEndEvent,
    EmbeddingStartEvent,
)
from llama_index.core.schema import ImageNode, TextNode
from llama_index.core.storage.kvstore import SimpleKVStore

from drawings import cut_jpeg, image_chunk, noise, text_chunk
from llama_index_ragsight import ClipEmbedding, chunk_to_node
from llama_index_ragsight._images import image_name
from ragsight import ClipEncoder
from ragsight.errors import EncoderError, ImageError
from ragsight.images import thumbnail


@pytest.fixture
def embedding(clip_folder: Path) -> ClipEmbedding:
    return ClipEmbedding(str(clip_folder), embed_batch_size=3)


@pytest.fixture
def pictures(tmp_path: Path) -> list[str]:
    paths = [tmp_path / f"{n}.png" for n in range(5)]
    for n, path in enumerate(paths):
        noise(n).save(path)
    return [str(path) for path in paths]


def test_batches_equal_single_calls_and_the_encoder(
    embedding: ClipEmbedding, encoder: ClipEncoder, pictures: list[str]
) -> None:
    images = embedding.get_image_embedding_batch(pictures)
    np.testing.assert_allclose(images, encoder.encode_images(pictures), atol=1e-5)
    np.testing.assert_allclose(embedding.get_image_embedding(pictures[4]), images[4], atol=1e-5)
    words = ["red", "green", "blue", "a longer text"]
    texts = embedding.get_text_embedding_batch(words)
    np.testing.assert_allclose(texts, encoder.encode_texts(words), atol=1e-5)
    np.testing.assert_allclose(embedding.get_query_embedding("blue"), texts[2], atol=1e-5)
    np.testing.assert_allclose(embedding.get_text_embedding("blue"), texts[2], atol=1e-5)


def test_vectors_have_length_1_and_are_plain_floats(
    embedding: ClipEmbedding, pictures: list[str]
) -> None:
    image, text = embedding.get_image_embedding(pictures[0]), embedding.get_text_embedding("red")
    assert np.linalg.norm([image, text], axis=1) == pytest.approx([1, 1], abs=1e-5)
    assert {type(value) for value in (*image, *text)} == {float}


def test_images_may_be_buffers(embedding: ClipEmbedding, pictures: list[str]) -> None:
    buffer = BytesIO(Path(pictures[1]).read_bytes())
    assert embedding.get_image_embedding(buffer) == embedding.get_image_embedding(pictures[1])


async def test_async_gives_what_sync_gives(embedding: ClipEmbedding, pictures: list[str]) -> None:
    assert await embedding.aget_query_embedding("red") == embedding.get_query_embedding("red")
    assert await embedding.aget_text_embedding("red") == embedding.get_text_embedding("red")
    image = await embedding.aget_image_embedding(pictures[0])
    assert image == embedding.get_image_embedding(pictures[0])
    images = await embedding.aget_image_embedding_batch(pictures)
    assert images == embedding.get_image_embedding_batch(pictures)
    texts = await embedding.aget_text_embedding_batch(["red", "blue"])
    assert texts == embedding.get_text_embedding_batch(["red", "blue"])


async def test_the_event_loop_runs_on_while_images_are_embedded(
    embedding: ClipEmbedding, pictures: list[str]
) -> None:
    embedding.get_text_embedding("load the model first")
    task = asyncio.create_task(embedding.aget_image_embedding_batch(pictures * 8))
    turns = 0
    while not task.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns > 10


def nodes_of_both_kinds() -> list[TextNode]:
    return [chunk_to_node(chunk) for chunk in (image_chunk(1, "One"), text_chunk("Two"))]


def test_nodes_are_embedded_by_what_they_are(
    embedding: ClipEmbedding, encoder: ClipEncoder
) -> None:
    image, text = embedding(nodes_of_both_kinds())
    np.testing.assert_allclose(image.embedding, encoder.encode_images([noise(1)])[0], atol=1e-5)
    np.testing.assert_allclose(text.embedding, encoder.encode_texts(["Two"])[0], atol=1e-5)


async def test_nodes_are_embedded_alike_in_async(embedding: ClipEmbedding) -> None:
    in_async = await embedding.acall(nodes_of_both_kinds())
    in_sync = embedding(nodes_of_both_kinds())
    assert [n.embedding for n in in_async] == [n.embedding for n in in_sync]


def test_foreign_image_nodes_are_embedded_by_their_image(
    embedding: ClipEmbedding, pictures: list[str]
) -> None:
    [node] = embedding([ImageNode(image_path=pictures[2], text="whatever")])
    assert node.embedding == embedding.get_image_embedding(pictures[2])


def test_no_nodes_are_no_problem(embedding: ClipEmbedding) -> None:
    assert embedding([]) == []


def test_a_damaged_image_is_named(embedding: ClipEmbedding, tmp_path: Path) -> None:
    path = tmp_path / "cut.jpg"
    path.write_bytes(cut_jpeg())
    with pytest.raises(ImageError, match=r"cut\.jpg"):
        embedding.get_image_embedding(str(path))


def test_nothing_is_loaded_before_it_is_needed(tmp_path: Path) -> None:
    embedding = ClipEmbedding(str(tmp_path / "no-such-model"))
    with pytest.raises(EncoderError):
        embedding.get_text_embedding("red")


def test_dumps_name_the_model_and_nothing_else(clip_folder: Path) -> None:
    embedding = ClipEmbedding(str(clip_folder), device="cpu")
    dump = embedding.to_dict()
    assert dump["class_name"] == "RagsightClipEmbedding"
    assert dump["device"] == "cpu"
    assert embedding.to_payload() == {
        "class_name": "RagsightClipEmbedding",
        "model_name": str(clip_folder),
        "embed_batch_size": 16,
        "revision": None,
    }
    again = ClipEmbedding.from_dict(dump)
    assert again.get_text_embedding("red") == embedding.get_text_embedding("red")


def test_every_option_of_the_encoder_survives_a_dump(clip_folder: Path) -> None:
    embedding = ClipEmbedding(str(clip_folder), exact=True, dtype="float32", backend="torch")
    again = ClipEmbedding.from_dict(embedding.to_dict())
    assert (again.exact, again.dtype, again.backend) == (True, "float32", "torch")
    assert again._encoder.fingerprint == embedding._encoder.fingerprint
    assert again._encoder.fingerprint != ClipEmbedding(str(clip_folder))._encoder.fingerprint


def test_an_encoder_of_ones_own_is_used_and_survives_pickling(encoder: ClipEncoder) -> None:
    embedding = ClipEmbedding(encoder=encoder)
    assert embedding.model_name == encoder.spec.name
    copy = pickle.loads(pickle.dumps(embedding))
    assert copy.get_text_embedding("red") == embedding.get_text_embedding("red")


class Backwards(ClipEncoder):
    """An encoder that no name stands for."""

    def encode_texts(self, texts):
        return -super().encode_texts(texts)


def test_pickling_does_not_exchange_the_encoder(clip_folder: Path, encoder: ClipEncoder) -> None:
    copy = pickle.loads(pickle.dumps(ClipEmbedding(encoder=Backwards(str(clip_folder)))))
    vector = copy.get_text_embedding("red")
    np.testing.assert_allclose(vector, -encoder.encode_texts(["red"])[0], atol=1e-5)


def test_callbacks_hear_of_image_embeddings(clip_folder: Path, pictures: list[str]) -> None:
    handler = LlamaDebugHandler(print_trace_on_end=False)
    embedding = ClipEmbedding(str(clip_folder), callback_manager=CallbackManager([handler]))
    embedding.get_image_embedding_batch(pictures)
    [(start, _end)] = handler.get_event_pairs(CBEventType.EMBEDDING)
    assert start.payload is not None


class Ear(BaseEventHandler):
    """Hears LlamaIndex's newer events."""

    @classmethod
    def class_name(cls) -> str:
        return "Ear"

    def handle(self, event: BaseEvent, **_kwargs: Any) -> None:
        HEARD.append(event)


HEARD: list[BaseEvent] = []


@pytest.fixture
def heard() -> Iterator[list[BaseEvent]]:
    dispatcher = get_dispatcher("llama_index_ragsight.embeddings")
    ear = Ear()
    dispatcher.add_event_handler(ear)
    HEARD.clear()
    yield HEARD
    dispatcher.event_handlers.remove(ear)


async def test_events_tell_of_images_by_path_or_digest(
    embedding: ClipEmbedding, pictures: list[str], heard: list[BaseEvent]
) -> None:
    buffer = BytesIO(thumbnail(noise(1)))
    vectors = embedding.get_image_embedding_batch([pictures[0], buffer])
    start, end = heard
    assert isinstance(start, EmbeddingStartEvent)
    assert start.model_dict == embedding.to_payload()
    assert isinstance(end, EmbeddingEndEvent)
    digest = hashlib.sha256(buffer.getvalue()).hexdigest()
    assert (end.chunks, end.embeddings) == ([pictures[0], f"sha256:{digest}"], vectors)

    await embedding.aget_image_embedding(pictures[0])
    embedding.get_image_embedding(pictures[0])
    await embedding.aget_image_embedding_batch(pictures)
    assert [type(event) for event in heard] == [EmbeddingStartEvent, EmbeddingEndEvent] * 4


def test_events_hold_neither_secrets_nor_content(
    embedding: ClipEmbedding, pictures: list[str], heard: list[BaseEvent]
) -> None:
    uri = f"data:image/png;base64,{base64.b64encode(Path(pictures[0]).read_bytes()).decode()}"
    embedding.get_image_embedding(uri)
    assert isinstance(heard[-1], EmbeddingEndEvent)
    assert heard[-1].chunks == [f"data URI of {len(uri):,} characters"]
    assert image_name("https://me:key@x.org/a.png?sig=key") == "https://x.org/a.png?…"


def test_tokens_of_images_in_memory_can_be_counted(clip_folder: Path, pictures: list[str]) -> None:
    counter = TokenCountingHandler(tokenizer=str.split)
    embedding = ClipEmbedding(str(clip_folder), callback_manager=CallbackManager([counter]))
    embedding.get_image_embedding_batch([BytesIO(Path(pictures[0]).read_bytes())])
    assert counter.total_embedding_token_count == 1


def test_images_are_embedded_many_at_a_time(
    encoder: ClipEncoder, pictures: list[str], heard: list[BaseEvent]
) -> None:
    sizes: list[int] = []

    class Watching(ClipEncoder):
        def encode_images(self, images, **options):
            sizes.append(len(images))
            return encoder.encode_images(images, **options)

    embedding = ClipEmbedding(encoder=Watching(encoder.spec.name), embed_batch_size=2)
    vectors = embedding.get_image_embedding_batch(pictures * 5, show_progress=False)
    assert sizes == [16, 9]
    assert len(heard) == 4
    np.testing.assert_allclose(vectors, encoder.encode_images(pictures * 5), atol=1e-5)
    assert embedding.get_image_embedding_batch([]) == []


def test_llama_indexs_own_cache_serves_texts_and_leaves_images_alone(
    clip_folder: Path, pictures: list[str]
) -> None:
    embedding = ClipEmbedding(str(clip_folder), embeddings_cache=SimpleKVStore())
    first = embedding.get_image_embedding_batch(pictures), embedding.get_text_embedding("red")
    again = embedding.get_image_embedding_batch(pictures), embedding.get_text_embedding("red")
    assert first == again
    assert list(embedding.embeddings_cache.get_all("embeddings")) == ["red"]


def test_with_a_cache_nothing_is_embedded_twice(
    clip_folder: Path, pictures: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedding = ClipEmbedding(str(clip_folder), cache=tmp_path / "cache.sqlite")
    buffer = BytesIO(Path(pictures[0]).read_bytes())
    vectors = embedding.get_image_embedding_batch(pictures), embedding.get_text_embedding("red")
    copy = pickle.loads(pickle.dumps(embedding))
    monkeypatch.setattr(copy._encoder.encoder, "encode_images", None)
    monkeypatch.setattr(copy._encoder.encoder, "encode_texts", None)
    again = copy.get_image_embedding_batch(pictures), copy.get_text_embedding("red")
    assert again == vectors
    assert copy.get_image_embedding(buffer) == vectors[0][0]
    assert embedding.to_dict() == ClipEmbedding(str(clip_folder)).to_dict()
