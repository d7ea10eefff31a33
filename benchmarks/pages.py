r"""Whether the right page is found, on MMDocIR's questions, beside a search over plain pages.

    python benchmarks/pages.py --pdfs FOLDER --annotations FILE \
        [--sentence-model FOLDER] [--ocr auto]

`--pdfs` is a folder with the documents of MMLongBench-Doc, `--annotations` the file
`MMDocIR_annotations.jsonl` of MMDocIR (both for research only, CC BY-NC: nothing of them is kept
here). Each document is an index of its own, as the benchmark has it. Documents are in two halves by
the digest of their names: what is tuned is tuned on `dev`, and `held` is reported.

Plain pages are what anybody has without us: the text that PyMuPDF gives of each page, by BM25.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pymupdf

from ragsight import (
    DEMO_MODEL,
    Bm25Encoder,
    Chunk,
    ClipEncoder,
    Hit,
    MultimodalRetriever,
    MultimodalStore,
    Source,
    ingest,
)
from ragsight.encoders import EncoderSpec, FloatArray
from ragsight.loaders import PdfOptions

DEPTHS = (1, 3, 5)
EVIDENCE = 3
"""Pieces of evidence whose boxes are compared with a labelled region."""

RESAMPLES = 10_000
Row = list[float]


class SentenceModel:
    """A sentence-transformers checkpoint with mean pooling, such as all-MiniLM-L6-v2."""

    def __init__(self, folder: str) -> None:
        import torch
        from transformers import AutoModel, AutoTokenizer

        self._torch = torch
        self._tokenizer = AutoTokenizer.from_pretrained(folder)
        self._model = AutoModel.from_pretrained(folder).eval()
        self.spec = EncoderSpec(Path(folder).name, None, self._model.config.hidden_size)

    def encode_documents(self, texts: Sequence[str]) -> FloatArray:
        """Mean of the tokens, of length 1: `(len(texts), dimension)`."""
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        rows = np.zeros((len(texts), self.spec.dimension), np.float32)
        with self._torch.inference_mode():
            for start in range(0, len(order), 32):
                part = order[start : start + 32]
                batch = self._tokenizer(
                    [texts[index] for index in part],
                    padding=True,
                    truncation=True,
                    max_length=256,
                    return_tensors="pt",
                )
                hidden = self._model(**batch).last_hidden_state
                mask = batch["attention_mask"].unsqueeze(-1)
                mean = ((hidden * mask).sum(1) / mask.sum(1)).numpy()
                rows[part] = mean / np.linalg.norm(mean, axis=1, keepdims=True)
        return rows

    encode_queries = encode_documents


def half(name: str) -> str:
    """The half of the documents that one belongs to."""
    return "dev" if hashlib.sha1(name.encode()).digest()[0] % 2 == 0 else "held"


def overlap(one: Sequence[float], other: Sequence[float]) -> float:
    """Intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    areas = ((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return both / (sum(areas) - both)


class Measured:
    """What was found, question by question."""

    def __init__(self) -> None:
        self.recall: dict[str, list[Row]] = defaultdict(list)
        self.kinds: dict[str, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
        self.covered: dict[str, list[bool]] = defaultdict(list)
        self.pointed: dict[str, list[bool]] = defaultdict(list)
        self.milliseconds: dict[str, list[float]] = defaultdict(list)

    def add(self, name: str, question: Mapping[str, Any], hits: Sequence[Hit], took: float) -> None:
        """Note the hits of a question."""
        right = set(question["page_id"])
        places = (hit.chunk.source.page for hit in hits)
        pages = list(dict.fromkeys(page - 1 for page in places if page is not None))
        row = [len(right & set(pages[:depth])) / len(right) for depth in DEPTHS]
        self.recall[name].append(row)
        self.milliseconds[name].append(1000 * took)
        for kind in ast.literal_eval(question["type"]):
            self.kinds[name][kind].append(row)

    def add_regions(self, name: str, question: Mapping[str, Any], hits: Sequence[Hit]) -> None:
        """Note whether the best evidence lies where the answer is."""
        labels = question["layout_mapping"]
        boxes = [
            (hit.chunk.source.page - 1, hit.chunk.source.bbox)
            for hit in hits[:EVIDENCE]
            if hit.chunk.source.page is not None and hit.chunk.source.bbox is not None
        ]
        if not labels:
            return
        self.covered[name].append(
            any(
                page == label["page"] and overlap(box, label["bbox"]) >= 0.5
                for page, box in boxes
                for label in labels
            )
        )
        self.pointed[name].append(
            any(
                page == label["page"]
                and label["bbox"][0] <= (box[0] + box[2]) / 2 <= label["bbox"][2]
                and label["bbox"][1] <= (box[1] + box[3]) / 2 <= label["bbox"][3]
                for page, box in boxes[:1]
                for label in labels
            )
        )

    def show(self) -> None:
        """Print the tables."""
        for name, rows in self.recall.items():
            took = np.median(self.milliseconds[name])
            print(f"{name:8}{len(rows):5}  recall@1/3/5 {_means(rows)}  {took:.1f} ms a question")
            for kind, part in sorted(self.kinds[name].items()):
                print(f"        {kind[:26]:26}{len(part):5}  {_means(part)}")
        for name in [name for name in self.recall if name != "plain"]:
            low, high = _interval(self.recall[name], self.recall["plain"])
            print(f"{name} minus plain, recall@1: 95% between {low:+.3f} and {high:+.3f}")
            if self.covered[name]:
                covered, pointed = np.mean(self.covered[name]), np.mean(self.pointed[name])
                print(
                    f"  a labelled box covered by three: {covered:.2f}, pointed at: {pointed:.2f}"
                )


def _means(rows: Sequence[Row]) -> str:
    return "  ".join(f"{mean:.3f}" for mean in np.mean(rows, axis=0))


def _interval(rows: Sequence[Row], others: Sequence[Row]) -> tuple[float, float]:
    """The 95% interval of the mean difference in recall@1, by a paired bootstrap."""
    differences = np.array([mine[0] - theirs[0] for mine, theirs in zip(rows, others, strict=True)])
    drawn = np.random.default_rng(0).integers(len(differences), size=(RESAMPLES, len(differences)))
    low, high = np.percentile(differences[drawn].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def documents(arguments: argparse.Namespace) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The documents of the half that is asked for, with their questions."""
    lines = Path(arguments.annotations).read_text(encoding="utf-8").splitlines()
    folder = Path(arguments.pdfs)
    taken = 0
    for document in map(json.loads, lines):
        path = folder / document["doc_name"]
        if half(document["doc_name"]) == arguments.half and path.is_file():
            yield path, document
            taken += 1
            if taken == arguments.documents:
                return


def measure(
    path: Path, document: Mapping[str, Any], text: SentenceModel | None, ocr: str, found: Measured
) -> None:
    """Index a document both ways and ask its questions."""
    clip = ClipEncoder(DEMO_MODEL)
    with (
        tempfile.TemporaryDirectory() as folder,
        MultimodalStore.open(Path(folder) / "index", encoder=clip, text_encoder=text) as store,
        MultimodalStore.open(Path(folder) / "plain", encoder=clip) as plain,
    ):
        options = PdfOptions(figure_images="none", page_images="none", ocr=ocr)  # type: ignore[arg-type]
        indexed = ingest(path, store, pdf=options).chunks > 0
        with pymupdf.open(path) as opened:
            texts = [page.get_text() for page in opened]
        place = str(path)
        # By the engine's own words, as every other client of Qdrant has them.
        words = Bm25Encoder(analyzer=1)
        chunks = [
            Chunk(text=text, source=Source(uri=place, page=number))
            for number, text in enumerate(texts, start=1)
            if text.strip()
        ]
        _write_plain(plain, chunks, words)
        off = {"text_to_image": 0.0}
        ways: dict[str, dict[str, float]] = {"bm25": {"bm25": 1.0, "dense": 0.0, **off}}
        if text is not None:
            ways["dense"] = {"bm25": 0.0, "dense": 1.0, **off}
            ways["fused"] = {"bm25": 1.0, "dense": 1.0, **off}
        retriever = MultimodalRetriever(store, k=60, depth=200)
        by_pages = MultimodalRetriever(plain, k=60, depth=200)
        for question in document["questions"]:
            vector = {"bm25": words.encode_query(question["Q"])}
            started = time.perf_counter()
            hits = by_pages.retrieve(vectors=vector) if chunks else []
            found.add("plain", question, hits, time.perf_counter() - started)
            for name, weights in ways.items():
                started = time.perf_counter()
                hits = retriever.retrieve(question["Q"], weights=weights) if indexed else []
                found.add(name, question, hits, time.perf_counter() - started)
                found.add_regions(name, question, hits)


def _write_plain(store: MultimodalStore, chunks: Sequence[Chunk], words: Bm25Encoder) -> None:
    from ragsight.store import EncodedChunk

    vectors = words.encode_documents([chunk.text for chunk in chunks])
    store.upsert(
        [
            EncodedChunk(chunk, {"bm25": vector})
            for chunk, vector in zip(chunks, vectors, strict=True)
        ]
    )


def main() -> None:
    """Measure and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--pdfs", required=True, help="folder of the documents")
    parser.add_argument("--annotations", required=True, help="MMDocIR_annotations.jsonl")
    parser.add_argument("--sentence-model", help="folder of a sentence-transformers checkpoint")
    parser.add_argument("--ocr", default="off", help="PdfOptions(ocr=...)")
    parser.add_argument("--half", choices=("dev", "held"), default="dev")
    parser.add_argument("--documents", type=int, help="so many documents at the most")
    arguments = parser.parse_args()
    text = SentenceModel(arguments.sentence_model) if arguments.sentence_model else None
    found = Measured()
    count = 0
    for path, document in documents(arguments):
        measure(path, document, text, arguments.ocr, found)
        count += 1
    print(f"{arguments.half}: {count} documents, {len(found.recall['plain'])} questions")
    found.show()


if __name__ == "__main__":
    main()
