"""Going to production: server, compression, cache, batches, what happened, and what it cost.

Offline it runs on the embedded engine and with a stand-in for the vision model. Set
RAGSIGHT_QDRANT=http://localhost:6333 for a Qdrant server (`docker compose up -d` in this
repository starts one), RAGSIGHT_MODEL and RAGSIGHT_VLM as in the other recipes.
"""

# %% Where the index lives: the same code for a folder and for a cluster
import json
import logging
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from qdrant_client import models

from ragsight import (
    DEMO_MODEL,
    CachedEncoder,
    ClipEncoder,
    CollectionOptions,
    EmbeddingCache,
    MultimodalRetriever,
    MultimodalStore,
    Price,
    Query,
    RequestSaver,
    StoreOptions,
    SynthesizerOptions,
    VisionSynthesizer,
    ingest,
)
from ragsight.demo.catalogue import write_catalogue
from ragsight.store import RetryOptions
from ragsight.testing import FakeVisionBackend

logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
MODEL = os.environ.get("RAGSIGHT_MODEL", DEMO_MODEL)
VLM = os.environ.get("RAGSIGHT_VLM")
SERVER = os.environ.get("RAGSIGHT_QDRANT")

folder = TemporaryDirectory()
work = Path(folder.name)

# On a server: vectors in one byte a dimension (a quarter of the memory), originals on disk for
# rescoring, two copies of each shard, patience with a busy server. A folder needs none of it.
options = StoreOptions(
    collections=CollectionOptions(
        quantization=models.ScalarQuantization(
            scalar=models.ScalarQuantizationConfig(type=models.ScalarType.INT8, always_ram=True)
        ),
        vectors_on_disk=True,
        replicas=2,
    ),
    retries=RetryOptions(attempts=6),
    parallel=4,
)

# %% Vectors that were made once are never made again, by any process, for any index
encoder = CachedEncoder(ClipEncoder(MODEL), EmbeddingCache(work / "vectors.sqlite"))
if SERVER is None:
    store = MultimodalStore.open(work / "index", encoder=encoder)
else:
    store = MultimodalStore.open(SERVER, name="shop", encoder=encoder, options=options)

catalogue = write_catalogue(work / "shop")
for attempt in ("first run", "from the cache"):
    started = time.perf_counter()
    report = ingest(catalogue, store, force=True)
    print(f"{attempt}: {report.chunks} chunks in {time.perf_counter() - started:.2f} s")

# %% After a large ingest: search graphs, in a process of their own
store.optimize()

# %% Many questions at once: encoded in one batch, one request for each collection
retriever = MultimodalRetriever(store, k=3)
questions = ["red boots", "a blue dress", Query(text="lamp", filter={"price": {"lt": 80}})]
for hits in retriever.retrieve_many(questions):
    print("  ", hits[0].chunk.title, "|", hits[0].why)

# %% Answers within a budget, with their price, and each request on record
budget = SynthesizerOptions(max_images=2, token_budget=4_000, detail="low")
model = VLM if VLM is not None else FakeVisionBackend("The red ones [1].")
synthesizer = VisionSynthesizer(
    model,
    options=budget,
    prices={"fake-vision": Price(input=0.75, output=4.5)},  # your model, what it costs a million
    on_request=RequestSaver(work / "requests"),
)
hits = retriever.retrieve("red boots")
print(f"planned: {synthesizer.plan('Which are red?', hits).estimate.total} tokens")
answer = synthesizer.answer("Which are red?", hits)
print(f"answered: {answer.usage}, cost {answer.cost}, {len(answer.images)} image sent")
for warning in answer.warnings:
    print(f"   {warning}")
print(f"on record: {len(list((work / 'requests').rglob('*.json')))} request")

# %% What to watch: counts, sources with problems, images that nothing shows any more
counts = store.counts()
broken = [record.uri for record in store.source_records() if record.problems]
print(json.dumps({"texts": counts.texts, "images": counts.images, "broken": broken}))
print(f"collected: {store.collect_garbage()}")

# %% Back-ups, and moving from a folder to a server: nothing is encoded anew
store.export(work / "backup")
with MultimodalStore.restore(work / "backup", work / "elsewhere", encoder=encoder) as copy:
    assert copy.counts() == counts
    print("restored:", copy.counts())

# %% Put away
store.close()
folder.cleanup()
