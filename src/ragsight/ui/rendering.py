"""The page and its pieces; all text in them is escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader

from ragsight.answer import Answer
from ragsight.characters import encodable
from ragsight.gallery.cards import cards_of
from ragsight.gallery.rendering import answer_view
from ragsight.html_pages import environment
from ragsight.retrieval import Channel, Hit
from ragsight.ui.facets import Facets
from ragsight.ui.images import LinkedPictures

ANCHOR = "found"
ASSETS: Mapping[str, tuple[str, str]] = {
    "gallery.css": ("ragsight.gallery", "text/css"),
    "gallery.js": ("ragsight.gallery", "text/javascript"),
    "icon.svg": ("ragsight.ui", "image/svg+xml"),
    "ui.css": ("ragsight.ui", "text/css"),
    "ui.js": ("ragsight.ui", "text/javascript"),
}
"""The files that the page loads: where each is, and what."""


def render_page(**values: Any) -> str:
    """The page, without results."""
    return _rendered("index.html.j2", **values)


def render_facets(facets: Facets) -> str:
    """The filters."""
    return _rendered("facets.html.j2", facets=facets)


def render_result(
    hits: Sequence[Hit],
    *,
    answer: Answer | None = None,
    weights: Mapping[Channel, float] | None = None,
) -> str:
    """A result, below its answer if there is one."""
    cards = cards_of(hits, LinkedPictures(), prefix=ANCHOR, answer=answer, weights=weights)
    view = None if answer is None else answer_view(answer, ANCHOR)
    return _rendered("result.html.j2", cards=cards, answer=view)


@cache
def asset(name: str) -> tuple[str, str] | None:
    """A file that the page loads, and its media type; None if there is no such file."""
    if name not in ASSETS:
        return None
    package, kind = ASSETS[name]
    return (files(package) / "assets" / name).read_text(encoding="utf-8"), kind


def _rendered(name: str, **values: Any) -> str:
    return encodable(_environment().get_template(name).render(**values))


@cache
def _environment() -> Environment:
    packages = ("ragsight.ui", "ragsight.gallery")
    return environment(ChoiceLoader([PackageLoader(package, "assets") for package in packages]))
