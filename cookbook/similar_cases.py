"""Similar cases among medical images: by the picture, away from what it is not, and by facts.

This is a demonstration of retrieval, not a medical device. It gives no diagnosis, nothing in it was
validated for any clinical use, and it must not be used for decisions about anyone's health. The
"scans" are drawn circles.

With your own images, set RAGSIGHT_MODEL to a CLIP trained on such images (there are several for
radiology and pathology on the model hub; a general CLIP knows little of them), and mind the law:
remove names and other identifying facts before you index.
"""

# %% Drawn scans in false colours: an oval organ with hot spots, a cold one, or none
import os
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from PIL import Image, ImageDraw, ImageFilter

from ragsight import (
    DEMO_MODEL,
    Chunk,
    ClipEncoder,
    GallerySection,
    Hit,
    MultimodalRetriever,
    MultimodalStore,
    Source,
    image_ref,
    write_gallery,
)

MODEL = os.environ.get("RAGSIGHT_MODEL", DEMO_MODEL)
HOT, COLD, ORGAN = (214, 48, 40), (40, 70, 190), (90, 160, 90)
FINDINGS = ("nothing", "hot spot", "cold spot", "two hot spots")


def scan(finding: str, seed: int) -> Image.Image:
    """Draw a scan of 224 by 224 pixels; the demo model knows coloured shapes, but no greys."""
    rng = Random(f"{finding}/{seed}")
    image = Image.new("RGB", (224, 224), "white")
    draw = ImageDraw.Draw(image)
    left, top = rng.randint(24, 36), rng.randint(14, 26)
    draw.ellipse((left, top, 224 - left, 224 - top), fill=ORGAN)
    columns = {"nothing": [], "two hot spots": [72, 152]}.get(finding, [112])
    radius = 34 if len(columns) == 1 else 18
    for column in columns:
        x, y = column + rng.randint(-12, 12), rng.randint(80, 144)
        spot = (x - radius, y - radius, x + radius, y + radius)
        draw.ellipse(spot, fill=COLD if finding == "cold spot" else HOT)
    return image.filter(ImageFilter.GaussianBlur(2))


folder = TemporaryDirectory()
work = Path(folder.name)


def case(number: int, finding: str) -> Chunk:
    """A case of the archive: the picture, a report, and facts that name nobody."""
    path = work / f"case-{number:03d}.png"
    scan(finding, number).save(path)
    return Chunk(
        text=f"Report {number}: {finding}.",
        image=image_ref(path),
        source=Source(uri=f"archive/case-{number:03d}"),
        kind="image",
        metadata={"finding": finding, "age": 30 + (7 * number) % 50, "year": 2018 + number % 8},
    )


cases = [case(number, FINDINGS[number % 4]) for number in range(48)]
store = MultimodalStore.open(work / "index", encoder=ClipEncoder(MODEL))
print(f"{store.upsert(cases)} cases indexed")
retriever = MultimodalRetriever(store, k=5)


def show(title: str, hits: list[Hit]) -> None:
    """Print what was found, without judging it."""
    print(f"\n{title}")
    for hit in hits:
        facts = hit.chunk.metadata
        print(f"   {hit.chunk.source.name}  {facts['finding']:18} {facts['year']}  {hit.why}")


# %% A new case: which of the archive look like it?
new = work / "new.png"
scan("two hot spots", 1_000).save(new)
alike = retriever.retrieve(image=new)
show("like the new case", alike)

# %% Narrowed by facts, and away from what a radiologist has ruled out
recent = retriever.retrieve(image=new, filter={"year": {"gte": 2022}, "age": {"gte": 40}})
show("of the last years, aged 40 and more", recent)
ruled_out = next(chunk for chunk in cases if chunk.metadata["finding"] == "hot spot")
without = retriever.retrieve(image=new, not_like=[ruled_out], not_like_strength=0.5)
show("away from a case that was ruled out", without)

assert all(hit.chunk.metadata["year"] >= 2022 for hit in recent)
assert [hit.chunk.metadata["finding"] for hit in alike].count("two hot spots") >= 4

# %% A page for the discussion
page = write_gallery(
    work / "cases.html",
    [GallerySection("Similar cases (no medical device)", alike, query_image=new)],
)
print(f"\ngallery: {page}")

# %% Put away
store.close()
folder.cleanup()
