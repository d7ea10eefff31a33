"""Numbers of items in lists, in the forms that Office programs know."""

from __future__ import annotations

_ROMAN = (
    *((1000, "m"), (900, "cm"), (500, "d"), (400, "cd"), (100, "c"), (90, "xc"), (50, "l")),
    *((40, "xl"), (10, "x"), (9, "ix"), (5, "v"), (4, "iv"), (1, "i")),
)
_LARGEST = 5000
"""Numbers above are written in digits whatever the list says."""


def in_form(count: int, form: str) -> str:
    """A number as an item of a list bears it.

    Args:
        count: The number.
        form: `lowerLetter`, `upperRoman`, `decimalZero` and their like; digits for any other.

    Example:
        >>> in_form(4, "upperRoman"), in_form(28, "lowerLetter"), in_form(3, "decimal")
        ('IV', 'bb', '3')
    """
    if not 0 < count < _LARGEST:
        return str(count)
    if form.endswith("Letter"):
        # After z come aa, bb, cc.
        text = chr(ord("a") + (count - 1) % 26) * ((count - 1) // 26 + 1)
    elif form.endswith("Roman"):
        text = _roman(count)
    else:
        return f"{count:02}" if form == "decimalZero" else str(count)
    return text.upper() if form.startswith("upper") else text


def _roman(count: int) -> str:
    text = ""
    for value, sign in _ROMAN:
        times, count = divmod(count, value)
        text += sign * times
    return text
