"""Names for callables and objects that stay the same from run to run."""

from __future__ import annotations

from typing import Any


def stable_name(thing: Any) -> str:
    """A name by which a callable or object can be told from others, free of memory addresses.

    Example:
        >>> stable_name(len)
        'builtins.len'
    """
    for attribute in ("name_or_path", "identity"):
        name = getattr(thing, attribute, None)
        if isinstance(name, str) and name:
            return f"{type(thing).__module__}.{type(thing).__qualname__}:{name}"
    named = thing if hasattr(thing, "__qualname__") else type(thing)
    module = getattr(named, "__module__", None)
    return f"{module if module is not None else 'builtins'}.{named.__qualname__}"
