"""Collections of ours in LangChain's and LlamaIndex's own Qdrant stores, and theirs in ours.

What their stores must be told of ours, for an index named `shop`:

- LangChain: `QdrantVectorStore(client, "shop-text", embeddings, vector_name="dense")`, and for
  words `sparse_embedding=..., sparse_vector_name="bm25"`.
- LlamaIndex: `QdrantVectorStore("shop-text", client=client, dense_vector_name="dense")`, and for
  words `enable_hybrid=True, sparse_vector_name="bm25", sparse_doc_fn=..., sparse_query_fn=...`.

The images are in `shop-image` under `clip`. What they write there, ours can't read.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_qdrant import QdrantVectorStore as LangChainStore
from langchain_qdrant import RetrievalMode, SparseEmbeddings
from langchain_qdrant.sparse_embeddings import SparseVector as LangChainSparse
from llama_index.core.schema import ImageNode, NodeRelationship, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores.types import (
    FilterOperator,
    MetadataFilter,
    MetadataFilters,
    VectorStoreQuery,
    VectorStoreQueryMode,
)
from llama_index.vector_stores.qdrant import QdrantVectorStore as LlamaStore
from qdrant_client import AsyncQdrantClient, QdrantClient, models

from drawings import image_chunk, noise, text_chunk
from fakes.qdrant_server import FakeQdrant
from letters import LetterEncoder
from ragsight import Chunk, ClipEncoder, MultimodalRetriever, MultimodalStore
from ragsight.encoders import Bm25Encoder
from ragsight.errors import EncoderMismatchError, StoreError
from ragsight.store import ForeignCollections, SourceRecord

pytestmark = pytest.mark.filterwarnings("ignore:Payload indexes have no effect in the local Qdrant")

LETTERS = LetterEncoder()
WORDS = Bm25Encoder()
PUMP = text_chunk("The pump moves water.", uri="/a.pdf", price=3, tags=["red", "new"], new=True)
BREAD = text_chunk("Bread is baked from flour.", uri="/b.txt", price=5.5, maker={"land": "PT"})
FIGURE = image_chunk(1, "Figure 1: a pump", uri="/a.pdf", price=9)
CHUNKS = [PUMP, BREAD, FIGURE]


class LetterEmbeddings(Embeddings):
    """The same vectors as ours, in LangChain's interface."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [row.tolist() for row in LETTERS.encode_documents(texts)]

    def embed_query(self, text: str) -> list[float]:
        return self.embed_documents([text])[0]


class WordEmbeddings(SparseEmbeddings):
    """BM25 as `Qdrant/bm25` weighs it, in LangChain's interface."""

    def embed_documents(self, texts: list[str]) -> list[LangChainSparse]:
        vectors = WORDS.encode_documents(texts)
        return [LangChainSparse(indices=list(v.indices), values=list(v.values)) for v in vectors]

    def embed_query(self, text: str) -> LangChainSparse:
        vector = WORDS.encode_query(text)
        return LangChainSparse(indices=list(vector.indices), values=list(vector.values))


def llama_words(texts: Sequence[str]) -> tuple[list[list[int]], list[list[float]]]:
    """The same, as LlamaIndex's store takes it."""
    vectors = WORDS.encode_documents(texts)
    return [list(v.indices) for v in vectors], [list(v.values) for v in vectors]


def llama_question(texts: Sequence[str]) -> tuple[list[list[int]], list[list[float]]]:
    vectors = [WORDS.encode_query(text) for text in texts]
    return [list(v.indices) for v in vectors], [list(v.values) for v in vectors]


@pytest.fixture(params=["memory", "stand-in"])
def client(request: pytest.FixtureRequest, qdrant_stand_in: FakeQdrant) -> Iterator[QdrantClient]:
    if request.param == "memory":
        opened = QdrantClient(":memory:")
    else:
        opened = QdrantClient(url=qdrant_stand_in.url, check_compatibility=False)
    yield opened
    opened.close()


