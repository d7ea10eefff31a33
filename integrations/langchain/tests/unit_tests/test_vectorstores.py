from __future__ import annotations

import base64
import copy
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.documents import Document
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.messages import HumanMessage
from langchain_core.vectorstores.utils import maximal_marginal_relevance

from drawings import noise
from langchain_ragsight import (
    ClipEmbeddings,
    ImageLoader,
    MultimodalRetriever,
    MultimodalVectorStore,
    chunk_to_document,
    document_to_chunk,
)
from ragsight import ClipEncoder, MultimodalStore, RagsightError, Source, open_image
from ragsight.errors import (
    ConfigurationError,
    EncoderMismatchError,
    ImageError,
    InputError,
    QueryError,
    SourceNotFoundError,
)
from ragsight.images import image_ref
from ragsight.store import SourceRecord

TEXTS = ["the valve opens", "the pump is blue", "a red shoe", "a blue shoe"]
PRICES = [{"price": 10}, {"price": 20}, {"price": 30}, {"price": 40}]
EMBEDDING = DeterministicFakeEmbedding(size=6)


def _png(seed: int) -> bytes:
    buffer = io.BytesIO()
    noise(seed).save(buffer, format="PNG")
    return buffer.getvalue()


def _texts(documents: list[Document]) -> list[str]:
    return [document.page_content for document in documents]


@pytest.fixture
def dense(encoder: ClipEncoder) -> Iterator[MultimodalVectorStore]:
    """Texts with fake embeddings, and images."""
    opened = MultimodalVectorStore.from_texts(TEXTS, EMBEDDING, PRICES, encoder=encoder)
    opened.add_images([noise(0), noise(1)], [{"price": 50}, {"price": 60}], captions=["valve", ""])
    with opened.store:
        yield opened


@pytest.fixture
def clip(encoder: ClipEncoder) -> Iterator[MultimodalVectorStore]:
    """Texts found by their words, and images."""
    embeddings = ClipEmbeddings(encoder=encoder)
    opened = MultimodalVectorStore.from_texts(TEXTS, embeddings, PRICES)
    opened.add_images([noise(0), noise(1)], captions=["valve", ""], ids=["a", "b"])
    with opened.store:
        yield opened


# Adding and reading


def test_metadata_and_ids_come_back_as_they_were_given(dense: MultimodalVectorStore) -> None:
    documents = [
        Document(page_content="x", id="1", metadata={}),
        Document(page_content="y", id="foo/bar ü", metadata={"page": 3, "source": "a.pdf"}),
        Document(page_content="z", id="3", metadata={"tags": ["a", {"b": None}], "ragsight": 7}),
    ]
    before = copy.deepcopy(documents)

    assert dense.add_documents(documents) == ["1", "foo/bar ü", "3"]
    assert dense.get_by_ids(["3", "1", "absent", "foo/bar ü"]) == [before[i] for i in (2, 0, 1)]
    assert documents == before


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=4,
)


@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip),
    id_=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=9),
    metadata=st.dictionaries(
        st.sampled_from(["source", "page", "page_label", "total_pages", "k", "ragsight", "image"]),
        json_values,
        max_size=4,
    ),
)
def test_a_document_of_any_making_survives_the_way_there_and_back(
    text: str, id_: str, metadata: dict[str, Any]
) -> None:
    from langchain_ragsight._convert import stored_document

    document = Document(page_content=text, id=id_, metadata=metadata)

    assert stored_document(document_to_chunk(document)) == document


def test_ids_that_are_given_beat_the_documents_own(dense: MultimodalVectorStore) -> None:
    document = Document(page_content="x", id="own")

    assert dense.add_documents([document], ids=["given"]) == ["given"]
    assert dense.get_by_ids(["own"]) == []
    assert document.id == "own"


def test_documents_without_ids_are_kept_apart_and_adding_them_again_changes_nothing(
    dense: MultimodalVectorStore,
) -> None:
    documents = [
        Document(page_content="same"),
        Document(page_content="same", metadata={"n": 1}),
        Document(page_content="same"),
    ]

    ids = dense.add_documents(documents)

    assert len(set(ids)) == 3
    assert dense.add_documents(documents) == ids
    assert [d.metadata for d in dense.get_by_ids(ids)] == [{}, {"n": 1}, {}]


