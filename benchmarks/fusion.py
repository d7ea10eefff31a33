"""How fusion settings rank the right chunk, on the handbook's labelled questions.

    python benchmarks/fusion.py

The demo checkpoint and one twelve-page document: a sanity check of the defaults, no more. Use your
own questions before you choose weights for your own documents.
"""

from __future__ import annotations

from collections.abc import Iterator

from tools.demo.handbook import HandbookFacts, QuestionFact, handbook_facts

from ragsight import DEMO_MODEL, Chunk, ClipEncoder, Hit, MultimodalStore, fuse, ingest
from ragsight.cli.demo import handbook
from ragsight.retrieval import Channel, MultimodalRetriever

CONSTANTS = (60.0, 10.0, 2.0)
IMAGE_WEIGHTS = (1.0, 0.5, 0.25, 0.0)


def is_right(question: QuestionFact, chunk: Chunk, facts: HandbookFacts) -> bool:
    """Whether a chunk answers a question: its figure, its table, or a passage that says it."""
    label = chunk.metadata.get("label")
    if question.figure is not None and label == facts.figure(question.figure).label:
        return True
    if question.table is not None and label == facts.table(question.table).label:
        return True
    words = " ".join(chunk.text.split()).lower()
    return (
        chunk.kind == "text"
        and chunk.source.page == question.page
        and question.answer.lower() in words
    )


def channel_rankings(
    retriever: MultimodalRetriever, question: str
) -> tuple[dict[Channel, list[tuple[str, float]]], dict[str, Chunk]]:
    """Each channel's own ranking, from the explanation of the hits."""
    hits: list[Hit] = retriever.retrieve(question, k=100)
    rankings: dict[Channel, list[tuple[int, str, float]]] = {}
    for hit in hits:
        for found in hit.channels:
            rankings.setdefault(found.channel, []).append((found.rank, hit.chunk.id, found.score))
    ordered = {
        channel: [(id_, score) for _, id_, score in sorted(ranking)]
        for channel, ranking in rankings.items()
    }
    return ordered, {hit.chunk.id: hit.chunk for hit in hits}


def ranks(
    retriever: MultimodalRetriever, facts: HandbookFacts, constant: float, weight: float
) -> Iterator[int | None]:
    """Place of the first right chunk for each question."""
    weights: dict[Channel, float] = {"bm25": 1.0, "text_to_image": weight}
    for question in facts.questions:
        rankings, chunks = channel_rankings(retriever, question.question)
        audible = {channel: r for channel, r in rankings.items() if weights[channel] > 0}
        fused = fuse(audible, weights=weights, rrf_constant=constant)
        places = (
            place
            for place, item in enumerate(fused, start=1)
            if is_right(question, chunks[item.id], facts)
        )
        yield next(places, None)


def main() -> None:
    """Measure and print the table."""
    facts = handbook_facts()
    with MultimodalStore.open(":memory:", encoder=ClipEncoder(DEMO_MODEL)) as store:
        ingest(handbook(), store)
        retriever = MultimodalRetriever(store)
        print(f"{len(facts.questions)} questions")
        print(f"{'constant':>9}{'text_to_image':>15}{'MRR':>8}{'first':>7}{'first 3':>9}")
        for constant in CONSTANTS:
            for weight in IMAGE_WEIGHTS:
                found = list(ranks(retriever, facts, constant, weight))
                mrr = sum(1 / rank for rank in found if rank is not None) / len(found)
                first = sum(rank == 1 for rank in found)
                first_3 = sum(rank is not None and rank <= 3 for rank in found)
                print(f"{constant:9.0f}{weight:15.2f}{mrr:8.3f}{first:7d}{first_3:9d}")


if __name__ == "__main__":
    main()
