"""Questions about a PDF with diagrams, with LlamaIndex's query engine.

Offline it reads the handbook that comes with ragsight, and a stand-in replies instead of a vision
model. For your own, set RAGSIGHT_PDF=manual.pdf, RAGSIGHT_MODEL=openai/clip-vit-base-patch32 and
RAGSIGHT_VLM=openai:gpt-5.4-mini, and change the questions.
"""

# %% What to read, and who answers
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from llama_index.core.query_engine import RetrieverQueryEngine

from llama_index_ragsight import MultimodalRetriever, VisionSynthesizer
from ragsight import DEMO_MODEL, ClipEncoder, MultimodalStore, ingest
from ragsight.demo import handbook_path
from ragsight.testing import FakeVisionBackend

MODEL = os.environ.get("RAGSIGHT_MODEL", DEMO_MODEL)
VLM = os.environ.get("RAGSIGHT_VLM")
PDF = Path(os.environ.get("RAGSIGHT_PDF", handbook_path()))

folder = TemporaryDirectory()
work = Path(folder.name)

# %% Index the PDF: passages by section, figures with their captions, tables; each with its page
store = MultimodalStore.open(work / "index", encoder=ClipEncoder(MODEL))
report = ingest(PDF, store)
kinds = [chunk.kind for chunk in store.scroll()]
print({kind: kinds.count(kind) for kind in sorted(set(kinds))}, f"in {report.seconds:.1f} s")

# %% A query engine whose retriever sees figures, and whose synthesizer shows them to the model
# Offline a stand-in replies with a fixed sentence: it shows the form, and reads nothing.
model = VLM if VLM is not None else FakeVisionBackend("The first source says so [1], see also [2].")
engine = RetrieverQueryEngine(
    MultimodalRetriever(store, similarity_top_k=3, image_similarity_top_k=2),
    response_synthesizer=VisionSynthesizer(model),
)

for question in ("Which planet has the lowest density?", "How are the phases of the Moon made?"):
    response = engine.query(question)
    print(f"\n{question}\n   {response}")
    for citation in response.metadata["citations"]:
        print(f"   [{citation['n']}] {citation['title']}")

# %% The figure itself as the answer: which chart shows the radii of the planets?
figures = engine.retrieve("bar chart of planet radii")
for node in figures:
    place = node.metadata
    print(f"   page {place['page_label']}: {place.get('label', 'passage')}, score {node.score:.3f}")

if handbook_path() == PDF:
    assert figures[0].metadata["label"] == "Figure 3"

# %% Put away
store.close()
folder.cleanup()