@pytest.mark.parametrize(
    "arguments", [{"ids": ["1"]}, {"metadatas": [{}, {}, {}]}, {"ids": ["1", "2", "3"]}]
)
def test_there_must_be_one_of_each(arguments: dict[str, Any], dense: MultimodalVectorStore) -> None:
    with pytest.raises(InputError, match="for 2 items"):
        dense.add_texts(["x", "y"], **arguments)


def test_a_document_may_name_its_image_by_path_or_reference(
    clip: MultimodalVectorStore, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    noise(5).save(path)
    documents = [
        Document(page_content="x", metadata={"image": str(path)}, id="path"),
        Document(page_content="", metadata={"image": image_ref(path).to_dict()}, id="reference"),
    ]

    clip.add_documents(documents)

    found = clip.similarity_search_by_image(noise(5), k=2)
    assert {document.id for document in found} == {"path", "reference"}
    for document in found:
        reference = document.metadata.pop("ragsight")
        assert open_image(reference["image"]["uri"]).tobytes() == noise(5).tobytes()
    assert sorted(found, key=lambda d: d.id or "") == documents


def test_another_key_may_name_the_image_or_none(encoder: ClipEncoder, tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    noise(5).save(path)
    document = Document(page_content="x", id="1", metadata={"photo": str(path), "image": "no path"})
    with MultimodalStore.open(":memory:", encoder=encoder) as opened:
        MultimodalVectorStore(opened, image_key="photo").add_documents([document])
        assert opened.counts().images == 1

        MultimodalVectorStore(opened, image_key=None).add_documents([document], ids=["2"])
        (kept,) = MultimodalVectorStore(opened).get_by_ids(["2"])
        assert kept.metadata == document.metadata


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (b"bytes", "type bytes"),
        (7, "type int"),
        ({"uri": "x"}, "no image reference"),
        ("data:image/png;base64,AAAA", "data: URI"),
        ("absent.png", "no such image"),
    ],
)
def test_what_is_no_image_is_refused_or_reported(
    value: Any, message: str, clip: MultimodalVectorStore
) -> None:
    documents = [
        Document(page_content="words", id="1", metadata={"image": value}),
        Document(page_content="", id="2", metadata={"image": value}),
        Document(page_content="good", id="3"),
    ]
    problems: list[RagsightError] = []

    with pytest.raises(InputError, match=message):
        clip.add_documents(documents)

    assert clip.add_documents(documents, on_error=problems.append) == ["1", "3"]
    assert len(problems) == 2
    assert _texts(clip.get_by_ids(["1", "2", "3"])) == ["words", "good"]


def test_an_image_that_cannot_be_decoded_costs_only_itself(clip: MultimodalVectorStore) -> None:
    cut = _png(1)[:200]
    problems: list[RagsightError] = []

    with pytest.raises(ImageError):
        clip.add_images([cut])
    ids = clip.add_images(
        [noise(3), cut, cut, noise(4)],
        captions=["three", "words", "", "four"],
        ids=["3", "x", "y", "4"],
        on_error=problems.append,
    )

    assert ids == ["3", "x", "4"]
    assert len(problems) == 2
    assert _texts(clip.get_by_ids(["3", "x", "y", "4"])) == ["three", "words", "four"]


def test_an_empty_document_is_refused(clip: MultimodalVectorStore) -> None:
    with pytest.raises(InputError, match="neither text nor an image"):
        clip.add_texts(["fine", "  "])


