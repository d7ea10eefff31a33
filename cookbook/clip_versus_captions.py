"""CLIP vectors, or a vision model's captions with text embeddings, or both? Measure it.

Offline the shop's own descriptions stand in for captions, and CLIP's text tower for a text
embedding model: the comparison is real, its outcome is about drawings. For your own data, replace
`products` and `labelled`, and set RAGSIGHT_MODEL, RAGSIGHT_VLM and RAGSIGHT_EMBEDDINGS.
"""

# %% A labelled set: pictures, and for each query what should be found
import os
import time
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from ragsight import (
    DEMO_MODEL,
    Chunk,
    ClipEncoder,
    ClipOptions,
    LabelledQuery,
    MultimodalRetriever,
    MultimodalStore,
    SynthesizerOptions,
    VisionSynthesizer,
    evaluate,
)
from ragsight.answer import profile_for
from ragsight.demo.catalogue import write_catalogue
from ragsight.encoders import EncoderSpec
from ragsight.evaluation import compare, plot_evaluation
from ragsight.loaders import CatalogLoader
from ragsight.testing import FakeVisionBackend

MODEL = os.environ.get("RAGSIGHT_MODEL", DEMO_MODEL)
VLM = os.environ.get("RAGSIGHT_VLM")
EMBEDDINGS = os.environ.get("RAGSIGHT_EMBEDDINGS")
DOLLARS_PER_MILLION = 0.75  # what your model's input tokens cost
folder = TemporaryDirectory()
work = Path(folder.name)
products = CatalogLoader(write_catalogue(work / "shop")).load()


def asks(text: str, **wanted: str) -> LabelledQuery | None:
    """A query for all products that look as wanted; None where the shop has none."""
    right = [p.id for p in products if wanted.items() <= p.metadata.items()]
    return LabelledQuery(id=text, text=text, relevant=dict.fromkeys(right, 1)) if right else None


things, looks = ("boot", "dress", "lamp", "mug", "sofa"), ("dotted", "striped")
colours = ("red", "blue", "green", "black")
asked = [asks(f"{c} {t}", kind=t, colour=c) for t in things for c in colours]
asked += [asks(f"{x} thing in {c}", pattern=x, colour=c) for x in looks for c in colours]
labelled = [query for query in asked if query is not None]
print(f"{len(products)} pictures, {len(labelled)} labelled queries")

# %% A caption for each picture, and what that costs
ASK = "Describe the product in one sentence: what it is, its colour, its pattern."
options = SynthesizerOptions(detail="low", profile=profile_for("openai", "gpt-5.4-mini"))
captioner = VisionSynthesizer(VLM if VLM is not None else FakeVisionBackend(), options=options)


def captioned(chunk: Chunk) -> str:
    """A model's caption; offline the shop's description, without the name above it."""
    if VLM is None:
        return chunk.text.partition("\n")[2]
    return captioner.answer(ASK, [picture(chunk)]).text


def picture(chunk: Chunk) -> Chunk:
    """The picture alone: a caption shall rest on what is seen."""
    return Chunk(image=chunk.image, source=chunk.source, kind="image", id=chunk.id)


started = time.perf_counter()
captions = {chunk.id: captioned(chunk) for chunk in products}
captioning = time.perf_counter() - started
tokens = len(products) * captioner.plan(ASK, [picture(products[0])]).estimate.total


# %% One index with both: pixels and captions, each a channel of its own
class ClipTexts:
    """CLIP's text tower as a text encoder: what there is offline."""

    def __init__(self, clip: ClipEncoder) -> None:
        self.clip = clip
        self.spec = EncoderSpec(f"{clip.spec.name}, texts", None, clip.spec.dimension)
        self.encode_documents = self.encode_queries = clip.encode_texts


clip = ClipEncoder(MODEL, options=ClipOptions(long_texts="split"))
texts = ClipTexts(clip)
if EMBEDDINGS is not None:
    from langchain.embeddings import init_embeddings

    from langchain_ragsight import EmbeddingsTextEncoder

    texts = EmbeddingsTextEncoder(init_embeddings(EMBEDDINGS), name=EMBEDDINGS)
store = MultimodalStore.open(work / "index", encoder=clip, text_encoder=texts)
started = time.perf_counter()
store.upsert(replace(picture(p), text=captions[p.id]) for p in products)
indexing = time.perf_counter() - started
# %% Measure each channel alone, and all of them fused
scores = evaluate(MultimodalRetriever(store), labelled, k=10)
NAMES = {"text_to_image": "CLIP vectors", "dense": "captions, embedded", "bm25": "captions, BM25"}
print(f"\n{'':20} recall@10  nDCG@10")
for run in scores:
    print(f"{NAMES.get(run.name, run.name):20} {run.mean('recall'):9.3f} {run.mean('ndcg'):8.3f}")
for one, other in (("fused", "text_to_image"), ("text_to_image", "dense")):
    d = compare(scores[one], scores[other])
    print(f"{one} - {other}: nDCG {d.mean:+.3f} [{d.low:+.3f}, {d.high:+.3f}]")

# %% What it costs: CLIP runs here, captions are bought (an estimate, by the provider's formula)
print(f"\nindexing {1000 * indexing / len(products):.0f} ms a picture, nothing to pay")
cost = DOLLARS_PER_MILLION * tokens / 1e6
print(f"captions {1000 * captioning / len(products):.0f} ms a picture, about ${cost:.3f} in all")
print(f"chart: {plot_evaluation(work / 'chart.png', scores)}")
assert scores["fused"].mean("ndcg") > scores["dense"].mean("ndcg")
store.close()
folder.cleanup()
