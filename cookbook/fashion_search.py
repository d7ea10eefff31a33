"""A fashion search engine over twenty items, step by step.

Runs offline with the demo model and drawn clothes. With your own photographs, leave out
`MODEL` (the default is openai/clip-vit-base-patch32) and point `ImageLoader` at your folder.
"""

# %% Draw twenty items of clothing
import os
from itertools import product
from pathlib import Path
from tempfile import TemporaryDirectory

from ragsight import (
    DEMO_MODEL,
    Chunk,
    ClipEncoder,
    GallerySection,
    ImageRef,
    MultimodalRetriever,
    MultimodalStore,
    Source,
    image_ref,
    write_gallery,
)
from ragsight.demo.drawing import draw_product

MODEL = os.environ.get("RAGSIGHT_MODEL", DEMO_MODEL)
KINDS = ("t-shirt", "dress", "jacket", "sneaker", "handbag")
COLOURS = ("red", "blue", "green", "black")

folder = TemporaryDirectory()
work = Path(folder.name)


def picture(kind: str, colour: str, seed: int) -> ImageRef:
    """Draw an item, as a shop would photograph it."""
    path = work / f"{colour}-{kind}-{seed}.png"
    draw_product(kind, colour, "plain", seed=seed).save(path)
    return image_ref(path)


items = [
    Chunk(
        text=f"{colour} {kind}",
        image=picture(kind, colour, seed=3_500_000 + number),
        source=Source(uri="fashion", part=f"item {number}"),
        kind="product",
        metadata={"name": f"{colour} {kind}", "kind_of_item": kind, "price": 15 + 7 * number},
    )
    for number, (kind, colour) in enumerate(product(KINDS, COLOURS))
]

# %% Index them: pixels into the image collection, words into the text collection
store = MultimodalStore.open(work / "index", encoder=ClipEncoder(MODEL))
print(f"{store.upsert(items)} items indexed")

# %% Search by words, by price, and by picture
retriever = MultimodalRetriever(store, k=3)
by_pixels = {"bm25": 0.0}

red = retriever.retrieve("a red dress", weights=by_pixels)
cheap = retriever.retrieve("something blue to wear", filter={"price": {"lt": 80}})
wanted = picture("handbag", "green", seed=3_900_001)
alike = retriever.retrieve(image=wanted)

for title, hits in {"red dress": red, "blue, under 80": cheap, "like this bag": alike}.items():
    print(title)
    for hit in hits:
        print(f"   {hit.chunk.metadata['name']:15} {hit.chunk.metadata['price']:4}   {hit.why}")

assert red[0].chunk.metadata["name"] == "red dress"
assert all(hit.chunk.metadata["price"] < 80 for hit in cheap)
assert alike[0].chunk.metadata["name"] == "green handbag"

# %% Look at the results
page = write_gallery(
    work / "gallery.html",
    [
        GallerySection("a red dress", red),
        GallerySection("something blue to wear, under 80", cheap),
        GallerySection("more like this", alike, query_image=wanted),
    ],
)
print(f"gallery: {page.stat().st_size // 1024} KiB of HTML at {page}")

# %% Put away
store.close()
folder.cleanup()
