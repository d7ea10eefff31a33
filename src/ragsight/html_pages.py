"""What our HTML pages share: templates that escape, files, policies."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from jinja2 import BaseLoader, Environment

from ragsight.errors import RagsightError


def environment(loader: BaseLoader | None = None) -> Environment:
    """Templates that escape whatever they show.

    Args:
        loader: Finds them by name; None if they are given as they stand.
    """
    return Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True)


def write_page(path: str | Path, html: str) -> Path:
    """Write a page; its folder is made.

    Returns:
        The absolute path.

    Raises:
        RagsightError: If it can't be written.
    """
    target = Path(path).absolute()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(html, encoding="utf-8")
    except (OSError, ValueError) as error:
        raise RagsightError(f"{target}: the page can't be written ({error}).") from error
    return target


def content_hash(content: str) -> str:
    """What a content security policy calls a style or script by."""
    digest = hashlib.sha256(content.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
