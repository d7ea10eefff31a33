from __future__ import annotations

from ragsight.chunks import BBox
from ragsight.loaders.pdf.captions.matching import CaptionSides, match_captions

HEIGHT = 842.0


def _figure(top: float, bottom: float) -> BBox:
    return 72.0, top, 372.0, bottom


def _caption(top: float) -> BBox:
    return 72.0, top, 200.0, top + 12


def _matched(
    captions: list[BBox], figures: list[BBox], sides: CaptionSides | None = None
) -> dict[int, int]:
    known = sides if sides is not None else CaptionSides()
    return match_captions(captions, figures, [], known, HEIGHT)


def test_captions_above_are_told_by_the_page_as_a_whole() -> None:
    figures = [_figure(100, 300), _figure(341, 540), _figure(581, 780)]
    captions = [_caption(83), _caption(324), _caption(564)]
    sides = CaptionSides()
    assert _matched(captions, figures, sides) == {0: 0, 1: 1, 2: 2}
    assert (sides.above, sides.below) == (3, 0)


def test_captions_below_close_above_the_next_figure_stay_with_their_own() -> None:
    figures = [_figure(100, 300), _figure(341, 540)]
    captions = [_caption(324), _caption(564)]
    assert _matched(captions, figures) == {0: 0, 1: 1}


def test_what_a_document_has_shown_counts_where_both_sides_pair_as_many() -> None:
    figures = [_figure(100, 300), _figure(341, 540), _figure(581, 780)]
    captions = [_caption(324), _caption(564)]
    assert _matched(captions, figures, CaptionSides(below=9)) == {0: 0, 1: 1}
    assert _matched(captions, figures, CaptionSides(above=9)) == {0: 1, 1: 2}