@pytest.fixture
def name() -> str:
    """A name that no other test has used."""
    return f"shop-{uuid.uuid4().hex}"


@pytest.fixture
def ours(client: QdrantClient, name: str, encoder: ClipEncoder) -> Iterator[MultimodalStore]:
    with MultimodalStore.open(
        client, encoder=encoder, text_encoder=LETTERS, name=name, blobs="memory://interop"
    ) as store:
        store.upsert(CHUNKS)
        yield store


# Ours in LangChain


@pytest.fixture
def in_langchain(ours: MultimodalStore, client: QdrantClient, name: str) -> LangChainStore:
    assert ours.profile.text_encoder == LETTERS.spec
    return LangChainStore(client, f"{name}-text", LetterEmbeddings(), vector_name="dense")


def without_own(metadata: dict[str, Any]) -> dict[str, Any]:
    """Metadata without what LangChain's store adds to it."""
    return {key: value for key, value in metadata.items() if not key.startswith("_")}


def test_langchain_finds_our_texts_with_their_metadata(in_langchain: LangChainStore) -> None:
    documents = in_langchain.similarity_search("pump moves water", k=9)
    found = {document.page_content: without_own(document.metadata) for document in documents}
    assert found == {chunk.text: dict(chunk.metadata) for chunk in CHUNKS}
    assert documents[0].page_content == PUMP.text


@pytest.mark.parametrize(
    ("key", "condition", "expected"),
    [
        ("price", {"range": models.Range(lt=5)}, PUMP),
        ("price", {"match": models.MatchValue(value=9)}, FIGURE),
        ("tags", {"match": models.MatchValue(value="red")}, PUMP),
        ("new", {"match": models.MatchValue(value=True)}, PUMP),
        ("maker.land", {"match": models.MatchValue(value="PT")}, BREAD),
    ],
)
def test_langchain_s_filters_hold_on_our_metadata(
    in_langchain: LangChainStore, key: str, condition: dict[str, Any], expected: Chunk
) -> None:
    field = models.FieldCondition(key=f"metadata.{key}", **condition)
    [found] = in_langchain.similarity_search("pump", filter=models.Filter(must=[field]))
    assert found.page_content == expected.text


@pytest.mark.usefixtures("ours")
def test_langchain_searches_our_words_too(client: QdrantClient, name: str) -> None:
    store = LangChainStore(
        client,
        f"{name}-text",
        LetterEmbeddings(),
        retrieval_mode=RetrievalMode.HYBRID,
        vector_name="dense",
        sparse_embedding=WordEmbeddings(),
        sparse_vector_name="bm25",
    )
    assert store.similarity_search("flour", k=1)[0].page_content == BREAD.text


def test_langchain_finds_our_images_by_their_vectors(
    ours: MultimodalStore, client: QdrantClient, name: str
) -> None:
    images = LangChainStore(
        client,
        f"{name}-image",
        LetterEmbeddings(),
        vector_name="clip",
        validate_collection_config=False,
    )
    [row] = ours.encoder.encode_images([noise(1)])
    [found] = images.similarity_search_by_vector(row.tolist(), k=1)
    assert (found.page_content, without_own(found.metadata)) == (FIGURE.text, {"price": 9})


def test_langchain_never_finds_records_of_sources(
    ours: MultimodalStore, in_langchain: LangChainStore
) -> None:
    ours.finish_source(SourceRecord("/b.txt", "f", (BREAD.id,)))
    assert len(in_langchain.similarity_search("pump", k=9)) == 3


# Ours in LlamaIndex


@pytest.fixture
def in_llama(ours: MultimodalStore, client: QdrantClient, name: str) -> LlamaStore:
    assert ours.profile.text_encoder == LETTERS.spec
    return LlamaStore(f"{name}-text", client=client, dense_vector_name="dense")


def asked(text: str, **options: Any) -> VectorStoreQuery:
    vector = LetterEmbeddings().embed_query(text)
    return VectorStoreQuery(query_embedding=vector, query_str=text, similarity_top_k=9, **options)


