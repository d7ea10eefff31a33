"""LlamaIndex's retrievers that are built on top of another one, on top of ours."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from llama_index.core import StorageContext, VectorStoreIndex
from llama_index.core.node_parser import HierarchicalNodeParser, get_leaf_nodes
from llama_index.core.retrievers import (
    AutoMergingRetriever,
    QueryFusionRetriever,
    RecursiveRetriever,
)
from llama_index.core.retrievers.fusion_retriever import FUSION_MODES
from llama_index.core.schema import Document, IndexNode, TextNode

from drawings import image_chunk, text_chunk
from llama_index_ragsight import (
    MultimodalNode,
    MultimodalRetriever,
    MultimodalVectorStore,
    chunk_to_node,
)
from ragsight import ClipEncoder

FIGURE = image_chunk(1, "Figure 1: the pump")
PASSAGE = text_chunk("The pump moves water")
OTHER = text_chunk("Bread is baked")


@pytest.fixture
def vector_store(encoder: ClipEncoder, words: Any) -> Iterator[MultimodalVectorStore]:
    opened = MultimodalVectorStore.open(":memory:", embed_model=words(), encoder=encoder)
    yield opened
    opened.client.close()


@pytest.mark.parametrize("mode", list(FUSION_MODES))
async def test_rankings_of_several_wordings_are_fused(
    vector_store: MultimodalVectorStore, words: Any, scripted: Any, mode: FUSION_MODES
) -> None:
    vector_store.client.upsert([FIGURE, PASSAGE, OTHER])
    index = VectorStoreIndex.from_vector_store(vector_store, embed_model=words())
    fusion = QueryFusionRetriever(
        [MultimodalRetriever(vector_store, similarity_top_k=2), index.as_retriever()],
        llm=scripted("pump water\nfigure of the pump"),
        mode=mode,
        num_queries=3,
        similarity_top_k=2,
        use_async=False,
    )
    for nodes in (fusion.retrieve("the pump"), await fusion.aretrieve("the pump")):
        assert {node.node_id for node in nodes} == {FIGURE.id, PASSAGE.id}
        [figure] = [node.node for node in nodes if node.node_id == FIGURE.id]
        assert isinstance(figure, MultimodalNode)


def test_leaves_are_merged_into_their_parent(
    vector_store: MultimodalVectorStore, words: Any
) -> None:
    text = " ".join(f"The pump number {n} moves water." for n in range(30))
    parser = HierarchicalNodeParser.from_defaults(chunk_sizes=[256, 64], chunk_overlap=0)
    nodes = parser.get_nodes_from_documents([Document(id_="manual", text=text)])
    storage = StorageContext.from_defaults(vector_store=vector_store)
    storage.docstore.add_documents(nodes)
    leaves = get_leaf_nodes(nodes)
    VectorStoreIndex(leaves, storage_context=storage, embed_model=words())
    base = MultimodalRetriever(vector_store, similarity_top_k=len(leaves))
    merged = AutoMergingRetriever(base, storage, verbose=False).retrieve("pump")
    assert {node.node_id for node in merged} == {leaf.parent_node.node_id for leaf in leaves}


def test_a_summary_leads_to_what_it_sums_up(
    vector_store: MultimodalVectorStore, words: Any
) -> None:
    summary = IndexNode(id_="summary", text="All about pumps", index_id="details")
    vector_store.add([summary, TextNode(text="Bread is baked")])
    details = MultimodalVectorStore.open(
        ":memory:", embed_model=words(), encoder=vector_store.client.encoder
    )
    details.add([chunk_to_node(PASSAGE), chunk_to_node(FIGURE)])
    recursive = RecursiveRetriever(
        "root",
        retriever_dict={
            "root": MultimodalRetriever(vector_store, similarity_top_k=1),
            "details": MultimodalRetriever(details, similarity_top_k=1),
        },
    )
    assert [node.node_id for node in recursive.retrieve("pumps")] == [PASSAGE.id]
    # Documents a limit of theirs: only texts may be found in the end.
    vector_store.add([chunk_to_node(FIGURE)])
    with pytest.raises(AssertionError):
        recursive.retrieve("Figure 1: the pump")
    details.client.close()
