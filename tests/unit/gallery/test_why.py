from __future__ import annotations

import pytest

from ragsight import Chunk, Hit, Source
from ragsight.gallery.why import explain
from ragsight.retrieval import ChannelScore


def test_what_a_page_adds_is_a_part_of_the_bar_without_a_rank() -> None:
    chunk = Chunk(text="A red mug.", source=Source(uri="a.pdf", page=2))
    found = Hit(chunk, 0.8, (ChannelScore("bm25", 1, 7.31, 0.6),), support=0.2)
    (reasons,) = explain([found])
    assert [(r.channel, r.mark, r.rank) for r in reasons] == [
        ("bm25", "bm25", 1),
        ("page", "beside", None),
    ]
    assert [r.share for r in reasons] == pytest.approx([75.0, 25.0])
    assert reasons[1].score == "+0.2"
