"""Queries with the answers that a person holds for right, and the files they come in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ragsight.errors import ErrorHandler, InputError, raise_error
from ragsight.files import read_regular_text
from ragsight.loaders.base import absolute
from ragsight.retrieval import Query
from ragsight.store import FilterLike

_FIELDS = frozenset({"id", "query", "image", "filter", "relevant"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledQuery:
    """A query and what should be found for it.

    Attributes:
        id: Names the query; runs are compared query by query.
        text: Words.
        image: Path of an image to search with.
        filter: What every hit must fulfil.
        relevant: Grade by reference: 1 for relevant, more for better, 0 for looked at and wrong. A
            reference is a chunk's id, or a place: a source's URI or file name, alone or with a
            page, a label or a part (`manual.pdf#page=4`, `deck.pptx#slide=4`,
            `manual.pdf#Figure 3`, `shop.csv#row 3`).

    Raises:
        InputError: If there is neither text nor image, or nothing relevant.

    Example:
        >>> LabelledQuery(id="1", text="filter change", relevant={"manual.pdf#page=4": 1}).text
        'filter change'
    """

    id: str
    text: str | None = None
    image: Path | None = None
    filter: FilterLike = None
    relevant: Mapping[str, int]

    def __post_init__(self) -> None:
        if not (self.text or "").strip() and self.image is None:
            raise InputError(f"query {self.id}: it has neither words nor an image.")
        if not any(grade > 0 for grade in self.relevant.values()):
            raise InputError(
                f"query {self.id}: nothing is labelled relevant to it, so nothing can be measured. "
                "Give at least one reference with a grade above 0, or leave the query out."
            )

    def to_query(self, k: int, weights: Mapping[Any, float] | None = None) -> Query:
        """The query as a retriever takes it."""
        return Query(text=self.text, image=self.image, filter=self.filter, k=k, weights=weights)


def read_queries(
    path: str | Path, *, on_error: ErrorHandler = raise_error
) -> tuple[LabelledQuery, ...]:
    """Read labelled queries from a file of JSON objects, one on each line.

    Each has `query` (words), `image` (a path relative to the file), or both; `relevant`, a list of
    references or an object of grades by reference; and may have `id` (by default the line's
    number) and `filter`.

    Args:
        path: The file, in UTF-8.
        on_error: Called with a line that can't be used; the others count if it returns.

    Returns:
        The queries, in the file's order.

    Raises:
        SourceNotFoundError: If there is no such file.
        InputError: If a line is bad and `on_error` raises, two queries share an id, or there is no
            usable line.

    Example:
        A line: `{"query": "red shoes", "relevant": ["shop.csv#row 3"]}`

        >>> read_queries("questions.jsonl")[0].text  # doctest: +SKIP
        'red shoes'
    """
    file = absolute(path)
    queries: dict[str, LabelledQuery] = {}
    for number, line in _lines(file):
        try:
            query = _parsed(file, number, line)
            if query.id in queries:
                raise InputError(f"{file}, line {number}: the id {query.id!r} stands there twice.")
            queries[query.id] = query
        except InputError as error:
            on_error(error)
    return _some(file, queries)


def read_qrels(qrels: str | Path, topics: str | Path) -> tuple[LabelledQuery, ...]:
    """Read queries and judgements in the formats of TREC.

    Args:
        qrels: Lines of `query-id iteration document-id grade`; documents are references as in
            `LabelledQuery.relevant`, without blanks.
        topics: Lines of `query-id <tab> words`. Topics without a relevant document are left out,
            as `trec_eval` does.

    Returns:
        The queries, in the order of the topics.

    Raises:
        SourceNotFoundError: If there is no such file.
        InputError: If a line is bad, or no topic has a relevant document.
    """
    judged = _judgements(absolute(qrels))
    file = absolute(topics)
    queries: dict[str, LabelledQuery] = {}
    for number, line in _lines(file):
        id_, tab, words = line.partition("\t")
        if not tab or not words.strip():
            raise InputError(f"{file}, line {number}: expected a query's id, a tab, and its words.")
        grades = judged.get(id_.strip(), {})
        if any(grade > 0 for grade in grades.values()):
            queries[id_.strip()] = LabelledQuery(
                id=id_.strip(), text=words.strip(), relevant=grades
            )
    return _some(file, queries)


def _parsed(file: Path, number: int, line: str) -> LabelledQuery:
    where = f"{file}, line {number}"
    try:
        data = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{where}: this is no JSON ({error}).") from error
    if not isinstance(data, dict):
        raise InputError(f"{where}: expected an object with 'query' and 'relevant'.")
    if unknown := data.keys() - _FIELDS:
        known = ", ".join(sorted(_FIELDS))
        raise InputError(f"{where}: unknown {', '.join(sorted(unknown))}; there are {known}.")
    image = data.get("image")
    for field in ("query", "image"):
        if not isinstance(data.get(field), str | None):
            raise InputError(f"{where}: {field!r} must be a text, not {data[field]!r:.60}.")
    try:
        return LabelledQuery(
            id=str(data.get("id", number)),
            text=data.get("query"),
            image=None if image is None else file.parent / image,
            filter=data.get("filter"),
            relevant=_grades(where, data.get("relevant")),
        )
    except InputError as error:
        raise InputError(f"{where}: {error}") from error


def _grades(where: str, relevant: Any) -> dict[str, int]:
    if isinstance(relevant, list) and all(isinstance(item, str) for item in relevant):
        return dict.fromkeys(relevant, 1)
    if isinstance(relevant, dict) and all(type(grade) is int for grade in relevant.values()):
        return relevant
    raise InputError(
        f"{where}: 'relevant' must be a list of references, or an object of whole-number grades."
    )


def _judgements(file: Path) -> dict[str, dict[str, int]]:
    judged: dict[str, dict[str, int]] = {}
    for number, line in _lines(file):
        try:
            query, _, document, grade = line.split()
            judged.setdefault(query, {})[document] = int(grade)
        except ValueError as error:
            raise InputError(
                f"{file}, line {number}: expected 'query-id iteration document-id grade', with a "
                "whole number for the grade."
            ) from error
    return judged


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    try:
        text = read_regular_text(file)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: the file can't be read as UTF-8 text ({error}).") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line


def _some(file: Path, queries: Mapping[str, LabelledQuery]) -> tuple[LabelledQuery, ...]:
    if not queries:
        raise InputError(f"{file}: there is no usable query in it.")
    return tuple(queries.values())
