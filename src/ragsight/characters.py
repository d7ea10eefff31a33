"""Text that can be encoded, whatever it was read from."""

from __future__ import annotations


def encodable(text: str) -> str:
    r"""Text without halves of characters, which no encoding can hold.

    Broken PDFs and JSON that was cut have them, and file systems in names that aren't UTF-8.

    Example:
        >>> encodable("cut \ud83d")
        'cut �'
    """
    if text.isascii():
        return text
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        # Two halves that stand side by side become the character that they were.
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return text
