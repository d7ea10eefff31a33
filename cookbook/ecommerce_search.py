"""A shop's search: words with a price in them, a photo as the query, and a model that explains.

Offline it searches drawn products with the demo model. With your own catalogue (a CSV with a column
of pictures), set RAGSIGHT_MODEL=openai/clip-vit-base-patch32, and RAGSIGHT_VLM=openai:gpt-5.4-mini
for a vision model that reads the wish and explains the ranking.
"""

# %% A catalogue: here 132 drawn products
import os
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pydantic import BaseModel

from ragsight import (
    DEMO_MODEL,
    Chunk,
    ClipEncoder,
    Hit,
    MultimodalRetriever,
    MultimodalStore,
    Source,
    VisionSynthesizer,
    ingest,
)
from ragsight.demo.catalogue import write_catalogue
from ragsight.demo.drawing import draw_product
from ragsight.testing import FakeVisionBackend

MODEL = os.environ.get("RAGSIGHT_MODEL", DEMO_MODEL)
VLM = os.environ.get("RAGSIGHT_VLM")

folder = TemporaryDirectory()
work = Path(folder.name)
catalogue = write_catalogue(work / "shop")

# %% Index it: names and descriptions, pictures, and every column as something to filter by
store = MultimodalStore.open(work / "index", encoder=ClipEncoder(MODEL))
report = ingest(catalogue, store)
print(f"{report.chunks} products indexed in {report.seconds:.1f} s")
retriever = MultimodalRetriever(store, k=4)

# %% Understand "red leather jacket under $200": the price is a filter, the rest is what to look for
NUMBER = r"\$?\s*(\d+(?:\.\d+)?)"
LIMITS = {
    "lt": re.compile(rf"\b(?:under|below|less than|cheaper than)\s*{NUMBER}", re.IGNORECASE),
    "gt": re.compile(rf"\b(?:over|above|more than)\s*{NUMBER}", re.IGNORECASE),
}


class Wish(BaseModel):
    """What a customer wants, as a model reads it."""

    words: str
    least_price: float | None = None
    most_price: float | None = None


def parsed(wish: str) -> tuple[str, dict[str, Any]]:
    """Words and price filter by a few patterns: no model, no cost, no surprise."""
    price = {}
    for bound, pattern in LIMITS.items():
        if found := pattern.search(wish):
            price[bound] = float(found[1])
            wish = wish.replace(found[0], " ")
    return " ".join(wish.split()), {"price": price} if price else {}


def understood(wish: str, model: str) -> tuple[str, dict[str, Any]]:
    """The same by a model, for wishes that no pattern foresees."""
    asked = Chunk(text=f"The customer's wish: {wish}", source=Source(uri="customer"))
    task = "What does the customer look for (words without the price), and at what prices?"
    read = VisionSynthesizer(model).answer(task, [asked], schema=Wish).data
    bounds = {"gte": read.least_price, "lte": read.most_price}
    price = {bound: value for bound, value in bounds.items() if value is not None}
    return read.words, {"price": price} if price else {}


def search(wish: str) -> list[Hit]:
    """Products for a wish in plain words."""
    words, filter_ = parsed(wish) if VLM is None else understood(wish, VLM)
    return retriever.retrieve(words, filter=filter_)


def show(title: str, hits: list[Hit]) -> None:
    """Print name, price, and which channels found it."""
    print(f"\n{title}")
    for hit in hits:
        facts = hit.chunk.metadata
        print(f"   {facts['name']:32} {facts['price']:7.2f}   {hit.why}")


wish = "red leather jacket under $200"
jackets = search(wish)
show(wish, jackets)
assert all(hit.chunk.metadata["price"] < 200 for hit in jackets)
assert any(hit.chunk.metadata["kind"] == "jacket" for hit in jackets)

# %% "Like this one": a customer's photo as the query, within a budget
photo = work / "photo.png"
draw_product("handbag", "red", "dotted", seed=3_900_002).save(photo)
alike = retriever.retrieve(image=photo, filter={"price": {"lt": 150}})
show("like this photo, under 150", alike)
assert alike[0].chunk.metadata["kind"] == "handbag"

# %% A model ranks what was found, looks at the pictures, and says why, citing each product
# Offline a stand-in replies with a fixed sentence: it shows the form, and judges nothing.
model = VLM if VLM is not None else FakeVisionBackend("Look at [1] first, then at [2].")
question = f"A customer wants: {wish}. Rank these products and say in a sentence each why."
answer = VisionSynthesizer(model).answer(question, jackets)
print(f"\n{answer.text}")
for citation in answer.citations:
    print(f"   [{citation.n}] {citation.chunk.title}")

# %% Put away
store.close()
folder.cleanup()
