from __future__ import annotations

import asyncio
import base64
import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings
from langchain_tests.unit_tests import EmbeddingsUnitTests

from drawings import noise
from langchain_ragsight import ClipEmbeddings, EmbeddingsTextEncoder
from ragsight import ClipEncoder, MultimodalStore, TextEncoder
from ragsight.encoders.cache import EmbeddingCache
from ragsight.errors import ConfigurationError, EncoderError, ImageError
from ragsight.images import image_ref


class TestClipEmbeddings(EmbeddingsUnitTests):
    @property
    def embeddings_class(self) -> type[Embeddings]:
        return ClipEmbeddings

    @property
    def embedding_model_params(self) -> dict[str, Any]:
        return {"model": "ragsight-demo", "batch_size": 4}


@pytest.fixture
def embeddings(encoder: ClipEncoder) -> ClipEmbeddings:
    return ClipEmbeddings(encoder=encoder)


def test_images_and_texts_get_the_encoders_own_vectors(
    embeddings: ClipEmbeddings, encoder: ClipEncoder
) -> None:
    images = [noise(0), noise(1)]

    np.testing.assert_allclose(
        embeddings.embed_images(images), encoder.encode_images(images), atol=1e-6
    )
    np.testing.assert_allclose(
        embeddings.embed_query("red"), encoder.encode_texts(["red"])[0], atol=1e-6
    )
    np.testing.assert_allclose(
        embeddings.embed_image(noise(0)), encoder.encode_images(images)[0], atol=1e-6
    )
    assert type(embeddings.embed_image(noise(0))[0]) is float


def test_an_image_may_be_given_in_any_form(embeddings: ClipEmbeddings, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    noise(1).save(path)
    data = path.read_bytes()
    uri = f"data:image/png;base64,{base64.b64encode(data).decode()}"
    forms = [path, str(path), path.as_uri(), data, uri, noise(1), image_ref(path)]

    rows = embeddings.embed_images(forms)

    np.testing.assert_allclose(rows, [embeddings.embed_image(noise(1))] * len(forms), atol=1e-5)


def test_a_url_goes_through_the_safe_fetcher(embeddings: ClipEmbeddings) -> None:
    with pytest.raises(ImageError, match="isn't public"):
        embeddings.embed_image("http://127.0.0.1/a.png")


async def test_an_image_that_cannot_be_opened_costs_only_itself(
    embeddings: ClipEmbeddings,
) -> None:
    images = [noise(0), b"no image", noise(1)]
    skipped: dict[int, Exception] = {}

    rows = embeddings.embed_images(images, on_skip=skipped.__setitem__)
    assert await embeddings.aembed_images(images, on_skip=skipped.__setitem__) == rows

    assert (len(rows), list(skipped)) == (2, [1])
    with pytest.raises(ImageError, match="not an image"):
        embeddings.embed_images(images)


def test_with_a_cache_nothing_is_embedded_twice(
    clip_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    noise(1).save(path)
    first = ClipEmbeddings(str(clip_folder), cache=tmp_path / "cache.sqlite")
    vectors = first.embed_image(path), first.embed_query("red")

    # Another object, as after a restart; one that has no model any more.
    again = pickle.loads(pickle.dumps(first))
    monkeypatch.setattr(again.encoder.encoder, "encode_images", None)
    monkeypatch.setattr(again.encoder.encoder, "encode_texts", None)
    assert (again.embed_image(path), again.embed_query("red")) == vectors
    shared = ClipEmbeddings(str(clip_folder), cache=EmbeddingCache(tmp_path / "cache.sqlite"))
    assert shared.embed_image(path) == vectors[0]


async def test_images_are_embedded_beside_the_event_loop(encoder: ClipEncoder) -> None:
    loop_thread = threading.get_ident()
    used: list[int] = []

    class Watching(ClipEncoder):
        def encode_images(self, *args: Any, **kwargs: Any) -> Any:
            used.append(threading.get_ident())
            return encoder.encode_images(*args, **kwargs)

    embeddings = ClipEmbeddings(encoder=Watching("unused"))
    one, many = await asyncio.gather(
        embeddings.aembed_image(noise(0)), embeddings.aembed_images([noise(0)])
    )

    np.testing.assert_allclose(one, many[0], atol=1e-6)
    assert len(used) == 2
    assert loop_thread not in used


def test_embeddings_can_be_pickled(clip_folder: Path) -> None:
    embeddings = ClipEmbeddings(str(clip_folder), batch_size=2)
    before = embeddings.embed_query("red")

    assert pickle.loads(pickle.dumps(embeddings)).embed_query("red") == pytest.approx(before)


def test_a_model_beside_an_encoder_is_refused(encoder: ClipEncoder) -> None:
    with pytest.raises(ConfigurationError, match="not both"):
        ClipEmbeddings("ragsight-demo", encoder=encoder)


def test_no_texts_give_no_vectors(embeddings: ClipEmbeddings) -> None:
    assert embeddings.embed_documents([]) == []


def test_langchain_embeddings_serve_a_stores_dense_text_search(encoder: ClipEncoder) -> None:
    from drawings import text_chunk
    from langchain_ragsight import MultimodalRetriever

    texts = EmbeddingsTextEncoder(DeterministicFakeEmbedding(size=8), name="fake")
    assert isinstance(texts, TextEncoder)
    with MultimodalStore.open(":memory:", encoder=encoder, text_encoder=texts) as store:
        store.upsert([text_chunk("The valve opens.")])
        only_dense = {"bm25": 0, "text_to_image": 0}
        (found,) = MultimodalRetriever(store=store, weights=only_dense).invoke("The valve opens.")

    (channel,) = found.metadata["ragsight"]["channels"]
    assert channel["channel"] == "dense"
    assert channel["score"] == pytest.approx(1, abs=1e-5)


def test_vectors_of_another_dimension_are_refused() -> None:
    texts = EmbeddingsTextEncoder(DeterministicFakeEmbedding(size=8), name="fake", dimension=9)

    with pytest.raises(EncoderError, match="9 dimensions"):
        texts.encode_queries(["x"])


def test_several_uris_are_embedded_as_chroma_asks_for_them(
    embeddings: ClipEmbeddings, tmp_path: Path
) -> None:
    paths = [tmp_path / f"{seed}.png" for seed in range(2)]
    for seed, path in enumerate(paths):
        noise(seed).save(path)
    vectors = embeddings.embed_image(uris=[str(path) for path in paths])
    np.testing.assert_allclose(vectors, embeddings.embed_images([noise(0), noise(1)]), atol=1e-6)
    with pytest.raises(ConfigurationError, match="not both"):
        embeddings.embed_image()  # type: ignore[call-overload]