def test_images_come_as_paths_bytes_and_pictures(
    clip: MultimodalVectorStore, tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    noise(5).save(path)
    uri = f"data:image/png;base64,{base64.b64encode(_png(8)).decode()}"

    ids = clip.add_images([path, _png(6), noise(7), uri], [{"n": n} for n in range(4)])

    assert clip.add_images([path, _png(6), noise(7), uri], [{"n": n} for n in range(4)]) == ids
    for seed, document in zip((5, 6, 7, 8), clip.get_by_ids(ids), strict=True):
        assert document.metadata["n"] == seed - 5
        image = document_to_chunk(document).image
        assert image is not None
        assert image.data is None
        assert open_image(image).tobytes() == noise(seed).tobytes()
        assert clip.similarity_search_by_image(noise(seed), k=1)[0].id == document.id


def test_two_images_with_one_caption_stay_two(clip: MultimodalVectorStore) -> None:
    ids = clip.add_images([noise(5), noise(6)], captions=["shoe", "shoe"])

    assert len(set(ids)) == 2
    assert len(clip.get_by_ids(ids)) == 2


def test_documents_of_the_loaders_keep_their_ids_and_their_place(
    clip: MultimodalVectorStore, tmp_path: Path
) -> None:
    noise(5).save(tmp_path / "shoe.png")
    documents = ImageLoader(tmp_path).load()

    assert clip.add_documents(documents) == [documents[0].id]
    (found,) = clip.get_by_ids([documents[0].id or ""])
    assert document_to_chunk(found).source == Source(uri=str(tmp_path / "shoe.png"))
    assert found.metadata["name"] == "shoe"


async def test_all_is_written_and_read_without_blocking_too(encoder: ClipEncoder) -> None:
    opened = await MultimodalVectorStore.afrom_texts(
        ["x", "y"], EMBEDDING, [{}, {"n": 1}], ids=["1", "2"], encoder=encoder
    )
    async with opened.store:
        assert await opened.aadd_texts(["z"], ids=["3"]) == ["3"]
        assert await opened.aadd_images([noise(1)], captions=["w"], ids=["4"]) == ["4"]
        assert _texts(await opened.aget_by_ids(["4", "1", "3", "9"])) == ["w", "x", "z"]
        assert await opened.adelete(["1", "9"])
        assert await opened.adelete(filter={"n": 1})
        assert _texts(await opened.aget_by_ids(["1", "2", "3"])) == ["z"]
        assert await opened.adelete()
        assert await opened.asimilarity_search("z") == []


# Removing


def test_without_ids_all_is_removed_records_of_files_too(dense: MultimodalVectorStore) -> None:
    dense.store.finish_source(SourceRecord("/docs/a.pdf", "f", ()))

    assert dense.delete([])
    assert dense.store.counts().texts > 0
    assert dense.delete()
    counts = dense.store.counts()
    assert (counts.texts, counts.images, counts.sources) == (0, 0, 0)


def test_a_source_or_a_filter_can_be_removed(dense: MultimodalVectorStore) -> None:
    dense.add_texts(["x"], [{"source": "a.pdf"}], ids=["x"])

    dense.delete(source="a.pdf")
    dense.delete(filter={"price": {"lt": 45}})

    assert dense.get_by_ids(["x"]) == []
    assert [c.metadata["price"] for c in dense.store.scroll()] == [50, 60]


# Searching


def test_dense_search_asks_the_embeddings_and_scores_by_cosine(
    dense: MultimodalVectorStore,
) -> None:
    question = "a red shoe"
    own = np.array(EMBEDDING.embed_documents([*TEXTS, "valve"]))
    cosines = own @ EMBEDDING.embed_query(question) / np.linalg.norm(own, axis=1)
    cosines /= np.linalg.norm(EMBEDDING.embed_query(question))
    expected = sorted(zip(cosines, [*TEXTS, "valve"], strict=True), reverse=True)

    found = dense.similarity_search_with_score(question, k=5)

    assert [document.page_content for document, _ in found] == [text for _, text in expected]
    np.testing.assert_allclose([s for _, s in found], [s for s, _ in expected], atol=1e-5)
    assert dense.similarity_search(question, k=5) == [document for document, _ in found]


async def test_searches_are_the_same_without_blocking(dense: MultimodalVectorStore) -> None:
    vector = EMBEDDING.embed_query("x")
    for name, arguments in {
        "similarity_search": ("a red shoe",),
        "similarity_search_with_score": ("a red shoe",),
        "similarity_search_with_relevance_scores": ("a red shoe",),
        "similarity_search_by_vector": (vector,),
        "similarity_search_with_score_by_vector": (vector,),
        "similarity_search_by_image": (noise(0),),
        "similarity_search_by_image_with_score": (noise(0),),
        "max_marginal_relevance_search": ("a red shoe",),
        "max_marginal_relevance_search_by_vector": (vector,),
    }.items():
        found = getattr(dense, name)(*arguments, k=2)
        assert len(found) == 2, name
        assert await getattr(dense, f"a{name}")(*arguments, k=2) == found, name


def test_without_text_embeddings_everything_is_asked_and_fused(
    clip: MultimodalVectorStore,
) -> None:
    found = clip.similarity_search("valve", k=6)

    assert set(_texts(found)) == {"valve", "the valve opens", ""}
    assert found[0].id == "a"


def test_the_mode_can_be_chosen_for_the_store_and_for_a_call(dense: MultimodalVectorStore) -> None:
    images = dense.similarity_search("valve", k=9, mode="image")
    every = MultimodalVectorStore(dense.store, mode="hybrid").similarity_search("valve", k=9)

    assert set(_texts(images)) == {"valve", ""}
    assert set(_texts(every)) == {*TEXTS, "valve", ""}
    assert every[0].page_content == "valve"
    words = {"bm25": 1, "dense": 0, "text_to_image": 0}
    only = dense.similarity_search("valve", k=9, mode="hybrid", weights=words)
    assert set(_texts(only)) == {"valve", "the valve opens"}


@pytest.mark.parametrize("as_message", [False, True])
def test_a_question_may_hold_an_image(as_message: bool, dense: MultimodalVectorStore) -> None:
    data = base64.b64encode(_png(1)).decode()
    block = {"type": "image", "base64": data, "mime_type": "image/png"}
    question: Any = HumanMessage([block]) if as_message else {"image": _png(1)}

    ((found, score),) = dense.similarity_search_with_score(question, k=1)

    assert found.metadata["price"] == 60
    assert score == pytest.approx(1.0, abs=1e-4)
    both = dense.similarity_search({"text": "a red shoe", "image": _png(1)}, k=9)
    assert len(both) == 6


def test_a_vector_is_looked_up_in_the_space_it_fits(dense: MultimodalVectorStore) -> None:
    assert dense.embeddings is EMBEDDING
    text = EMBEDDING.embed_query("a blue shoe")
    image = [float(x) for x in dense.store.encoder.encode_images([noise(1)])[0]]

    assert _texts(dense.similarity_search_by_vector(text, k=1)) == ["a blue shoe"]
    assert dense.similarity_search_by_vector(image, k=1)[0].metadata["price"] == 60
    ((_, score),) = dense.similarity_search_with_score_by_vector([2 * x for x in text], k=1)
    assert score == pytest.approx(1.0, abs=1e-4)


def test_where_a_vector_fits_both_spaces_the_space_can_be_named(encoder: ClipEncoder) -> None:
    clip = ClipEmbeddings(encoder=encoder)
    opened = MultimodalVectorStore.from_texts(["valve"], clip, encoder=clip)
    opened.add_images([noise(1)], ids=["1"])
    vector = clip.embed_image(noise(1))

    with opened.store:
        assert _texts(opened.similarity_search_by_vector(vector)) == ["valve"]
        assert _texts(opened.similarity_search_by_vector(vector, space="image")) == [""]


@pytest.mark.parametrize(
    ("vector", "options"),
    [
        ([1.0] * 5, {}),
        ([1.0] * 6, {"space": "image"}),
        ([0.0] * 6, {}),
        ([float("nan")] * 6, {}),
        ([1.0] * 6, {"k": 0}),
    ],
)
def test_a_vector_that_makes_no_sense_is_refused(
    vector: list[float], options: dict[str, Any], dense: MultimodalVectorStore
) -> None:
    with pytest.raises(QueryError):
        dense.similarity_search_by_vector(vector, **options)


def test_filters_and_thresholds_hold(dense: MultimodalVectorStore) -> None:
    cheap = dense.similarity_search("a red shoe", k=9, filter={"price": {"lt": 25}})
    near = dense.similarity_search("a red shoe", k=9, score_threshold=0.99)
    vector = EMBEDDING.embed_query("a red shoe")

    assert set(_texts(cheap)) == set(TEXTS[:2])
    assert _texts(near) == ["a red shoe"]
    assert dense.similarity_search_by_vector(vector, filter={"price": 10}, k=9) == [
        d for d in cheap if d.metadata["price"] == 10
    ]
    assert _texts(dense.similarity_search_by_vector(vector, score_threshold=0.99)) == ["a red shoe"]


@pytest.mark.parametrize("mode", ["dense", "image", "hybrid"])
def test_relevance_is_from_0_to_1_and_falls(mode: Any, dense: MultimodalVectorStore) -> None:
    found = dense.similarity_search_with_relevance_scores("a red shoe", k=9, mode=mode)

    scores = [score for _, score in found]
    assert all(0 <= score <= 1 for score in scores)
    assert scores == sorted(scores, reverse=True)
    if mode == "dense":
        assert scores[0] == pytest.approx(1.0)
        best = dense.similarity_search_with_relevance_scores("a red shoe", score_threshold=0.99)
        assert [d.page_content for d, _ in best] == ["a red shoe"]


def test_the_relevance_function_fits_the_scores(
    dense: MultimodalVectorStore, clip: MultimodalVectorStore
) -> None:
    assert [dense._select_relevance_score_fn()(s) for s in (-1, 0, 1, 1.1)] == [0, 0.5, 1, 1]
    ((_, fused),) = clip.similarity_search_with_score("valve", k=1)
    assert 0 < clip._select_relevance_score_fn()(fused) <= 1


@settings(max_examples=20, deadline=None)
@given(lambda_mult=st.floats(0, 1), k=st.integers(1, 6), fetch_k=st.integers(1, 6))
def test_mmr_chooses_what_langchains_own_function_would(
    lambda_mult: float, k: int, fetch_k: int
) -> None:
    texts = [f"text {n}" for n in range(6)]
    opened = MultimodalVectorStore.from_texts(
        texts, EMBEDDING, encoder=ClipEncoder("ragsight-demo")
    )
    with opened.store:
        question = EMBEDDING.embed_query("text")
        nearest = _texts(opened.similarity_search_by_vector(question, k=max(k, fetch_k)))
        rows = EMBEDDING.embed_documents(nearest)
        chosen = maximal_marginal_relevance(np.array(question), rows, lambda_mult, k)

        found = opened.max_marginal_relevance_search(
            "text", k=k, fetch_k=fetch_k, lambda_mult=lambda_mult
        )
        by_vector = opened.max_marginal_relevance_search_by_vector(
            question, k=k, fetch_k=fetch_k, lambda_mult=lambda_mult
        )

    assert _texts(found) == [nearest[place] for place in chosen]
    assert by_vector == found


def test_mmr_of_pure_relevance_is_the_ranking_and_the_other_end_avoids_twins(
    clip: MultimodalVectorStore,
) -> None:
    clip.add_images([noise(1)], captions=["twin"], ids=["twin"])

    ranking = clip.similarity_search_by_image(noise(1), k=3)
    question = {"image": noise(1)}
    relevant = clip.max_marginal_relevance_search(question, k=3, lambda_mult=1)
    diverse = clip.max_marginal_relevance_search(question, k=2, lambda_mult=0)

    assert {ranking[0].id, ranking[1].id} == {"b", "twin"}
    assert relevant == ranking
    assert [d.id for d in diverse] == [ranking[0].id, "a"]


@pytest.mark.parametrize(
    "options",
    [{"mode": "sparse"}, {"fetch_k": 3}, {"k": 0}, {"filter": {"price": {"about": 3}}}],
)
def test_options_that_make_no_sense_are_refused(
    options: dict[str, Any], dense: MultimodalVectorStore
) -> None:
    with pytest.raises(QueryError):
        dense.similarity_search("shoe", **options)


def test_a_mode_that_the_store_cannot_answer_is_refused(
    clip: MultimodalVectorStore, dense: MultimodalVectorStore
) -> None:
    with pytest.raises(ConfigurationError, match="text_encoder"):
        clip.similarity_search("x", mode="dense")
    with pytest.raises(QueryError, match="can't search by"):
        dense.similarity_search({"image": noise(0)}, mode="dense")
    with pytest.raises(QueryError, match="There is no mode"):
        MultimodalVectorStore(clip.store, mode="bm25")  # type: ignore[arg-type]
    with pytest.raises(QueryError, match="empty"):
        clip.similarity_search(" ")


# As a retriever


async def test_langchains_retriever_searches_as_the_store_does(
    dense: MultimodalVectorStore,
) -> None:
    similar = dense.as_retriever(search_kwargs={"k": 2, "filter": {"price": {"gt": 10}}})
    near = dense.as_retriever(
        search_type="similarity_score_threshold", search_kwargs={"score_threshold": 0.99}
    )
    diverse = dense.as_retriever(search_type="mmr", search_kwargs={"k": 2, "lambda_mult": 1.0})

    for retriever, expected in (
        (similar, dense.similarity_search("a red shoe", 2, filter={"price": {"gt": 10}})),
        (near, dense.similarity_search("a red shoe", 1)),
        (diverse, dense.similarity_search("a red shoe", 2)),
    ):
        assert retriever.invoke("a red shoe") == expected
        assert await retriever.ainvoke("a red shoe") == expected
    assert similar.tags == ["MultimodalVectorStore", "DeterministicFakeEmbedding"]


def test_ragsights_own_retriever_is_one_call_away(dense: MultimodalVectorStore) -> None:
    retriever = dense.as_multimodal_retriever(k=2)

    assert isinstance(retriever, MultimodalRetriever)
    assert len(retriever.invoke("valve")) == 2


# Opening


def test_documents_and_their_images_are_opened_in_one_call(
    encoder: ClipEncoder, tmp_path: Path
) -> None:
    noise(5).save(tmp_path / "a.png")
    documents = [Document(page_content="shoe", metadata={"image": str(tmp_path / "a.png")}, id="1")]

    opened = MultimodalVectorStore.from_documents(documents, ClipEmbeddings(encoder=encoder))

    with opened.store:
        assert [d.id for d in opened.similarity_search_by_image(noise(5))] == ["1"]
        assert isinstance(opened.embeddings, ClipEmbeddings)


def test_an_index_is_opened_again_and_refuses_other_embeddings(
    encoder: ClipEncoder, tmp_path: Path
) -> None:
    folder = tmp_path / "index"
    first = MultimodalVectorStore.from_texts(
        ["x"], EMBEDDING, location=folder, encoder=encoder, ids=["1"]
    )
    first.store.close()
    again = MultimodalVectorStore.from_texts([], EMBEDDING, location=folder, encoder=encoder)
    assert _texts(again.similarity_search("x")) == ["x"]
    again.store.close()

    with pytest.raises(EncoderMismatchError):
        MultimodalVectorStore.from_texts(
            [], DeterministicFakeEmbedding(size=7), location=folder, encoder=encoder
        )


async def test_a_store_that_cannot_be_filled_is_closed_again(
    encoder: ClipEncoder, tmp_path: Path
) -> None:
    bad = [Document(page_content="x", metadata={"image": "absent.png"})]
    clip = ClipEmbeddings(encoder=encoder)

    with pytest.raises(SourceNotFoundError):
        MultimodalVectorStore.from_documents(bad, clip, location=tmp_path)
    with pytest.raises(SourceNotFoundError):
        await MultimodalVectorStore.afrom_documents(bad, clip, location=tmp_path)

    MultimodalStore.open(tmp_path, encoder=encoder).close()


def test_a_place_is_not_taken_for_a_store(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="from_documents"):
        MultimodalVectorStore(tmp_path)  # type: ignore[arg-type]


def test_a_vector_store_says_where_it_is(store: MultimodalStore) -> None:
    shown = repr(MultimodalVectorStore(store, mode="hybrid"))

    assert shown.startswith("MultimodalVectorStore('")
    assert shown.endswith("', mode='hybrid')")


def test_a_store_of_ragsights_own_shows_its_chunks(store: MultimodalStore) -> None:
    vectorstore = MultimodalVectorStore(store)

    found = vectorstore.similarity_search("valve", k=1)

    assert found == [chunk_to_document(document_to_chunk(found[0]))]
    assert found[0].metadata["source"] in {"/docs/a.txt", "/docs/a.pdf"}


def test_a_text_encoder_of_ragsights_own_is_shown_as_embeddings(encoder: ClipEncoder) -> None:
    class Lengths:
        from ragsight import EncoderSpec

        spec = EncoderSpec("lengths", None, 2)

        def encode_documents(self, texts: Any) -> Any:
            return np.array([[len(text), 1] for text in texts], dtype=np.float32)

        encode_queries = encode_documents

    with MultimodalStore.open(":memory:", encoder=encoder, text_encoder=Lengths()) as opened:
        embeddings = MultimodalVectorStore(opened).embeddings
        assert embeddings is not None
        assert embeddings.embed_query("abc") == [3.0, 1.0]
        assert embeddings.embed_documents(["a", "ab"]) == [[1.0, 1.0], [2.0, 1.0]]
