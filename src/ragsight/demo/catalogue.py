"""A made-up shop: named and priced products with drawn pictures, always the same."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass
from itertools import product as cross
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from ragsight.demo.drawing import PRODUCT_KINDS, draw_product
from ragsight.demo.palette import COLOURS, PATTERNS
from ragsight.demo.seeds import CATALOGUE
from ragsight.demo.wares import CLOSINGS, LINES, LOOKS, OPENINGS, WARES
from ragsight.errors import ConfigurationError

if TYPE_CHECKING:
    from PIL import Image

# Every catalogue starts with these, so that the demo's questions have a right answer.
_ALWAYS: tuple[tuple[str, str, str, float], ...] = (
    ("sneaker", "red", "striped", 64.90),
    ("dress", "blue", "plain", 39.90),
    ("dress", "blue", "dotted", 79.00),
    ("sneaker", "red", "striped", 89.00),
    ("dress", "blue", "striped", 46.50),
    ("sneaker", "red", "plain", 59.90),
    ("sneaker", "blue", "striped", 69.90),
    ("mug", "yellow", "dotted", 12.90),
)
_COMBINATIONS = len(PRODUCT_KINDS) * len(COLOURS) * len(PATTERNS)


@dataclass(frozen=True)
class Product:
    """One article of the shop.

    Example:
        >>> first = products()[0]
        >>> first.name
        'Lark striped sneaker, red'
        >>> draw(first, size=64).size
        (64, 64)
    """

    sku: str
    name: str
    kind: str
    colour: str
    pattern: str
    price: float
    category: str
    description: str

    @property
    def image_name(self) -> str:
        """The picture's place beside the catalogue file."""
        return f"images/{self.sku}.png"


def products(count: int = 132, seed: int = 7) -> list[Product]:
    """The articles of the shop, in order of their numbers.

    All kinds come about equally often. Two red striped sneakers and blue dresses on both sides
    of 50 are always among the first.

    Args:
        count: How many, at most one for each kind, colour and pattern.
        seed: Varies which colours and patterns there are, the names, prices and descriptions.

    Raises:
        ConfigurationError: If `count` is too small or too large.
    """
    if not 1 <= count <= _COMBINATIONS:
        message = f"A catalogue has from 1 to {_COMBINATIONS} products, not {count}."
        raise ConfigurationError(message)
    rng = Random(f"catalogue/{seed}")
    articles = [*_ALWAYS, *_assortment(rng)][:count]
    return [_product(number, *article, rng) for number, article in enumerate(articles, start=1)]


def draw(product: Product, size: int = 256) -> Image.Image:
    """Draw a product's picture; its number in the shop decides the pose."""
    number = int(product.sku.rpartition("-")[2])
    return draw_product(
        product.kind, product.colour, product.pattern, seed=CATALOGUE[number], size=size
    )


def write_catalogue(folder: Path, count: int = 132) -> Path:
    """Write the shop as `catalogue.csv` with a picture for each row in `images/`.

    Writing again changes nothing: files that already hold the same bytes are left alone.

    Args:
        folder: Where to write; made if it isn't there.
        count: Number of products.

    Returns:
        The path of the CSV file. Its `image` column is relative to the folder.
    """
    (folder / "images").mkdir(parents=True, exist_ok=True)
    articles = products(count)
    for article in articles:
        png = io.BytesIO()
        draw(article).save(png, "PNG")
        _write(folder / article.image_name, png.getvalue())
    rows = [
        {**asdict(each), "price": f"{each.price:.2f}", "image": each.image_name}
        for each in articles
    ]
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    path = folder / "catalogue.csv"
    _write(path, text.getvalue().encode())
    return path


def _assortment(rng: Random) -> list[tuple[str, str, str, float]]:
    """Everything else that can be drawn, one of each kind in turn."""
    listed = {article[:3] for article in _ALWAYS}
    shelves: list[list[tuple[str, str, str, float]]] = []
    for kind in PRODUCT_KINDS:
        looks = [look for look in cross(COLOURS, PATTERNS) if (kind, *look) not in listed]
        rng.shuffle(looks)
        shelves.append([(kind, colour, pattern, _price(kind, rng)) for colour, pattern in looks])
    longest = max(len(shelf) for shelf in shelves)
    return [shelf[i] for i in range(longest) for shelf in shelves if i < len(shelf)]


def _price(kind: str, rng: Random) -> float:
    low, high = WARES[kind].prices
    return round(rng.uniform(low, high)) - rng.choice((0.0, 0.1, 0.5))


def _product(
    number: int, kind: str, colour: str, pattern: str, price: float, rng: Random
) -> Product:
    ware, line = WARES[kind], rng.choice(LINES)
    look = f"{pattern} {kind}" if pattern != "plain" else kind
    return Product(
        sku=f"RS-{number:04d}",
        name=f"{line} {look}, {colour}",
        kind=kind,
        colour=colour,
        pattern=pattern,
        price=price,
        category=ware.category,
        description=_describe(kind, colour, pattern, rng),
    )


def _describe(kind: str, colour: str, pattern: str, rng: Random) -> str:
    ware = WARES[kind]
    look = rng.choice(LOOKS[pattern]).format(colour=colour)
    opening, stuff = rng.choice(OPENINGS), rng.choice(ware.stuffs)
    first = opening.format(noun=ware.noun, look=look, stuff=stuff)
    middle, last = rng.choice(ware.details), rng.choice(CLOSINGS)
    return f"{first[0].upper()}{first[1:]} {middle} {last}"


def _write(path: Path, data: bytes) -> None:
    if not path.is_file() or path.read_bytes() != data:
        path.write_bytes(data)
