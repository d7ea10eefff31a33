"""A news archive: photos and articles, found by each other, with dates to filter by.

Offline the photos are drawings for the demo model. With your own archive, make a chunk for each
photo (caption, date, agency) and load the articles, and set
RAGSIGHT_MODEL=openai/clip-vit-base-patch32.
"""

# %% Six stories, each with an article and a photo
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from ragsight import (
    DEMO_MODEL,
    Chunk,
    ClipEncoder,
    Hit,
    MultimodalRetriever,
    MultimodalStore,
    Source,
    image_ref,
)
from ragsight.demo.drawing import draw_figure, draw_product

MODEL = os.environ.get("RAGSIGHT_MODEL", DEMO_MODEL)


def sky(kind: str, seed: int) -> Image.Image:
    """What the observatory photographed."""
    return draw_figure(kind, seed=seed, size=(420, 280))


def studio(kind: str, colour: str, seed: int) -> Image.Image:
    """What the agency's studio photographed."""
    return draw_product(kind, colour, "plain", seed=seed)


STORIES = [
    ("2024-03-08", "Phases of the Moon, one night after the other", sky("moon phases", 11),
     "The observatory opened its archive: for a month it photographed the Moon each night, from "
     "the thin crescent to the full disc."),
    ("2024-08-21", "A ringed planet, brighter than in years", sky("planet", 4),
     "Saturn came closer to the Earth this week than at any time since 2003, and its rings stood "
     "wide open."),
    ("2025-02-14", "Guitar maker goes on strike", studio("guitar", "red", 3_700_001),
     "Workers of the instrument factory laid down their tools. The red guitar of the poster has "
     "been its best seller for forty years."),
    ("2025-05-30", "Umbrellas sell out after wettest May", studio("umbrella", "blue", 3_700_002),
     "After thirty days of rain, shops in the capital had no umbrella left by noon."),
    ("2025-11-02", "Orbits explained: the new planetarium", sky("orbits", 7),
     "Visitors walk along the orbits of the planets on a floor of forty metres."),
    ("2026-04-19", "Red umbrella wins design prize", studio("umbrella", "red", 3_700_003),
     "The jury praised an umbrella that folds outwards, so that the wet side stays away from you."),
]  # fmt: skip

folder = TemporaryDirectory()
work = Path(folder.name)
store = MultimodalStore.open(work / "index", encoder=ClipEncoder(MODEL))

# %% Index them: an article is text, a photo is an image with its caption; the story ties them
for number, (date, caption, photo, article) in enumerate(STORIES, start=1):
    path = work / f"{number}.png"
    photo.save(path)
    facts = {"date": date, "story": number}
    store.upsert(
        [
            Chunk(text=article, source=Source(uri=f"articles/{number}.txt"), metadata=facts),
            Chunk(
                text=caption,
                image=image_ref(path),
                source=Source(uri=str(path)),
                kind="image",
                metadata={**facts, "credit": "Drawn Press"},
            ),
        ]
    )
retriever = MultimodalRetriever(store, k=3)


def show(title: str, hits: list[Hit]) -> None:
    """Print date, kind and words of what was found."""
    print(f"\n{title}")
    for hit in hits:
        print(f"   {hit.chunk.metadata['date']}  {hit.chunk.kind:6} {hit.chunk.text[:58]}")


# %% Words find articles and photos, in a span of time
both = retriever.retrieve("umbrella")
show("umbrella", both)
rain = retriever.retrieve("umbrella", filter={"date": {"gte": "2025-01-01", "lt": "2026-01-01"}})
show("umbrella, in 2025", rain)
assert {hit.chunk.kind for hit in both} == {"text", "image"}
assert all(hit.chunk.metadata["date"].startswith("2025") for hit in rain)

# %% A photo finds photos that look like it: has this picture been printed before?
found = work / "found.png"
studio("umbrella", "red", 3_700_009).save(found)
alike = retriever.retrieve(image=found, filter={"kind": "image"})
show("like the photo we were sent", alike)
assert alike[0].chunk.metadata["story"] == 6

# %% And from the photo to what was written about it
story = alike[0].chunk.metadata["story"]
written = retriever.retrieve(alike[0].chunk.text, filter={"kind": "text", "story": story})
show("the article to it", written)
assert written[0].chunk.source.uri == "articles/6.txt"

# %% From an article to photos that could illustrate it, its own left out
drafted = "The planets and their rings, seen from the observatory"
pictures = retriever.retrieve(drafted, weights={"bm25": 0.3, "text_to_image": 1.0}, k_text=0)
show("photos for a new article", pictures)
assert all(hit.chunk.image is not None for hit in pictures)

# %% Put away
store.close()
folder.cleanup()