def test_llama_index_finds_our_texts_with_metadata_and_document(in_llama: LlamaStore) -> None:
    nodes = in_llama.query(asked("pump moves water")).nodes
    assert nodes is not None
    found = {node.get_content(): (node.metadata, node.ref_doc_id) for node in nodes}
    assert found == {c.text: (dict(c.metadata), c.source.uri) for c in CHUNKS}
    assert nodes[0].node_id == PUMP.id


@pytest.mark.parametrize(
    ("key", "value", "operator", "expected"),
    [
        ("price", 5, FilterOperator.LT, {PUMP}),
        ("price", 5.5, FilterOperator.EQ, {BREAD}),
        ("price", 3, FilterOperator.EQ, {PUMP}),
        ("price", 9, FilterOperator.GTE, {FIGURE}),
        ("tags", "red", FilterOperator.EQ, {PUMP}),
        ("tags", ["red", "blue"], FilterOperator.IN, {PUMP}),
        ("tags", None, FilterOperator.IS_EMPTY, {BREAD, FIGURE}),
        ("maker.land", "PT", FilterOperator.EQ, {BREAD}),
    ],
)
def test_llama_index_s_filters_hold_on_our_metadata(
    in_llama: LlamaStore, key: str, value: Any, operator: FilterOperator, expected: set[Chunk]
) -> None:
    filters = MetadataFilters(filters=[MetadataFilter(key=key, value=value, operator=operator)])
    queried = in_llama.query(asked("pump", filters=filters)).nodes
    assert queried is not None
    got = in_llama.get_nodes(filters=filters)
    for nodes in (queried, got):
        assert {node.node_id for node in nodes} == {chunk.id for chunk in expected}


def test_llama_index_gets_and_deletes_our_chunks(
    ours: MultimodalStore, in_llama: LlamaStore
) -> None:
    [node] = in_llama.get_nodes(node_ids=[PUMP.id])
    assert (node.node_id, node.get_content()) == (PUMP.id, PUMP.text)
    in_llama.delete_nodes([BREAD.id])
    assert ours.get([BREAD.id]) == []
    in_llama.delete("/a.pdf")
    assert ours.counts().texts == 0


def test_records_of_sources_don_t_disturb_llama_index(
    ours: MultimodalStore, in_llama: LlamaStore
) -> None:
    ours.finish_source(SourceRecord("/b.txt", "f", (BREAD.id,)))
    texts = [node.get_content() for node in in_llama.get_nodes()]
    assert sorted(text for text in texts if text) == sorted(chunk.text for chunk in CHUNKS)
    queried = in_llama.query(asked("pump")).nodes
    assert queried is not None
    assert len(queried) == 3
    # Whoever deletes the document there deletes the record: it is then indexed again.
    in_llama.delete("/b.txt")
    assert ours.source_record("/b.txt") is None


@pytest.mark.usefixtures("ours")
def test_llama_index_searches_our_words_too(client: QdrantClient, name: str) -> None:
    store = LlamaStore(
        f"{name}-text",
        client=client,
        dense_vector_name="dense",
        sparse_vector_name="bm25",
        enable_hybrid=True,
        sparse_doc_fn=llama_words,
        sparse_query_fn=llama_question,
    )
    for mode in (VectorStoreQueryMode.SPARSE, VectorStoreQueryMode.HYBRID):
        nodes = store.query(asked("flour", mode=mode)).nodes
        assert nodes is not None
        assert nodes[0].node_id == BREAD.id


# LangChain's in ours


DOCUMENTS = [
    Document(
        "The pump moves water.",
        metadata={"source": "/a.pdf", "page": 0, "total_pages": 9, "price": 3},
    ),
    Document("Bread is baked.", metadata={"source": "/b.txt", "maker": {"land": "PT"}}),
    Document("No metadata at all"),
]


@pytest.fixture(params=["uuid", "number"])
def ids(request: pytest.FixtureRequest) -> list[str] | list[int]:
    return [1, 2, 3] if request.param == "number" else [str(uuid.uuid4()) for _ in DOCUMENTS]


