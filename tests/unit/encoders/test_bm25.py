from __future__ import annotations

import pytest

from ragsight import Bm25Encoder, Chunk, Source
from ragsight.encoders import SparseVector
from ragsight.encoders.bm25 import REFERENCE_WEIGHT
from ragsight.errors import ConfigurationError


def shared(one: SparseVector, other: SparseVector) -> int:
    return len(set(one.indices) & set(other.indices))


def finds(encoder: Bm25Encoder, question: str, text: str) -> bool:
    (document,) = encoder.encode_documents([text])
    return shared(encoder.encode_query(question), document) > 0


def test_words_are_stemmed_and_stop_words_left_out() -> None:
    encoder = Bm25Encoder()
    assert encoder.encode_query("the sneakers") == encoder.encode_query("sneaker")
    assert encoder.encode_query("of the") == SparseVector((), ())


def test_plain_words_are_those_of_other_qdrant_clients() -> None:
    ours, theirs = Bm25Encoder(), Bm25Encoder(analyzer=1)
    assert ours.encode_query("red running shoes") == theirs.encode_query("red running shoes")
    text = ["The valve opens at three bar and closes again."]
    assert ours.encode_documents(text) == theirs.encode_documents(text)


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("mangé", "Ils ont mangé les pommes que le voisin a données."),
        ("Häuser", "Das Haus steht an der Straße, und die Leute wohnen in dem Haus."),
        ("casas", "La casa que está en la calle es de los vecinos."),
        ("running", "She runs in the park every day, and so do they."),
        ("汽车", "这辆汽车的价格很高。"),
        ("HOTEL", "L'hôtel est près de la gare."),
        ("Rote Schuhe", "Rote Schuhe"),
    ],
)
def test_any_language_is_found_where_none_is_given(question: str, text: str) -> None:
    assert finds(Bm25Encoder("auto"), question, text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The engine is switched off by the switch at the side.", "english"),
        ("Der Motor wird mit dem Schalter an der Seite ausgeschaltet.", "german"),
        ("Le moteur est arrêté par le commutateur sur le côté.", "french"),
        ("El motor se apaga con el interruptor que está en el lado.", "spanish"),
        ("Мотор выключается при помощи переключателя на боковой стороне.", "russian"),
        ("Red shoes, size 42", "english"),
        ("東京都の観光案内", "english"),
        ("", "english"),
    ],
)
def test_the_language_of_a_text_is_told_by_its_stop_words(text: str, language: str) -> None:
    assert Bm25Encoder("auto").language_of(text) == language


def test_a_chunk_is_found_by_its_page_and_its_label() -> None:
    encoder = Bm25Encoder()
    source = Source(uri="a.pdf", page=14, page_label="xii")
    chunk = Chunk(text="Time spent", source=source, metadata={"label": "Figure 3"})
    (vector,) = encoder.encode_chunks([chunk])
    for question in ("on page 14", "page xii", "slide 14", "what does figure 3 show"):
        assert shared(encoder.encode_query(question), vector), question
    assert not shared(encoder.encode_query("on page 15"), vector)
    assert not shared(encoder.encode_query("14 cats"), vector)


def test_the_first_analyzer_is_that_of_the_engine() -> None:
    encoder = Bm25Encoder("auto", analyzer=1)
    assert not finds(encoder, "1299", "$1,299.00")
    chunk = Chunk(text="Time spent", source=Source(uri="a.pdf", page=14))
    assert encoder.encode_chunks([chunk]) == encoder.encode_documents(["Time spent"])


def test_an_unknown_language_or_analyzer_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"no rules for the language 'klingon'.*auto"):
        Bm25Encoder("klingon")
    with pytest.raises(ConfigurationError, match="no analyzer 3"):
        Bm25Encoder(analyzer=3)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", ["english", "auto"])
def test_a_reference_in_a_question_outweighs_a_word(language: str) -> None:
    encoder = Bm25Encoder(language)
    weights = encoder.encode_query("costs on page 14").values
    assert sorted(set(weights)) == [1.0, REFERENCE_WEIGHT]
    assert set(encoder.encode_query("costs of 14 cats").values) == {1.0}
    first = Bm25Encoder(language, analyzer=1).encode_query("costs on page 14, item #3")
    assert set(first.values) == {1.0}
