from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from drawings import noise_ref
from ragsight import Chunk, ImageRef, Source
from ragsight.chunks import CHUNK_KINDS

numbers = st.floats(0, 2000, allow_nan=False, width=32)
pairs = st.tuples(numbers, numbers)
boxes = st.tuples(numbers, numbers, numbers, numbers)
sources = st.builds(
    Source,
    uri=st.text(min_size=1),
    page=st.none() | st.integers(1, 999),
    page_label=st.none() | st.text(min_size=1),
    page_size=st.none() | pairs,
    bbox=st.none() | boxes,
    section=st.lists(st.text(min_size=1), max_size=3).map(tuple),
    part=st.text(),
)
images = st.none() | st.builds(
    ImageRef,
    uri=st.text(),
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    mime=st.just("image/png"),
    width=st.integers(1, 9999),
    height=st.integers(1, 9999),
    size=st.integers(1, 9999),
)
metadata: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    st.text(), st.none() | st.booleans() | st.integers() | numbers | st.text() | st.lists(st.text())
)
chunks = st.builds(
    Chunk,
    text=st.text(),
    image=images,
    source=sources,
    kind=st.sampled_from(CHUNK_KINDS),
    metadata=metadata,
)


@given(chunks)
def test_a_chunk_survives_json(chunk: Chunk) -> None:
    assert Chunk.from_dict(json.loads(json.dumps(chunk.to_dict()))) == chunk


@given(chunks)
def test_an_id_depends_on_content_and_place_and_not_on_metadata(chunk: Chunk) -> None:
    def again(**changes: Any) -> str:
        fields = {"text": chunk.text, "image": chunk.image, "source": chunk.source}
        return Chunk(**(fields | {"kind": chunk.kind} | changes)).id

    assert again() == chunk.id
    assert again(metadata={"other": 1}) == chunk.id
    assert again(text=chunk.text + "x") != chunk.id
    assert again(image=noise_ref(1)) != chunk.id


def test_two_images_with_one_caption_have_two_ids() -> None:
    source = Source(uri="a.pdf", page=1)
    one, two = (Chunk(text="Figure", image=noise_ref(n), source=source) for n in (1, 2))
    assert one.id != two.id


def test_a_tenth_of_a_point_does_not_change_an_id() -> None:
    one, two = (
        Chunk(text="x", source=Source(uri="a.pdf", page=1, bbox=(1.0, 2.0, 3.0, 4.0 + shift)))
        for shift in (0.0, 0.001)
    )
    assert one.id == two.id


def test_a_reference_s_bytes_are_never_serialised() -> None:
    ref = noise_ref(1)
    assert ref.data is not None
    assert "data" not in ref.to_dict()
    assert "data" not in repr(ref)


def test_a_title_names_the_label_or_the_first_words_and_the_place() -> None:
    source = Source(uri="/docs/manual.pdf", page=4)
    labelled = Chunk(text="Long caption", source=source, metadata={"label": "Figure 3"})
    assert labelled.title == "Figure 3 (manual.pdf, p. 4)"
    assert Chunk(text="word " * 40, source=source).title.endswith("… (manual.pdf, p. 4)")
    assert Chunk(source=source).title == "manual.pdf, p. 4"


def test_half_a_character_in_a_text_costs_no_chunk() -> None:
    broken = Chunk(text="The valve \ud835 opens.", source=Source(uri="broken.pdf"))
    assert broken.text == "The valve \ufffd opens."
    assert broken.id == Chunk(text=broken.text, source=Source(uri="broken.pdf")).id
