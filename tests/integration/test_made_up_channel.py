"""A channel that ragsight doesn't know: two rows and an encoder, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from langchain_core.documents import Document
from llama_index.core.vector_stores import VectorStoreQuery
from PIL import Image

from langchain_ragsight import MultimodalVectorStore as LangChainStore
from llama_index_ragsight import MultimodalVectorStore as LlamaIndexStore
from ragsight import (
    Chunk,
    ClipEncoder,
    LabelledQuery,
    MultimodalRetriever,
    MultimodalStore,
    Source,
    evaluate,
    image_ref,
)
from ragsight.encoders import EncoderSpec, FloatArray
from ragsight.errors import ConfigurationError, EncoderMismatchError, QueryError
from ragsight.images import ImageSource, open_image
from ragsight.retrieval import Hits
from ragsight.spaces import SPACES, Channel, VectorSpace

MEANING = "its colours are those of the image that asks"
ONLY = {"bm25": 0, "dense": 0, "text_to_image": 0, "image_to_image": 0, "colour": 1}


class Colours:
    """An image's mean colour."""

    spec = EncoderSpec("colours", None, 3)

    def encode_images(self, images: Iterable[ImageSource], **_: Any) -> FloatArray:
        pixels = [np.asarray(open_image(image).convert("RGB")) for image in images]
        rows = [pixel.reshape(-1, 3).mean(0) + 1 for pixel in pixels]
        return np.asarray(rows, dtype=np.float32).reshape(-1, 3)


class ColourParts(Colours):
    """An image's colours, several of them: its halves'."""

    def encode_images(self, images: Iterable[ImageSource], **_: Any) -> Any:
        pixels = [np.asarray(open_image(image).convert("RGB")) for image in images]
        return [
            np.stack([part.reshape(-1, 3).mean(0) + 1 for part in np.array_split(pixel, 2, axis=1)])
            for pixel in pixels
        ]


@pytest.fixture(params=["dense", "multi"])
def encoder(request: pytest.FixtureRequest) -> Iterator[Colours]:
    SPACES.add(
        VectorSpace("colours", "image", request.param),
        Channel(name="colour", space="colours", asked_by="image", weight=0.5, meaning=MEANING),
    )
    yield Colours() if request.param == "dense" else ColourParts()
    SPACES.remove("colours")


def painted(colour: str) -> Chunk:
    image = image_ref(Image.new("RGB", (32, 32), colour))
    return Chunk(text=f"A {colour} square", image=image, source=Source(uri=f"{colour}.png"))


def opened(place: str, encoder: Colours) -> MultimodalStore:
    clip = ClipEncoder("ragsight-demo")
    return MultimodalStore.open(place, encoder=clip, encoders={"colours": encoder})


@pytest.mark.parametrize("kind", [":memory:", "folder"])
def test_a_made_up_channel_goes_all_the_way(kind: str, encoder: Colours, tmp_path: Path) -> None:
    chunks = {colour: painted(colour) for colour in ("red", "green", "blue")}
    with opened(kind if kind == ":memory:" else str(tmp_path / "index"), encoder) as store:
        assert store.upsert([*chunks.values(), Chunk(text="red", source=Source(uri="t"))]) == 4
        assert "colours" in store.vectors(chunks["red"].id)

        retriever = MultimodalRetriever(store)
        query = Image.new("RGB", (32, 32), "#d01010")
        query.save(tmp_path / "query.png")
        hits = retriever.retrieve("red square", image=query)
        assert hits[0].chunk.id == chunks["red"].id
        assert "colour #1" in hits[0].why
        assert MEANING in Hits(hits)._repr_html_()
        alone = retriever.retrieve(
            image=query, weights=ONLY, filter={"source": {"in": ["blue.png", "green.png"]}}
        )
        assert {hit.chunk.source.uri for hit in alone} == {"blue.png", "green.png"}
        assert [channel.channel for channel in alone[0].channels] == ["colour"]
        like = retriever.more_like(chunks["red"].id, weights=ONLY)
        assert {hit.chunk.source.uri for hit in like} == {"blue.png", "green.png"}
        labelled = [
            LabelledQuery(id="1", image=tmp_path / "query.png", relevant={chunks["red"].id: 1})
        ]
        assert "colour" in [run.name for run in evaluate(retriever, labelled, k=2).runs]

        store.export(tmp_path / "export")
        langchain = LangChainStore(store)
        langchain.add_documents([Document(page_content="grey square")])
        found = langchain.similarity_search({"image": query}, k=1, mode="hybrid", weights=ONLY)
        assert found[0].page_content == "A red square"
        nodes = LlamaIndexStore(store).query(
            VectorStoreQuery(similarity_top_k=1), image=query, weights=ONLY
        )
        assert nodes.nodes is not None
        assert nodes.nodes[0].metadata["ragsight"]["channels"][0]["channel"] == "colour"

    place = str(tmp_path / "restored")
    with MultimodalStore.restore(
        tmp_path / "export", place, encoders={"colours": encoder}
    ) as restored:
        assert restored.profile.spaces["colours"].encoder == encoder.spec
        ranked = MultimodalRetriever(restored).retrieve(image=query, weights=ONLY)
        assert ranked[0].chunk.id == chunks["red"].id


def test_an_index_says_which_spaces_it_has_and_refuses_another_encoder(
    encoder: Colours, tmp_path: Path
) -> None:
    opened(str(tmp_path), encoder).close()
    other = type(encoder)()
    other.spec = EncoderSpec("other colours", None, 3)
    with pytest.raises(EncoderMismatchError, match="colours"):
        opened(str(tmp_path), other)
    SPACES.remove("colours")
    profile = MultimodalStore.profile_at(tmp_path)
    assert profile is not None
    assert set(profile.spaces) == {"bm25", "clip", "colours"}
    SPACES.add(profile.spaces["colours"].space)


def test_chunks_are_not_written_without_the_encoder_of_their_images(
    encoder: Colours, tmp_path: Path
) -> None:
    opened(str(tmp_path), encoder).close()
    with (
        MultimodalStore.open(tmp_path, encoder=ClipEncoder("ragsight-demo")) as store,
        pytest.raises(ConfigurationError, match="'colours'"),
    ):
        store.upsert([painted("red")])


def test_an_encoder_of_no_space_and_a_channel_of_no_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="no vector space 'colours'"):
        opened(":memory:", Colours())
    with opened_plain() as store, pytest.raises(QueryError, match="no channel 'colour'"):
        MultimodalRetriever(store).retrieve("red", weights={"colour": 1})


class Lengths:
    """Says of a text how long it is."""

    spec = EncoderSpec("lengths", None, 2)

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        return np.array([[len(text), 1] for text in texts], dtype=np.float32)

    encode_queries = encode_documents


@pytest.mark.parametrize("kind", [":memory:", "folder"])
def test_an_index_may_have_texts_alone_and_shows_the_images_beside_them(
    kind: str, tmp_path: Path
) -> None:
    place = kind if kind == ":memory:" else str(tmp_path)
    with MultimodalStore.open(place, text_encoder=Lengths()) as store:
        assert store.upsert([painted("red")]) == 1
        assert set(store.spaces) == {"bm25", "dense"}
        [hit] = MultimodalRetriever(store).retrieve("red")
        assert [channel.channel for channel in hit.channels] == ["bm25", "dense"]
        assert hit.chunk.image is not None
        assert open_image(hit.chunk.image).size == (32, 32)


def opened_plain() -> MultimodalStore:
    return MultimodalStore.open(":memory:", encoder=ClipEncoder("ragsight-demo"))
