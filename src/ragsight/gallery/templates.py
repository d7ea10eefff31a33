"""The templates, and the style and script that go with them."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from jinja2 import PackageLoader, Template
from markupsafe import Markup

from ragsight.html_pages import environment


@cache
def template(name: str) -> Template:
    """A template of the gallery by name; whatever it shows is escaped."""
    return environment(PackageLoader("ragsight.gallery", "assets")).get_template(name)


@cache
def asset(name: str) -> Markup:
    """A style or script of ours, as it stands in its file."""
    source = (files("ragsight.gallery") / "assets" / name).read_text(encoding="utf-8")
    return Markup(source)  # ours: nothing of a user's is in it
