"""The demo: a shop of drawn products and a handbook, searched and asked, offline."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.panel import Panel
from rich.text import Text

from ragsight.cli import views
from ragsight.cli.session import encoder_for, no_model, out
from ragsight.cli.where import parse_where
from ragsight.demo import DEMO_MODEL_NOTE, handbook_path
from ragsight.encoders import DEMO_MODEL, ImageTextEncoder
from ragsight.gallery import GallerySection, write_gallery
from ragsight.ingestion.pipeline import ingest
from ragsight.loaders import discover
from ragsight.retrieval import Channel, Hit, MultimodalRetriever
from ragsight.store import MultimodalStore

if TYPE_CHECKING:
    from ragsight.answer import Answer, VisionBackend

BY_PIXELS: dict[Channel, float] = {"bm25": 0.0}
"""Weights for the shop: its words are indexed too, but here the pixels are to be seen at work."""

HANDBOOK_QUESTIONS = (
    "bar chart of planet radii",
    "Which planet has the lowest density?",
    "phases of the Moon",
    "How is a space mission planned?",
)
HITS = 4
EVIDENCE = 3


@dataclass(frozen=True, slots=True)
class DemoResult:
    """What the demo did.

    Attributes:
        gallery: Path of the HTML page.
        sections: Each query with what it found, the shop's first.
    """

    gallery: Path
    sections: tuple[GallerySection, ...]


def run_demo(
    folder: Path,
    *,
    pdf: Path | None = None,
    questions: Sequence[str] | None = None,
    backend: VisionBackend | None = None,
) -> DemoResult:
    """Run both acts and write the gallery.

    Args:
        folder: Where indexes, drawings and gallery go; used again on the next run.
        pdf: A PDF instead of the handbook.
        questions: What to ask it.
        backend: The vision model that answers; without one the evidence is shown.

    Returns:
        What was asked and found, and the path of the gallery.

    Raises:
        RagsightError: If the folder can't be written or the PDF can't be read.
    """
    started = time.perf_counter()
    if pdf is not None:
        # Before the first act: nobody wants to wait for being told of a slip of the pen.
        discover([pdf])
    out.print(Text(DEMO_MODEL_NOTE, style="dim"))
    encoder = encoder_for(str(folder), DEMO_MODEL)
    sections = [
        *_shop(folder, encoder),
        *_docs(folder, encoder, pdf=pdf, questions=questions, backend=backend),
    ]
    page = write_gallery(folder / "gallery.html", sections, title="ragsight demo")
    out.print(Text(f"\nGallery: {page}", style="bold"))
    out.print(Text(f"Done in {time.perf_counter() - started:.1f} s.", style="dim"))
    return DemoResult(page, tuple(sections))


def _shop(folder: Path, encoder: ImageTextEncoder) -> list[GallerySection]:
    from ragsight.demo.catalogue import write_catalogue
    from ragsight.demo.drawing import draw_product
    from ragsight.demo.seeds import CATALOGUE

    out.print(Panel("Act 1: a shop, searched by pixels", style="bold cyan"))
    with views.progress_bar("Drawing") as _:
        catalogue = write_catalogue(folder / "shop")
    wanted = folder / "wanted.png"
    draw_product("handbag", "red", "dotted", seed=CATALOGUE[-1]).save(wanted)

    searches: list[tuple[str, dict[str, Any]]] = [
        ("red striped sneaker", {"query": "red striped sneaker"}),
        (
            "blue dress under 50",
            {"query": "blue dress", "filter": parse_where(["price<50"])},
        ),
        ("more like this picture", {"image": wanted}),
    ]
    sections = []
    with MultimodalStore.open(folder / "shop-index", encoder=encoder) as store:
        _index([catalogue], store)
        retriever = MultimodalRetriever(store, k=HITS, weights=BY_PIXELS)
        for title, arguments in searches:
            hits = retriever.retrieve(**arguments)
            views.show_hits(hits, title=title)
            image = arguments.get("image")
            sections.append(
                GallerySection(title, hits, query_image=image, weights=retriever.weights)
            )
    return sections


def _docs(
    folder: Path,
    encoder: ImageTextEncoder,
    *,
    pdf: Path | None,
    questions: Sequence[str] | None,
    backend: VisionBackend | None,
) -> list[GallerySection]:
    own = pdf is not None
    document = pdf if pdf is not None else handbook()
    out.print(Panel(f"Act 2: a document, {document.name}", style="bold cyan"))
    asked = questions if questions else () if own else HANDBOOK_QUESTIONS
    sections = []
    index = folder / ("own-index" if own else "docs-index")
    with MultimodalStore.open(index, encoder=encoder) as store:
        _index([document], store)
        retriever = MultimodalRetriever(store, k=HITS)
        only = {"source": str(document.resolve())}
        for question in asked:
            hits = retriever.retrieve(question, filter=only)
            answer = _answer(question, hits, backend)
            sections.append(
                GallerySection(question, hits, answer=answer, weights=retriever.weights)
            )
    if not asked:
        out.print("Indexed. Ask it something with --question.")
    if backend is None:
        out.print()
        out.print(no_model())
    return sections


def _answer(question: str, hits: Sequence[Hit], backend: VisionBackend | None) -> Answer | str:
    out.print(Text(f"\n{question}", style="bold"))
    if backend is None:
        views.show_evidence(hits[:EVIDENCE])
        return ""
    from ragsight.answer import VisionSynthesizer

    return views.show_stream(VisionSynthesizer(backend).stream(question, hits))


def _index(paths: Sequence[Path], store: MultimodalStore) -> None:
    with views.progress_bar("Indexing") as on_progress:
        report = ingest(paths, store, on_progress=on_progress)
    views.show_report(report)


def handbook() -> Path:
    """The PDF that comes with the package."""
    return handbook_path()
