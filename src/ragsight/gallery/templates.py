"""The templates, and the style and script that go with them."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, Template
from markupsafe import Markup


@cache
def environment() -> Environment:
    """Templates of the gallery; whatever they show is escaped."""
    return Environment(
        loader=PackageLoader("ragsight.gallery", "assets"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def template(name: str) -> Template:
    """A template by name."""
    return environment().get_template(name)


@cache
def asset(name: str) -> Markup:
    """A style or script of ours, as it stands in its file."""
    source = (files("ragsight.gallery") / "assets" / name).read_text(encoding="utf-8")
    return Markup(source)  # ours: nothing of a user's is in it


def content_hash(content: str) -> str:
    """What a content security policy calls a style or script by."""
    digest = hashlib.sha256(content.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
