"""Addresses of images: which kind they are, how to show them, and those that hold the image."""

from __future__ import annotations

import base64
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from ragsight.errors import ImageError

MAX_BYTES = 50 * 2**20
"""Longest encoded image that is taken from the web or from a `data:` URI: 50 MiB."""

_LONGEST_SHOWN = 200
"""Characters of a host or a path that a message shows."""


def is_web_address(uri: str) -> bool:
    """Whether a source is fetched over http or https."""
    return uri[:8].lower().startswith(("http://", "https://"))


def is_data_uri(uri: str) -> bool:
    """Whether a source carries its bytes in itself."""
    return uri[:5].lower() == "data:"


def redact_url(url: str) -> str:
    """The address without what may be secret in it: credentials, query and fragment."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return f"{url.partition(':')[0]}://…"
    host = host if len(host) <= _LONGEST_SHOWN else f"{host[:_LONGEST_SHOWN]}…"
    place = f"[{host}]" if ":" in host else host
    place += f":{port}" if port is not None else ""
    path = parts.path
    path = path if len(path) <= _LONGEST_SHOWN else f"{path[:_LONGEST_SHOWN]}…"
    return f"{parts.scheme}://{place}{path}{'?…' if parts.query else ''}"


def decode_data_uri(uri: str, *, max_bytes: int = MAX_BYTES) -> bytes:
    r"""Decode a `data:` URI (RFC 2397), in base64 or percent-encoded.

    Args:
        uri: The URI. Line breaks and missing padding in base64 are forgiven.
        max_bytes: Longest content that is decoded.

    Returns:
        The bytes. The media type it claims is ignored, as everywhere.

    Raises:
        ImageError: If it isn't such a URI, is too long, or isn't base64 where it says so.

    Example:
        >>> decode_data_uri("data:image/png;base64,iVBORw0KGgo=")[:4]
        b'\x89PNG'
    """
    name = f"data URI of {len(uri):,} characters"
    head, comma, payload = uri.partition(",")
    if not is_data_uri(uri) or not comma:
        raise ImageError(f"{name}: it must look like data:image/png;base64,… Check where it's cut.")
    if len(payload) > 4 * max_bytes:
        raise ImageError(f"{name}: more than the limit of {max_bytes:,} bytes. Scale it down.")
    try:
        data = _decoded(payload, is_base64=head.rstrip().lower().endswith(";base64"))
    except ValueError as error:
        raise ImageError(f"{name}: its content isn't base64 ({error}). Encode it again.") from error
    if len(data) > max_bytes:
        raise ImageError(f"{name}: more than the limit of {max_bytes:,} bytes. Scale it down.")
    return data


def _decoded(payload: str, *, is_base64: bool) -> bytes:
    if not is_base64:
        return unquote_to_bytes(payload)
    text = "".join(unquote(payload).split()).rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