@pytest.fixture
def langchain_s(client: QdrantClient, name: str) -> Callable[..., str]:
    """Makes a collection as LangChain does."""

    def make(ids: Sequence[str | int] | None = None) -> str:
        client.create_collection(
            name,
            vectors_config=models.VectorParams(size=26, distance=models.Distance.COSINE),
            sparse_vectors_config={
                "langchain-sparse": models.SparseVectorParams(modifier=models.Modifier.IDF)
            },
        )
        LangChainStore(
            client,
            name,
            LetterEmbeddings(),
            retrieval_mode=RetrievalMode.HYBRID,
            sparse_embedding=WordEmbeddings(),
        ).add_documents(DOCUMENTS, ids=None if ids is None else list(ids))
        return name

    return make


@pytest.fixture
def from_langchain(
    client: QdrantClient, langchain_s: Callable[..., str]
) -> Iterator[MultimodalStore]:
    foreign = ForeignCollections(text=langchain_s(), bm25="langchain-sparse")
    with MultimodalStore.attach(client, foreign, text_encoder=LETTERS) as store:
        yield store


def test_langchain_s_documents_are_chunks(from_langchain: MultimodalStore) -> None:
    found = {chunk.text: chunk for chunk in from_langchain.scroll()}
    assert {text: dict(chunk.metadata) for text, chunk in found.items()} == {
        document.page_content: document.metadata for document in DOCUMENTS
    }
    pump = found["The pump moves water."]
    assert (pump.source.uri, pump.source.page) == ("/a.pdf", 1)
    assert from_langchain.get([pump.id]) == [pump]
    counts = from_langchain.counts()
    assert (counts.texts, counts.images, counts.sources) == (3, 0, 0)


async def test_langchain_s_documents_are_found_by_meaning_and_words(
    from_langchain: MultimodalStore,
) -> None:
    retriever = MultimodalRetriever(from_langchain)
    hits = retriever.retrieve("pump moves water")
    assert hits[0].chunk.text == "The pump moves water."
    assert {score.channel for score in hits[0].channels} == {"bm25", "dense"}
    assert [hit.why for hit in await retriever.aretrieve("pump moves water")] == [
        hit.why for hit in hits
    ]


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ({"price": {"lt": 5}}, [0]),
        ({"source": "/b.txt"}, [1]),
        ({"metadata.source": ["/b.txt", "/c.txt"]}, [1]),
        ({"maker.land": "PT"}, [1]),
        ({"page": 0}, [0]),
        ({"price": None}, [1, 2]),
        ({"not": {"price": 3}}, [1, 2]),
        ({"kind": "text"}, []),
    ],
)
def test_plain_filters_hold_on_langchain_s_documents(
    from_langchain: MultimodalStore, filter: dict[str, Any], expected: list[int]
) -> None:
    texts = {DOCUMENTS[index].page_content for index in expected}
    hits = MultimodalRetriever(from_langchain).retrieve("pump bread metadata", filter=filter)
    assert {chunk.text for chunk in from_langchain.scroll(filter)} == texts
    assert {hit.chunk.text for hit in hits} == texts
    assert from_langchain.counts(filter).texts == len(texts)


async def test_foreign_collections_are_read_by_an_async_client_too() -> None:
    client = AsyncQdrantClient(":memory:")
    await client.create_collection(
        "theirs", vectors_config=models.VectorParams(size=26, distance=models.Distance.DOT)
    )
    [vector] = LetterEmbeddings().embed_documents(["pump"])
    point = models.PointStruct(id=5, vector=vector, payload={"text": "pump", "lang": "en"})
    await client.upsert("theirs", points=[point])
    foreign = ForeignCollections(text="theirs")
    store = await MultimodalStore.aattach(client, foreign, text_encoder=LETTERS)
    [hit] = await MultimodalRetriever(store).aretrieve("pump", filter={"lang": "en"})
    assert (hit.chunk.text, hit.chunk.id) == ("pump", "5")
    assert [chunk.id async for chunk in store.ascroll()] == ["5"]
    await store.aclose()


