"""Check JSON against the SDKs' own TypedDicts, with unknown keys refused at every level."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

import typing_extensions

REQUIRED: Any = typing_extensions.Required


class ContractError(ValueError):
    """A request that the real server would refuse.

    Attributes:
        details: The machine-readable part of the refusal, where the real server gives one.
        status: HTTP status of the refusal.
    """

    def __init__(
        self, message: str, details: dict[str, Any] | None = None, *, status: int = 400
    ) -> None:
        super().__init__(message)
        self.details = details
        self.status = status


def check_type(value: Any, expected: Any, where: str = "body") -> None:
    """Raise ContractError unless a JSON value is what a type says."""
    origin = get_origin(expected)
    if expected is Any or expected is object:
        return
    if typing_extensions.is_typeddict(expected):
        _check_typed_dict(value, expected, where)
    elif origin in {Union, types.UnionType}:
        _check_union(value, get_args(expected), where)
    elif origin in {REQUIRED, typing_extensions.Annotated}:
        check_type(value, get_args(expected)[0], where)
    elif origin in {Literal, typing_extensions.Literal}:
        _require(value in get_args(expected), where, f"{value!r} is not one of the values allowed")
    elif origin is not None and issubclass(origin, Mapping):
        _require(isinstance(value, dict), where, "an object is expected")
        for key, item in value.items():
            check_type(item, get_args(expected)[1], f"{where}.{key}")
    elif origin is not None and issubclass(origin, Iterable):
        _require(isinstance(value, list), where, "an array is expected")
        for index, item in enumerate(value):
            check_type(item, get_args(expected)[0], f"{where}[{index}]")
    else:
        _check_plain(value, expected, where)


def _check_plain(value: Any, expected: Any, where: str) -> None:
    if expected is None or expected is type(None):
        _require(value is None, where, "null is expected")
    elif expected is float:
        _require(_is_number(value), where, "a number is expected")
    elif isinstance(expected, type):
        is_bool = isinstance(value, bool)
        fits = isinstance(value, expected) and (expected is bool) == is_bool
        _require(fits, where, f"{expected.__name__} is expected, not {type(value).__name__}")
    elif hasattr(expected, "__value__"):
        check_type(value, expected.__value__, where)
    else:
        # Sequences of strings that the SDK spells as a protocol of its own.
        _require(isinstance(value, list), where, "an array is expected")


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _check_union(value: Any, options: tuple[Any, ...], where: str) -> None:
    problems = []
    for option in options:
        try:
            check_type(value, option, where)
        except ContractError as error:
            problems.append(str(error))
        else:
            return
    # The arm that got furthest names the real problem; the others only say that it isn't theirs.
    own = [problem for problem in problems if not problem.startswith(f"{where}.type:")]
    raise ContractError(max(own or problems, key=lambda problem: len(problem.partition(":")[0])))


def _check_typed_dict(value: Any, expected: Any, where: str) -> None:
    _require(isinstance(value, dict), where, "an object is expected")
    hints, required = _fields(expected)
    if "type" in value and "type" in hints:
        check_type(value["type"], hints["type"], f"{where}.type")
    for key in value:
        _require(key in hints, f"{where}.{key}", "unknown key")
    for key in required:
        _require(key in value, where, f"{key} is missing")
    for key, item in value.items():
        check_type(item, hints[key], f"{where}.{key}")


@cache
def _fields(typed_dict: Any) -> tuple[dict[str, Any], frozenset[str]]:
    hints = typing_extensions.get_type_hints(typed_dict, include_extras=True)
    # `__required_keys__` doesn't see Required[...] in annotations that are strings.
    marked = {key for key, hint in hints.items() if get_origin(hint) is REQUIRED}
    return get_type_hints(typed_dict), frozenset(marked | set(typed_dict.__required_keys__))


def _require(condition: bool, where: str, problem: str) -> None:
    if not condition:
        raise ContractError(f"{where}: {problem}")
