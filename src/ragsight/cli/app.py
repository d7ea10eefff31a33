"""The commands.

Exit codes: 0 all went well; 1 it went on, but something had to be skipped; 2 nothing could be
done, because of the call, the input or the surroundings; 130 interrupted.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any, Optional

import typer
from rich.text import Text
from typer.core import TyperCommand

from ragsight import __version__
from ragsight.cli import session, views
from ragsight.cli.asking import ask_index
from ragsight.cli.doctoring import doctor_index
from ragsight.cli.evaluation import evaluate_index
from ragsight.cli.inspecting import inspect_file
from ragsight.cli.logs import configure_logging
from ragsight.cli.options import BaseUrl, Count, Html, Index, Json, Vlm, Where
from ragsight.cli.pdfs import Ocr, PageImages, Password, PdfBackend, pdf_backend_name, pdf_options
from ragsight.cli.slides import Render, slide_options
from ragsight.cli.where import parse_where
from ragsight.errors import RagsightError

# Typer reads annotations at run time, and on Python 3.10 not all of the newer syntax.
# ruff: noqa: UP045

app = typer.Typer(
    name="ragsight",
    help="Search text and images together, and get cited answers.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


class _IndexCommand(TyperCommand):
    """Names what can be read, which is looked up only when help is asked for."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        from ragsight.loaders.formats import known_kinds

        self.help = f"Index {known_kinds()}."
        super().format_help(ctx, formatter)