def test_foreign_points_are_read_by_their_ids(
    client: QdrantClient, langchain_s: Callable[..., str], ids: list[str | int]
) -> None:
    foreign = ForeignCollections(text=langchain_s(ids))
    with MultimodalStore.attach(client, foreign, text_encoder=LETTERS) as store:
        own = [str(id_) for id_ in ids]
        assert [chunk.id for chunk in store.get([*own, "99"])] == own
        assert set(store.vectors(own[0])) == {"dense"}
        like = MultimodalRetriever(store).more_like(own[0])
        assert {hit.chunk.id for hit in like} == set(own[1:])
        diverse = MultimodalRetriever(store).retrieve("pump", diversity=0.5)
        assert {hit.chunk.id for hit in diverse} == set(own)


def test_foreign_points_are_scrolled_in_pages(client: QdrantClient, name: str) -> None:
    client.create_collection(name, vectors_config={})
    points = [models.PointStruct(id=n, vector={}, payload={"text": str(n)}) for n in range(600)]
    client.upsert(name, points=points)
    with MultimodalStore.attach(client, ForeignCollections(text=name)) as store:
        assert sorted(int(chunk.text) for chunk in store.scroll()) == list(range(600))


# LlamaIndex's in ours


def node(text: str, document: str | None = None, **metadata: Any) -> TextNode:
    made = TextNode(text=text, metadata=metadata)
    if document is not None:
        made.relationships = {NodeRelationship.SOURCE: RelatedNodeInfo(node_id=document)}
    made.embedding = LetterEmbeddings().embed_query(text)
    return made


@pytest.fixture
def shoe(tmp_path: Path) -> Path:
    noise(3).save(tmp_path / "shoe.png")
    return tmp_path / "shoe.png"


@pytest.fixture
def from_llama(
    client: QdrantClient, name: str, encoder: ClipEncoder, shoe: Path
) -> Iterator[MultimodalStore]:
    texts = LlamaStore(
        name,
        client=client,
        enable_hybrid=True,
        sparse_doc_fn=llama_words,
        sparse_query_fn=llama_question,
        sparse_config=models.SparseVectorParams(modifier=models.Modifier.IDF),
    )
    texts.add(
        [
            node("The pump moves water.", "doc-1", file_path="/a.pdf", page_label="iv", price=3),
            node("Bread is baked.", price=5),
        ]
    )
    images = [
        ImageNode(text="a shoe", image_path=str(shoe), metadata={"price": 7}),
        ImageNode(image_path=str(shoe.with_name("gone.png"))),
        ImageNode(image_url="https://shop.example/hat.png", metadata={"price": 8}),
    ]
    rows = encoder.encode_images([noise(n) for n in (3, 4, 5)])
    for image, row in zip(images, rows, strict=True):
        image.embedding = row.tolist()
    LlamaStore(f"{name}-images", client=client).add(images)  # type: ignore[arg-type]
    foreign = ForeignCollections(text=name, image=f"{name}-images", bm25="text-sparse-new")
    with MultimodalStore.attach(client, foreign, encoder=encoder, text_encoder=LETTERS) as store:
        yield store


def test_llama_index_s_nodes_are_chunks(from_llama: MultimodalStore) -> None:
    found = {chunk.text: chunk for chunk in from_llama.scroll({"price": {"lt": 6}})}
    pump, bread = found["The pump moves water."], found["Bread is baked."]
    assert dict(pump.metadata) == {"file_path": "/a.pdf", "page_label": "iv", "price": 3}
    assert (pump.source.uri, pump.source.page_label) == ("/a.pdf", "iv")
    assert (dict(bread.metadata), bread.source.uri) == ({"price": 5}, bread.id)
    counts = from_llama.counts()
    assert (counts.texts, counts.images) == (2, 3)
    assert [chunk.text for chunk in from_llama.scroll({"doc_id": "doc-1"})] == [pump.text]


