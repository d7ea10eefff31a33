"""Captions in many wordings, each with the tags that make it true."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ragsight.demo.palette import COLOURS, PATTERNS
from tools.demo.training.samples import GROUPS, Sample, is_held_out
from tools.demo.training.words import (
    COLOUR_WORDS,
    FIGURE_FRAMES,
    FIGURE_WORDS,
    FRAMES,
    GROUP_WORDS,
    KIND_WORDS,
    PATTERN_ENDINGS,
    PATTERN_WORDS,
    PLURALS,
    QUALITIES,
    TAILS,
    TOPIC_WORDS,
)

if TYPE_CHECKING:
    from random import Random

_FIGURE_GROUPS = ("chart", "diagram", "figure")
# Which of kind, colour and pattern a caption mentions, and how often.
_MENTIONS: dict[tuple[bool, bool, bool], int] = {
    (True, True, True): 64,
    (True, True, False): 14,
    (True, False, True): 6,
    (True, False, False): 7,
    (False, True, True): 4,
    (False, True, False): 5,
}


@dataclass(frozen=True)
class Caption:
    """A text, and the tags a picture must have for the text to be true of it."""

    text: str
    tags: frozenset[str]

    def fits(self, sample: Sample) -> bool:
        """Whether the text is true of a sample."""
        return self.tags <= sample.tags


def describe(kind: str, colour: str, pattern: str) -> str:
    """The plainest full caption of a product.

    Example:
        >>> describe("umbrella", "orange", "dotted")
        'a photo of an orange dotted umbrella'
    """
    return f"a photo of {with_article(f'{colour} {pattern} {kind}')}"


def caption(sample: Sample, rng: Random) -> Caption:
    """Word a caption that is true of the sample, sometimes leaving something unsaid."""
    if sample.colour is None or sample.pattern is None:
        return _figure_caption(sample.kind, rng)
    kind, colour, pattern = rng.choices(list(_MENTIONS), list(_MENTIONS.values()))[0]
    return _thing_caption(
        sample.kind if kind else None,
        sample.colour if colour else None,
        sample.pattern if pattern else None,
        rng,
    )


def near_miss(sample: Sample, rng: Random) -> Caption:
    """Word a full caption that is wrong in one thing only: the kind, the colour or the pattern."""
    kind, colour, pattern = sample.kind, sample.colour, sample.pattern
    if colour is None or pattern is None:
        return _figure_caption(_other(FIGURE_WORDS, kind, rng), rng)
    kinds = GROUPS["shape"] if kind in GROUPS["shape"] else _product_kinds()
    while True:
        turn = rng.random()
        changed = (
            _other(kinds, kind, rng) if turn < 0.25 else kind,
            _other(COLOURS, colour, rng) if 0.25 <= turn < 0.65 else colour,
            _other(PATTERNS, pattern, rng) if turn >= 0.65 else pattern,
        )
        # Text about a held-out product would be training on it, even as a wrong answer.
        if changed[0] in GROUPS["shape"] or not is_held_out(*changed):
            return _thing_caption(*changed, rng)


def with_article(phrase: str) -> str:
    """Put "a" or "an" before a phrase."""
    return f"{'an' if phrase[0].lower() in 'aeio' or phrase.startswith('um') else 'a'} {phrase}"


def _thing_caption(
    kind: str | None, colour: str | None, pattern: str | None, rng: Random
) -> Caption:
    noun, tag = _noun(kind, rng)
    spoken = pattern if pattern != "plain" or rng.random() < 0.6 else None
    phrase = _phrase(noun, colour, spoken, rng)
    tags = frozenset(tag for tag in (tag, colour, spoken) if tag is not None)
    return Caption(_frame(phrase, rng, counted=noun not in PLURALS.values()), tags)


def _noun(kind: str | None, rng: Random) -> tuple[str, str | None]:
    if kind is None:
        return rng.choice(("thing", "object", "item", "product", "one")), None
    noun, tag = rng.choice(KIND_WORDS[kind]), kind
    groups = [g for g, kinds in GROUPS.items() if kind in kinds and g in GROUP_WORDS]
    if groups and rng.random() < 0.08:
        tag = rng.choice(groups)
        noun = rng.choice(GROUP_WORDS[tag])
    if rng.random() < 0.18:
        noun = PLURALS.get(noun, f"{noun}s")
    return noun, tag


def _phrase(noun: str, colour: str | None, pattern: str | None, rng: Random) -> str:
    shade = rng.choice(COLOUR_WORDS.get(colour, (colour,))) if colour else ""
    cloth = rng.choice(PATTERN_WORDS[pattern]) if pattern else ""
    ending = rng.choice(PATTERN_ENDINGS[pattern]) if pattern else ""
    quality = rng.choice(QUALITIES) if rng.random() < 0.12 else ""
    orders = [
        (quality, shade, cloth, noun),
        (quality, cloth, shade, noun),
        (quality, shade, cloth, noun),
        (quality, cloth, shade, noun),
        (quality, shade, noun, ending),
        (quality, cloth, noun, f"in {shade}" if shade else ""),
        (quality, noun, f"in {shade}" if shade else "", ending),
    ]
    return " ".join(word for word in rng.choice(orders) if word)


def _frame(phrase: str, rng: Random, *, counted: bool) -> str:
    frame = rng.choice(FRAMES)
    tail = rng.choice(TAILS) if rng.random() < 0.15 else ""
    plural = not counted or phrase.rsplit(maxsplit=1)[-1].endswith("s")
    return frame.format(np=phrase, a=phrase if plural else with_article(phrase)) + tail


def _figure_caption(kind: str, rng: Random) -> Caption:
    words, tag = rng.choice(FIGURE_WORDS[kind]), kind
    groups = [group for group in _FIGURE_GROUPS if kind in GROUPS[group]]
    if rng.random() < 0.06:
        tag = rng.choice(groups)
        words = rng.choice(GROUP_WORDS[tag])
    topic = f"{rng.choice(TOPIC_WORDS)} {rng.choice(TOPIC_WORDS)}"
    text = rng.choice(FIGURE_FRAMES).format(a=with_article(words), np=words, topic=topic)
    return Caption(text, frozenset({tag}))


def _product_kinds() -> tuple[str, ...]:
    return tuple(kind for kind in KIND_WORDS if kind not in GROUPS["shape"])


def _other(names: tuple[str, ...] | dict[str, tuple[str, ...]], name: str, rng: Random) -> str:
    return rng.choice([other for other in names if other != name])
