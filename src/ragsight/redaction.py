"""Keep what may be secret in an address out of messages, logs and reprs."""

from __future__ import annotations

import re

# The user information ends at the last @ before the path. What follows ? or # ends with the blank,
# quote or bracket that a message puts behind an address.
_ADDRESS = re.compile(
    r"""(?P<scheme>\b[a-zA-Z][a-zA-Z0-9+.-]{0,31}://)(?:[^\s/?\#]*@)?(?P<place>[^\s?\#'"<>]*)"""
    r"""(?P<secret>[?\#][^\s'"<>)]*)?"""
)


def without_secrets(text: str) -> str:
    """A text in whose addresses credentials, queries and fragments are left out.

    Args:
        text: An address, or a message that holds some.

    Example:
        >>> without_secrets("https://me:key@example.org:6333/v1?token=key can't be reached")
        "https://example.org:6333/v1?… can't be reached"
    """
    return _ADDRESS.sub(_shown, text) if "://" in text else text


def _shown(match: re.Match[str]) -> str:
    return f"{match['scheme']}{match['place']}{'?…' if match['secret'] else ''}"