def test_llama_index_s_images_are_found_by_pixels(from_llama: MultimodalStore, shoe: Path) -> None:
    hits = MultimodalRetriever(from_llama).retrieve(image=noise(3))
    assert hits[0].chunk.text == "a shoe"
    assert hits[0].chunk.image is not None
    assert (hits[0].chunk.image.uri, hits[0].chunk.image.width) == (str(shoe), 48)
    # An image that is gone, or on the web, is still found: it is known by its vector.
    assert {hit.chunk.source.name for hit in hits} == {"shoe.png", "gone.png", "hat.png"}
    assert [hit.chunk.kind for hit in hits] == ["image"] * 3


async def test_llama_index_s_texts_and_images_are_one_ranking(from_llama: MultimodalStore) -> None:
    retriever = MultimodalRetriever(from_llama)
    hits = retriever.retrieve("pump water", image=noise(3))
    channels = {score.channel for hit in hits for score in hit.channels}
    assert channels == {"bm25", "dense", "text_to_image", "image_to_image"}
    assert {hits[0].chunk.text, hits[1].chunk.text} == {"The pump moves water.", "a shoe"}
    filtered = await retriever.aretrieve("pump", image=noise(3), filter={"price": [3, 8]})
    assert {hit.chunk.metadata["price"] for hit in filtered} == {3, 8}


# What isn't allowed


WRITES: dict[str, Callable[[MultimodalStore], Any]] = {
    "upsert": lambda store: store.upsert([PUMP]),
    "replace": lambda store: store.replace("/a.pdf", []),
    "delete": lambda store: store.delete(["1"]),
    "delete nothing": lambda store: store.delete([]),
    "delete by source": lambda store: store.delete_source("/a.pdf"),
    "delete by filter": lambda store: store.delete(filter={"price": 3}),
    "finish a source": lambda store: store.finish_source(SourceRecord("/a.pdf", "", ())),
}


@pytest.mark.parametrize("write", WRITES)
def test_what_others_own_is_never_written(from_langchain: MultimodalStore, write: str) -> None:
    with pytest.raises(StoreError, match=r"another application and are only read"):
        WRITES[write](from_langchain)
    assert from_langchain.counts().texts == 3


def test_what_others_own_has_no_records_of_ours(from_langchain: MultimodalStore) -> None:
    assert from_langchain.source_record("/a.pdf") is None
    assert list(from_langchain.source_records()) == []


def test_collections_that_don_t_fit_are_refused(
    client: QdrantClient, langchain_s: Callable[..., str], encoder: ClipEncoder
) -> None:
    theirs = langchain_s()
    attach = MultimodalStore.attach
    with pytest.raises(EncoderMismatchError, match=r"26 dimensions, but the encoder is .*16 dim"):
        attach(client, ForeignCollections(image=theirs), encoder=encoder)
    with pytest.raises(StoreError, match="has no vector 'words'"):
        attach(client, ForeignCollections(text=theirs, dense="words"))
    with pytest.raises(StoreError, match=r"'absent' is missing\. Name one that is there"):
        attach(client, ForeignCollections(text="absent"))
    client.create_collection(
        f"{theirs}-several",
        vectors_config={
            side: models.VectorParams(size=4, distance=models.Distance.COSINE)
            for side in ("left", "right")
        },
    )
    with pytest.raises(StoreError, match=r"several vectors \(left, right\): name the one"):
        attach(client, ForeignCollections(text=f"{theirs}-several"))
    attach(client, ForeignCollections(text=f"{theirs}-several", dense="left"))


def test_a_point_without_any_text_is_reported_with_its_keys(
    client: QdrantClient, name: str
) -> None:
    client.create_collection(name, vectors_config={})
    client.upsert(name, points=[models.PointStruct(id=1, vector={}, payload={"body": "a"})])
    with (
        MultimodalStore.attach(client, ForeignCollections(text=name)) as store,
        pytest.raises(StoreError, match=r"no text that can be read: its keys are \['body'\]"),
    ):
        list(store.scroll())
