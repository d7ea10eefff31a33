"""Made-up products for `search.py`: an image vector, a description, one key to filter by.

The vectors lie in clusters of some 500, as those of images of like things do: cluster centres and
the places around them are drawn in 48 latent dimensions, the later ones ever narrower, and laid
into 512 with some noise and a common direction. Questions are such vectors near a product. Every
second one lies between the clusters, and is moved aside from all products, as words are from images
in CLIP's space: graphs lose their way to these first.
The descriptions are twelve words whose frequencies fall as in real text; a question has four.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]

DIMENSION = 512
LATENT = 48
CLUSTER_SIZE = 500
WORDS = 20_000
BLOCK = 10_000

K = 10
DEPTH = 50
"""How far down each ranking is looked that is fused: as far as our retriever does."""

CASES = ("no filter", "1% filter", "10% filter", "hybrid")
FILTERED_TO = {"1% filter": 7, "10% filter": 10}
"""The 1% filter asks for `percent` equal to 7, the 10% filter for `percent` below 10."""

GIVEN_AT_ONCE = 1_000
"""Rows that a contender is given at once."""


@dataclass(frozen=True, slots=True)
class Block:
    """Products in a row: `(n, 512)` vectors, and as many texts; `percent` is the number mod 100."""

    start: int
    vectors: FloatArray
    texts: list[str]

    @property
    def numbers(self) -> range:
        """The numbers of the products."""
        return range(self.start, self.start + len(self.texts))


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked: a vector of length 1, and words."""

    vector: FloatArray
    text: str


def id_of(number: int) -> str:
    """The id of a product, where one must be a UUID."""
    return str(uuid.UUID(int=number + 1))


def number_of(id_: str) -> int:
    """The number of the product with an id that `id_of` made."""
    return uuid.UUID(id_).int - 1


class Data:
    """Products and questions in a folder, so that contenders needn't hold them in memory.

    Args:
        folder: Where `write` put them.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def blocks(self, size: int = GIVEN_AT_ONCE) -> Iterator[Block]:
        """Read the products, a block at a time."""
        start = 0
        with (
            (self._folder / "vectors").open("rb") as vectors,
            (self._folder / "texts").open(encoding="utf-8") as texts,
        ):
            while data := vectors.read(size * DIMENSION * 4):
                rows = np.frombuffer(data, np.float32).reshape(-1, DIMENSION)
                yield Block(start, rows, [texts.readline().rstrip("\n") for _ in rows])
                start += len(rows)

    def questions(self) -> list[Question]:
        """Read the questions."""
        stored: list[dict[str, Any]] = json.loads((self._folder / "questions").read_bytes())
        return [Question(np.asarray(q["vector"], np.float32), q["text"]) for q in stored]


def write(folder: Path, *, points: int, questions: int, seed: int) -> Data:
    """Make products and questions; the same seed gives the same ones.

    Args:
        folder: Where to, made if it isn't there.
        points: How many products.
        questions: How many questions.
        seed: Of the random numbers.
    """
    folder.mkdir(parents=True, exist_ok=True)
    space = _Space(np.random.default_rng(seed), max(20, points // CLUSTER_SIZE))
    asked = set(space.random.choice(points, size=min(questions, points), replace=False).tolist())
    kept: list[dict[str, Any]] = []
    with (
        (folder / "vectors").open("wb") as vectors,
        (folder / "texts").open("w", encoding="utf-8") as texts,
    ):
        for start in range(0, points, BLOCK):
            latent, words = space.draw(min(BLOCK, points - start))
            space.lay(latent).tofile(vectors)
            texts.writelines(" ".join(f"w{word}" for word in row) + "\n" for row in words)
            for number in sorted(asked & set(range(start, start + len(latent)))):
                place = number - start
                vector = space.near(latent[place], aside=len(kept) % 2 == 1)
                some = " ".join(f"w{word}" for word in space.random.permutation(words[place])[:4])
                kept.append({"vector": vector.tolist(), "text": some})
    (folder / "questions").write_text(json.dumps(kept), encoding="utf-8")
    return Data(folder)


class _Space:
    """The latent space, and how it lies in the 512 dimensions."""

    def __init__(self, random: np.random.Generator, clusters: int) -> None:
        self.random = random
        self._spread = 1 / np.sqrt(1 + np.arange(LATENT) / 8)
        self._centres = self._normal(clusters, LATENT) * self._spread
        self._axes = self._normal(LATENT, DIMENSION) / np.sqrt(DIMENSION)
        self._common, self._aside = self._normal(2, DIMENSION) / np.sqrt(DIMENSION)
        self._common *= 2
        self._aside *= 4

    def draw(self, count: int) -> tuple[FloatArray, NDArray[np.int64]]:
        """Latent places and words of products: `(count, 48)` and `(count, 12)`."""
        centres = self._centres[self.random.integers(0, len(self._centres), count)]
        latent = centres + 0.6 * self._normal(count, LATENT) * self._spread
        words = np.minimum(self.random.zipf(1.3, size=(count, 12)), WORDS) - 1
        return latent.astype(np.float32), words

    def lay(self, latent: FloatArray) -> FloatArray:
        """Vectors of length 1 at latent places."""
        rows = latent @ self._axes + self._common
        return _unit(rows + 3 * self._normal(len(rows), DIMENSION) / np.sqrt(DIMENSION))

    def near(self, latent: FloatArray, *, aside: bool) -> FloatArray:
        """A question's vector: near a product, or moved aside from all of them."""
        kept, drift = (0.5, 0.8) if aside else (1.0, 0.3)
        moved = kept * latent + drift * self._normal(1, LATENT) * self._spread
        row = moved @ self._axes + self._common + (self._aside if aside else 0)
        unit: FloatArray = _unit(row)[0]
        return unit

    def _normal(self, rows: int, columns: int) -> NDArray[np.float64]:
        return self.random.normal(size=(rows, columns))


def _unit(rows: NDArray[np.float64]) -> FloatArray:
    lengths: NDArray[np.float64] = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / lengths, np.float32)
