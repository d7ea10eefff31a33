from __future__ import annotations

from dataclasses import replace

import numpy as np

from drawings import image_chunk, text_chunk
from ragsight import Chunk
from ragsight.store.engines.base import Point
from ragsight.store.halves import Halves, settled
from ragsight.store.payloads import from_payload, to_payload

BOTH = replace(image_chunk(1, "a pump"), id="a")
OTHER_PICTURE = replace(image_chunk(2, "a pump"), id="a")
OTHER_WORDS = replace(BOTH, text="a valve")
WORDS_ONLY = replace(text_chunk("a pump"), id="a")


def point(chunk: Chunk) -> Point:
    return Point(chunk.id, to_payload(chunk), {"clip": np.ones(2, dtype=np.float32)})


def test_halves_agree_when_each_is_where_it_belongs_and_says_the_same() -> None:
    assert Halves(point(BOTH), point(BOTH)).agree
    assert Halves(point(WORDS_ONLY), None).agree
    assert not Halves(point(BOTH), None).agree
    assert not Halves(None, point(BOTH)).agree
    assert not Halves(point(WORDS_ONLY), point(BOTH)).agree
    assert Halves(point(BOTH), None).missing == {"image"}


def test_of_halves_that_differ_the_text_half_is_believed() -> None:
    text, image = settled(Halves(point(OTHER_WORDS), point(BOTH)))
    assert text is not None
    assert image is not None
    assert from_payload(image.payload).text == "a valve"
    assert image.vectors.keys() == {"clip"}
    text, image = settled(Halves(point(OTHER_PICTURE), point(BOTH)))
    assert image is None
    assert text is not None
    assert from_payload(text.payload).image is None
    assert settled(Halves(point(WORDS_ONLY), point(BOTH))).image is None
