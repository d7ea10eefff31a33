from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ragsight.errors import InputError, RagsightError, SourceNotFoundError
from ragsight.evaluation import LabelledQuery, read_qrels, read_queries


def written(folder: Path, text: str, name: str = "queries.jsonl") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_list_of_references_gives_each_grade_one(tmp_path: Path) -> None:
    path = written(tmp_path, '{"query": "pump", "relevant": ["a", "manual.pdf#page=4"]}\n')
    assert read_queries(path) == (
        LabelledQuery(id="1", text="pump", relevant={"a": 1, "manual.pdf#page=4": 1}),
    )


def test_grades_ids_filters_and_images_are_read(tmp_path: Path) -> None:
    line = '{"id": "q7", "image": "shoe.png", "filter": {"price": {"lt": 9}}, "relevant": {"a": 3}}'
    [query] = read_queries(written(tmp_path, f"\n{line}\n\n"))
    assert query.id == "q7"
    assert query.image == tmp_path / "shoe.png"
    assert query.filter == {"price": {"lt": 9}}
    assert query.relevant == {"a": 3}


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ('{"query": 5, "relevant": ["a"]}', "'query' must be a text"),
        ('{"image": ["a.png"], "relevant": ["a"]}', "'image' must be a text"),
        ("[]", "expected an object"),
        ('{"query": "x"}', "'relevant' must be"),
        ('{"query": "x", "relevant": {"a": 0.5}}', "'relevant' must be"),
        ('{"query": "x", "relevant": {"a": true}}', "'relevant' must be"),
        ('{"query": "x", "relevant": []}', "nothing is labelled relevant"),
        ('{"query": "x", "relevant": {"a": 0}}', "nothing is labelled relevant"),
        ('{"query": " ", "relevant": ["a"]}', "neither words nor an image"),
        ('{"query": "x", "relevnt": ["a"]}', "unknown relevnt"),
    ],
)
def test_a_bad_line_is_named_and_the_others_count(tmp_path: Path, line: str, said: str) -> None:
    path = written(tmp_path, f'{line}\n{{"query": "pump", "relevant": ["a"]}}')
    problems: list[RagsightError] = []
    assert [query.id for query in read_queries(path, on_error=problems.append)] == ["2"]
    assert said in str(problems[0])
    assert "line 1" in str(problems[0])
    with pytest.raises(InputError, match="line 1"):
        read_queries(path)


def test_an_id_that_stands_twice_is_refused(tmp_path: Path) -> None:
    line = '{"id": "a", "query": "x", "relevant": ["b"]}'
    with pytest.raises(InputError, match="line 2: the id 'a' stands there twice"):
        read_queries(written(tmp_path, f"{line}\n{line}"))


def test_a_file_without_queries_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no usable query"):
        read_queries(written(tmp_path, "\n"))
    with pytest.raises(SourceNotFoundError):
        read_queries(tmp_path / "absent.jsonl")


def test_a_file_that_is_no_text_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "queries.jsonl"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="UTF-8"):
        read_queries(path)


def test_trec_judgements_meet_their_topics(tmp_path: Path) -> None:
    topics = written(tmp_path, "1\tpump\n2\tbread\n3\tnothing fits\n", "topics.tsv")
    qrels = written(tmp_path, "1 0 a 2\n1  0\tb 0\n3 0 a 0\n2 0 c 1\n9 0 d 1\n", "qrels.txt")
    assert read_qrels(qrels, topics) == (
        LabelledQuery(id="1", text="pump", relevant={"a": 2, "b": 0}),
        LabelledQuery(id="2", text="bread", relevant={"c": 1}),
    )


@pytest.mark.parametrize("line", ["1 0 a", "1 0 a b 1", "1 0 a much"])
def test_a_bad_judgement_is_named(tmp_path: Path, line: str) -> None:
    topics = written(tmp_path, "1\tpump\n", "topics.tsv")
    with pytest.raises(InputError, match="line 2: expected 'query-id"):
        read_qrels(written(tmp_path, f"1 0 a 1\n{line}\n", "qrels.txt"), topics)


def test_a_topic_without_words_is_named(tmp_path: Path) -> None:
    qrels = written(tmp_path, "1 0 a 1\n", "qrels.txt")
    with pytest.raises(InputError, match="line 1: expected a query's id"):
        read_qrels(qrels, written(tmp_path, "1 pump\n", "topics.tsv"))


@given(text=st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_any_text_is_queries_or_one_of_our_errors(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = written(tmp_path_factory.mktemp("any"), text)
    problems: list[RagsightError] = []
    with contextlib.suppress(InputError):
        read_queries(path, on_error=problems.append)
    assert all(str(path) in str(problem) for problem in problems)
