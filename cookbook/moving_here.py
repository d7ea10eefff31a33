"""Moving to ragsight from Chroma, and from LlamaIndex's MultiModalVectorStoreIndex.

Nothing is left behind: ids, texts, metadata and pictures come along; vectors are made anew, since
those of another model, or of another preprocessing, can't be compared with ours.
"""

# %% What there is: a Chroma collection as the tutorials make it, with pictures inside its metadata
import base64
import os
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory

import chromadb
from chromadb.config import Settings
from llama_index.core import MockEmbedding, StorageContext, VectorStoreIndex
from llama_index.core.schema import ImageNode, TextNode
from PIL import Image

from llama_index_ragsight import ClipEmbedding, MultimodalVectorStore, node_to_chunk
from ragsight import DEMO_MODEL, Chunk, ClipEncoder, MultimodalRetriever, MultimodalStore, Source
from ragsight import image_ref as reference
from ragsight.demo.drawing import draw_product

MODEL = os.environ.get("RAGSIGHT_MODEL", DEMO_MODEL)
ITEMS = [("boot", "red"), ("mug", "blue"), ("lamp", "green"), ("sofa", "black")]

folder = TemporaryDirectory()
work = Path(folder.name)
clip = ClipEncoder(MODEL)


def png(kind: str, colour: str) -> bytes:
    """A product's picture."""
    buffer = BytesIO()
    draw_product(kind, colour, "plain", seed=3_800_001).save(buffer, "PNG")
    return buffer.getvalue()


chroma = chromadb.PersistentClient(str(work / "chroma"), Settings(anonymized_telemetry=False))
collection = chroma.create_collection("products", metadata={"hnsw:space": "cosine"})
collection.add(
    ids=[f"{colour}-{kind}" for kind, colour in ITEMS],
    embeddings=clip.encode_images([Image.open(BytesIO(png(*item))) for item in ITEMS]),
    documents=[f"a {colour} {kind}" for kind, colour in ITEMS],
    metadatas=[
        {"kind_of_item": kind, "image": base64.b64encode(png(kind, colour)).decode()}
        for kind, colour in ITEMS
    ],
)


# %% From Chroma: read it in pages, take the pictures out of the metadata, keep the ids
def chunks_of(collection: chromadb.Collection, page: int = 100) -> list[Chunk]:
    """All of a collection's items."""
    chunks = []
    for offset in range(0, collection.count(), page):
        found = collection.get(limit=page, offset=offset, include=["documents", "metadatas"])
        rows = zip(found["ids"], found["documents"], found["metadatas"], strict=True)
        for id_, text, facts in rows:
            picture = base64.b64decode(facts.pop("image"))
            chunks.append(
                Chunk(
                    id=id_,
                    text=text,
                    image=reference(picture),
                    source=Source(uri=f"chroma:{collection.name}", part=id_),
                    kind="image",
                    metadata=facts,
                )
            )
    return chunks


store = MultimodalStore.open(work / "index", encoder=clip)
moved = store.upsert(chunks_of(collection))
[best] = MultimodalRetriever(store, k=1).retrieve("a red boot")
print(f"from Chroma: {moved} of {collection.count()} items; {best.chunk.id}: {best.why}")
assert moved == collection.count()
assert best.chunk.id == "red-boot"

# %% From a MultiModalVectorStoreIndex: its nodes go as they are, from a docstore or from files
# Two stores, two indexes and a retriever without fusion become one store of both kinds.
for kind, colour in ITEMS:
    (work / f"{colour}-{kind}.png").write_bytes(png(kind, colour))
nodes = [
    TextNode(text="Boots must be dried away from the fire.", id_="care"),
    *(
        ImageNode(text=f"a {colour} {kind}", image_path=str(work / f"{colour}-{kind}.png"))
        for kind, colour in ITEMS
    ),
]
words = MockEmbedding(embed_dim=64)  # your text embedding
vector_store = MultimodalVectorStore.open(
    str(work / "nodes"), embed_model=words, encoder=ClipEmbedding(model_name=MODEL)
)
context = StorageContext.from_defaults(vector_store=vector_store)
index = VectorStoreIndex(nodes, storage_context=context, embed_model=words)
found = index.as_retriever(similarity_top_k=3).retrieve("boots")
print("from LlamaIndex:", [node.node.get_content()[:40] for node in found])

# %% Or straight into a store, without LlamaIndex in between from then on
store.upsert(node_to_chunk(node) for node in nodes)
print([hit.chunk.text for hit in MultimodalRetriever(store, k=3).retrieve("red boots")])

# %% Put away
vector_store.client.close()
store.close()
folder.cleanup()
