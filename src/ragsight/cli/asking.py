"""The command that answers a question from an index."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer
from rich.text import Text

from ragsight.cli import session, views
from ragsight.cli.options import BaseUrl, Count, Index, Json, Vlm, Where
from ragsight.cli.pdfs import PdfBackend, pdf_backend_name
from ragsight.cli.where import parse_where

if TYPE_CHECKING:
    from ragsight.answer import Answer, Evidence, VisionSynthesizer
    from ragsight.retrieval import Hit

# Typer reads annotations at run time, and on Python 3.10 not all of the newer syntax.
# ruff: noqa: UP045


def ask_index(
    question: Annotated[str, typer.Argument(help="The question.")],
    *,
    image: Annotated[
        Optional[Path], typer.Option("--image", help="An image that the question is about.")
    ] = None,
    k: Count = 6,
    where: Where = None,
    index: Index = session.DEFAULT_INDEX,
    vlm: Vlm = None,
    base_url: BaseUrl = None,
    detail: Annotated[
        str,
        typer.Option(
            "--detail",
            metavar="low|high|original|auto",
            help="How closely the model looks at images.",
        ),
    ] = "high",
    max_images: Annotated[
        Optional[int],
        typer.Option("--max-images", min=0, help="Most images in a request.", show_default=False),
    ] = None,
    max_tokens: Annotated[
        Optional[int],
        typer.Option("--max-tokens", min=1, help="Longest answer.", show_default=False),
    ] = None,
    overflow: Annotated[
        str,
        typer.Option(
            "--overflow",
            metavar="drop|map_reduce|raise",
            help="What becomes of sources that don't fit into a request.",
        ),
    ] = "drop",
    save: Annotated[
        Optional[Path], typer.Option("--save", help="Keep what is sent to the model in a folder.")
    ] = None,
    html: Annotated[
        Optional[Path], typer.Option("--html", help="Write the answer as an HTML page too.")
    ] = None,
    pdf_backend: PdfBackend = "pymupdf",
    json: Json = False,
) -> None:
    """Answer a question from the index, with citations."""
    from ragsight.answer import (
        RequestSaver,
        SynthesizerOptions,
        VisionSynthesizer,
        question_image,
    )
    from ragsight.gallery import GallerySection, write_gallery
    from ragsight.retrieval import MultimodalRetriever

    question = session.typed(question)
    library = pdf_backend_name(pdf_backend)
    filter_ = parse_where(where if where is not None else [])
    options = SynthesizerOptions(
        detail=detail,  # type: ignore[arg-type]  # checked there
        max_images=max_images,
        overflow=overflow,  # type: ignore[arg-type]  # likewise
    )
    backend = session.vision_backend(vlm, base_url, max_tokens=max_tokens)
    with session.open_index(index) as store:
        retriever = MultimodalRetriever(store)
        hits = retriever.retrieve(question, image=image, k=k, filter=filter_)
        answer: Answer | None = None
        if backend is None:
            _show_evidence(question, hits, json=json)
        else:
            saver = None if save is None else RequestSaver(save)
            synthesizer = VisionSynthesizer(backend, options=options, on_request=saver)
            shown = [question_image(image)] if image is not None and hits else []
            answer = _answer(synthesizer, question, [*shown, *hits], json=json)
        if html is not None:
            # The question is the page's title already.
            section = GallerySection(
                "",
                hits,
                query_image=image,
                answer="" if answer is None else answer,
                weights=retriever.weights,
            )
            page = write_gallery(html, [section], title=question, store=store, pdf_backend=library)
            session.err.print(Text(f"{'Evidence' if answer is None else 'Answer'}: {page}"))


def _show_evidence(question: str, hits: list[Hit], *, json: bool) -> None:
    if json:
        session.print_json({"question": question, "hits": [hit.to_dict() for hit in hits]})
    else:
        views.show_evidence(hits)
    session.err.print(session.no_model())


def _answer(
    synthesizer: VisionSynthesizer,
    question: str,
    sources: list[Evidence],
    *,
    json: bool,
) -> Answer:
    if json:
        answer = synthesizer.answer(question, sources)
        session.print_json(answer.to_dict())
        return answer
    return views.show_stream(synthesizer.stream(question, sources))
