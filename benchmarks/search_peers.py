"""Contenders of `search.py` that are others': each as its documentation shows it for this task."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any, ClassVar

from search_data import DEPTH, DIMENSION, FILTERED_TO, Block, K, Question


class QdrantLocal:
    """qdrant-client's local mode, in memory: its folder mode takes minutes for 10,000 points.

    The payload is laid out as langchain-qdrant and our store do it: keys under `metadata`.
    """

    def __init__(self) -> None:
        from qdrant_client import QdrantClient, models

        from ragsight import Bm25Encoder

        warnings.filterwarnings("ignore", message="Local mode is not recommended")
        warnings.filterwarnings("ignore", message="Payload indexes have no effect")
        self._models = models
        self._bm25 = Bm25Encoder()
        self._client = QdrantClient(":memory:")

    def open(self, folder: Path) -> None:
        """Make the collection."""
        del folder
        models = self._models
        dense = models.VectorParams(size=DIMENSION, distance=models.Distance.COSINE)
        sparse = models.SparseVectorParams(modifier=models.Modifier.IDF)
        self._client.create_collection(
            "products", vectors_config={"clip": dense}, sparse_vectors_config={"bm25": sparse}
        )

    def add(self, block: Block) -> None:
        """Write products."""
        rows = zip(
            block.numbers,
            block.vectors,
            block.texts,
            self._bm25.encode_documents(block.texts),
            strict=True,
        )
        points = [
            self._models.PointStruct(
                id=n,
                vector={"clip": vector.tolist(), "bm25": self._sparse(words)},
                payload={"page_content": text, "metadata": {"percent": n % 100}},
            )
            for n, vector, text, words in rows
        ]
        self._client.upsert("products", points)

    def _sparse(self, words: Any) -> Any:
        return self._models.SparseVector(indices=words.indices, values=words.values)

    def build(self) -> None:
        """Do nothing: there is no index."""

    def ask(self, case: str, question: Question) -> Any:
        """Search; in the hybrid case two rankings, fused by the client."""
        vector = question.vector.tolist()
        if case != "hybrid":
            return self._client.query_points(
                "products", query=vector, using="clip", query_filter=self._filter(case), limit=K
            )
        words = self._sparse(self._bm25.encode_query(question.text))
        prefetch = self._models.Prefetch
        return self._client.query_points(
            "products",
            prefetch=[
                prefetch(query=vector, using="clip", limit=DEPTH),
                prefetch(query=words, using="bm25", limit=DEPTH),
            ],
            query=self._models.FusionQuery(fusion=self._models.Fusion.RRF),
            limit=K,
        )

    def _filter(self, case: str) -> Any:
        models = self._models
        if case == "no filter":
            return None
        if case == "1% filter":
            match = models.MatchValue(value=FILTERED_TO[case])
            condition = models.FieldCondition(key="metadata.percent", match=match)
        else:
            range_ = models.Range(lt=FILTERED_TO[case])
            condition = models.FieldCondition(key="metadata.percent", range=range_)
        return models.Filter(must=[condition])

    def numbers(self, answer: Any) -> list[int]:
        """The products in an answer."""
        return [point.id for point in answer.points]

    def close(self) -> None:
        """Close the client."""
        self._client.close()


class Chroma:
    """Chroma in a folder, its settings but for the cosine distance; it has no BM25 there."""

    _WHERE: ClassVar = {
        "1% filter": {"percent": FILTERED_TO["1% filter"]},
        "10% filter": {"percent": {"$lt": FILTERED_TO["10% filter"]}},
    }

    def __init__(self) -> None:
        import chromadb
        import chromadb.config

        self._chromadb = chromadb

    def open(self, folder: Path) -> None:
        """Make or open the collection."""
        settings = self._chromadb.config.Settings(anonymized_telemetry=False)
        self._client = self._chromadb.PersistentClient(str(folder), settings)
        self._products = self._client.get_or_create_collection(
            "products", configuration={"hnsw": {"space": "cosine"}}, embedding_function=None
        )

    def add(self, block: Block) -> None:
        """Write products."""
        self._products.add(
            ids=[str(n) for n in block.numbers],
            embeddings=block.vectors,
            documents=block.texts,
            metadatas=[{"percent": n % 100} for n in block.numbers],
        )

    def build(self) -> None:
        """Do nothing: the graph grows with the writes."""

    def ask(self, case: str, question: Question) -> Any:
        """Search."""
        if case == "hybrid":
            raise NotImplementedError
        return self._products.query(
            query_embeddings=question.vector,
            n_results=K,
            where=self._WHERE.get(case),
            include=["documents", "metadatas", "distances"],
        )

    def numbers(self, answer: Any) -> list[int]:
        """The products in an answer."""
        return [int(id_) for id_ in answer["ids"][0]]

    def close(self) -> None:
        """Leave the client: it closes with the process."""


class LanceDb:
    """LanceDB: an HNSW index over partitions, a tree for the filter's key, full-text search."""

    _WHERE: ClassVar = {
        "1% filter": f"percent = {FILTERED_TO['1% filter']}",
        "10% filter": f"percent < {FILTERED_TO['10% filter']}",
    }

    def __init__(self) -> None:
        # Its engine warns on each search of a column that will once be left out.
        os.environ.setdefault("LANCEDB_LOG", "error")
        import lancedb
        import pyarrow as pa

        self._lancedb, self._pa = lancedb, pa
        self._reranker = lancedb.rerankers.RRFReranker()

    def open(self, folder: Path) -> None:
        """Make or open the table."""
        pa = self._pa
        schema = pa.schema(
            [
                pa.field("id", pa.int64()),
                pa.field("percent", pa.int64()),
                pa.field("text", pa.string()),
                pa.field("vector", pa.list_(pa.float32(), DIMENSION)),
            ]
        )
        self._schema = schema
        database = self._lancedb.connect(folder)
        self._table = database.create_table("products", schema=schema, exist_ok=True)

    def add(self, block: Block) -> None:
        """Write products."""
        pa = self._pa
        vectors = pa.FixedSizeListArray.from_arrays(block.vectors.ravel(), DIMENSION)
        numbers = list(block.numbers)
        columns = [numbers, [n % 100 for n in numbers], block.texts, vectors]
        self._table.add(pa.table(columns, schema=self._schema))

    def build(self) -> None:
        """Build the three indexes."""
        self._table.optimize()
        self._table.create_index(metric="cosine", index_type="IVF_HNSW_SQ")
        self._table.create_scalar_index("percent", index_type="BTREE")
        self._table.create_fts_index("text")

    def ask(self, case: str, question: Question) -> Any:
        """Search."""
        if case == "hybrid":
            both = self._table.search(query_type="hybrid").vector(question.vector)
            found = both.text(question.text).rerank(self._reranker).limit(K)
        else:
            found = self._table.search(question.vector).distance_type("cosine").limit(K)
        if case in self._WHERE:
            found = found.where(self._WHERE[case])
        return found.select(["id", "percent", "text"]).to_list()

    def numbers(self, answer: Any) -> list[int]:
        """The products in an answer."""
        return [row["id"] for row in answer]

    def close(self) -> None:
        """Leave the table: it closes with the process."""