@app.command(cls=_IndexCommand)
def index(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.")],
    *,
    index: Index = session.DEFAULT_INDEX,
    model: Annotated[
        Optional[str],
        typer.Option("--model", "-m", help="CLIP checkpoint: hub name, folder, ragsight-demo."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Index unchanged files again.")] = False,
    password: Password = None,
    ocr: Ocr = None,
    page_images: PageImages = "auto",
    pdf_backend: PdfBackend = "pymupdf",
    render: Render = "auto",
    image_root: Annotated[
        Optional[Path],
        typer.Option(
            "--image-root",
            help="Where catalogues' pictures lie, if not below the folder of each catalogue.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Index files and folders of them."""
    from ragsight.ingestion.pipeline import ingest
    from ragsight.loaders import discover

    # Before the index is made: a mistyped path shall leave no empty index behind.
    discover(paths, image_root=image_root)
    pdf = pdf_options(ocr=ocr, page_images=page_images, backend=pdf_backend)
    slides = slide_options(render=render)
    with (
        session.open_index(index, model=model, create=True) as store,
        views.progress_bar("Indexing") as on_progress,
    ):
        report = ingest(
            paths,
            store,
            force=force,
            on_progress=on_progress,
            pdf=pdf,
            slides=slides,
            password=password,
            image_root=image_root,
        )
    if json:
        session.print_json(report.to_dict())
    else:
        views.show_report(report)
    failed = report.with_status("failed")
    if failed:
        raise typer.Exit(2 if len(failed) == len(report.sources) else 1)
    if report.problems:
        raise typer.Exit(1)


@app.command()
def search(
    query: Annotated[str, typer.Argument(help="What to look for.")],
    image: Annotated[Optional[Path], typer.Option("--image", help="An image as well.")] = None,
    k: Count = 5,
    where: Where = None,
    index: Index = session.DEFAULT_INDEX,
    json: Json = False,
    html: Html = None,
    pdf_backend: PdfBackend = "pymupdf",
) -> None:
    """Find text and images by words."""
    _find(
        session.typed(query),
        image,
        k=k,
        where=where,
        index=index,
        json=json,
        html=html,
        pdf_backend=pdf_backend,
    )


@app.command()
def similar(
    image: Annotated[Path, typer.Argument(help="An image file.")],
    k: Count = 5,
    where: Where = None,
    index: Index = session.DEFAULT_INDEX,
    json: Json = False,
    html: Html = None,
    pdf_backend: PdfBackend = "pymupdf",
) -> None:
    """Find images like an image."""
    _find(None, image, k=k, where=where, index=index, json=json, html=html, pdf_backend=pdf_backend)


def _find(
    query: str | None,
    image: Path | None,
    *,
    k: int,
    where: list[str] | None,
    index: str,
    json: bool,
    html: Path | None,
    pdf_backend: str,
) -> None:
    from ragsight.gallery import GallerySection, write_gallery
    from ragsight.retrieval import MultimodalRetriever

    filter_ = parse_where(where if where is not None else [])
    library = pdf_backend_name(pdf_backend)
    with session.open_index(index) as store:
        retriever = MultimodalRetriever(store)
        hits = retriever.retrieve(query, image=image, k=k, filter=filter_)
        if html is not None:
            section = GallerySection(
                _title(query, image), hits, query_image=image, weights=retriever.weights
            )
            html = write_gallery(html, [section], store=store, pdf_backend=library)
    if json:
        session.print_json({"query": query, "hits": [hit.to_dict() for hit in hits]})
    else:
        views.show_hits(hits, title=_title(query, image))
    if html is not None:
        session.err.print(Text(f"Gallery: {html}"))


def _title(query: str | None, image: Path | None) -> str:
    return query if query is not None else f"Like {image}"


app.command("ask")(ask_index)
app.command("eval")(evaluate_index)
app.command("inspect")(inspect_file)
app.command("doctor")(doctor_index)


@app.command()
def ui(
    index: Index = session.DEFAULT_INDEX,
    vlm: Vlm = None,
    base_url: BaseUrl = None,
    host: Annotated[str, typer.Option("--host", help="Where to listen.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option("--port", "-p", min=0, max=65535, help="0 takes a free one.")
    ] = 8321,
    open_browser: Annotated[bool, typer.Option("--open", help="Show it in the browser.")] = False,
    pdf_backend: PdfBackend = "pymupdf",
) -> None:
    """Search and ask on a page in the browser, on this machine."""
    from ragsight.ui import is_loopback, serve

    backend = session.vision_backend(vlm, base_url)
    if backend is None:
        session.err.print(session.no_model())
    if not is_loopback(host):
        session.err.print(
            Text(f"{host}: everyone who can reach it can search the index.", style="yellow")
        )
    with session.open_index(index) as store:
        serve(
            store,
            backend=backend,
            host=host,
            port=port,
            open_browser=open_browser,
            pdf_backend=pdf_backend_name(pdf_backend),
            on_ready=lambda address: session.out.print(
                Text(f"{address}  (stop it with Ctrl+C)", style="bold")
            ),
        )


@app.command()
def info(index: Index = session.DEFAULT_INDEX, json: Json = False) -> None:
    """Say what an index holds and what it was made with."""
    from ragsight.errors import StoreNotFoundError
    from ragsight.store import MultimodalStore

    try:
        store = MultimodalStore.open(index, create=False)
    except StoreNotFoundError as error:
        raise StoreNotFoundError(session.no_index(index)) from error
    with store:
        counts, profile = store.counts(), store.profile
        records = sorted(store.source_records(), key=lambda record: record.uri)
    if json:
        session.print_json(
            {
                "ragsight": __version__,
                "place": store.place,
                "profile": profile.to_dict(),
                "texts": counts.texts,
                "images": counts.images,
                "sources": {record.uri: len(record.chunk_ids) for record in records},
            }
        )
        return
    session.out.print(Text(f"{store.place}: {counts.texts} texts, {counts.images} images"))
    session.out.print(Text(f"encoder {profile.encoder}, BM25 for {profile.language}", style="dim"))
    for record in records:
        session.out.print(Text(f"  {len(record.chunk_ids):5d}  {record.uri}"))


@app.command()
def demo(
    folder: Annotated[Path, typer.Option("--folder", help="Where the demo works.")] = Path(
        "ragsight-demo"
    ),
    pdf: Annotated[Optional[Path], typer.Option("--pdf", help="Your own PDF.")] = None,
    question: Annotated[
        Optional[list[str]], typer.Option("--question", "-q", help="What to ask it. Repeatable.")
    ] = None,
    vlm: Vlm = None,
    base_url: BaseUrl = None,
) -> None:
    """Show it on drawn products and on a handbook: offline, no key, under a minute."""
    from ragsight.cli.demo import run_demo

    run_demo(
        folder,
        pdf=pdf,
        questions=None if question is None else [session.typed(each) for each in question],
        backend=session.vision_backend(vlm, base_url),
    )


def _version(value: bool) -> None:
    if value:
        session.out.print(f"ragsight {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Print the version."),
    ] = False,
    verbose: Annotated[
        int,
        typer.Option("--verbose", "-v", count=True, help="Log what is done; twice: in detail."),
    ] = 0,
    log_json: Annotated[
        bool, typer.Option("--log-json", help="Log as JSON lines to standard error.")
    ] = False,
) -> None:
    """Search text and images together, and get cited answers."""
    del version
    configure_logging(verbose, as_json=log_json)


def main() -> None:
    """Run the command line; our own errors become one line and an exit code."""
    session.write_anything()
    try:
        app()
    except RagsightError as error:
        session.err.print(Text(f"Error: {error}", style="red"))
        sys.exit(2)
    except KeyboardInterrupt:
        session.err.print("Interrupted; run the same command again to go on.")
        sys.exit(130)
