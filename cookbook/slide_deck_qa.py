"""Questions about a slide deck, as a LangChain runnable: "which slide covers pricing?"

Offline it builds a small deck, and a stand-in replies instead of a vision model. For your own, set
RAGSIGHT_DECK=deck.pptx, RAGSIGHT_MODEL=openai/clip-vit-base-patch32 and
RAGSIGHT_VLM=openai:gpt-5.4-mini. With LibreOffice installed each slide comes with its picture;
without it, with its words, tables, charts' data and notes.
"""

# %% A deck: titles, bullets, a table, a chart, speaker notes
import os
from pathlib import Path
from tempfile import TemporaryDirectory

from langchain_core.documents import Document
from langchain_core.runnables import RunnablePassthrough
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from langchain_ragsight import (
    MultimodalRetriever,
    MultimodalVectorStore,
    SlideLoader,
    VisionSynthesizer,
)
from ragsight import DEMO_MODEL, ClipEncoder, MultimodalStore
from ragsight.testing import FakeVisionBackend

MODEL = os.environ.get("RAGSIGHT_MODEL", DEMO_MODEL)
VLM = os.environ.get("RAGSIGHT_VLM")
DECK = os.environ.get("RAGSIGHT_DECK")

folder = TemporaryDirectory()
work = Path(folder.name)
BOX = (Inches(1), Inches(2), Inches(8), Inches(4))


def build_deck(path: Path) -> Path:
    """A deck of five slides about a product."""
    deck = Presentation()
    title, bullets, only_title = (deck.slide_layouts[number] for number in (0, 1, 5))
    first = deck.slides.add_slide(title)
    first.shapes.title.text, first.placeholders[1].text = "Kettle One", "A plan for the next year"
    problem = deck.slides.add_slide(bullets)
    problem.shapes.title.text = "What customers tell us"
    problem.placeholders[1].text = "Kettles are loud\nThe handle gets hot\nNobody repairs them"
    pricing = deck.slides.add_slide(only_title)
    pricing.shapes.title.text = "What it costs"
    table = pricing.shapes.add_table(3, 3, *BOX).table
    rows = [("Plan", "Monthly", "Yearly"), ("Home", "4.90", "49"), ("Office", "12.90", "129")]
    for row, cells in enumerate(rows):
        for column, text in enumerate(cells):
            table.cell(row, column).text = text
    pricing.notes_slide.notes_text_frame.text = "Mention that pricing stays the same until June."
    sales = deck.slides.add_slide(only_title)
    sales.shapes.title.text = "Kettles sold"
    numbers = CategoryChartData()
    numbers.categories = ["Spring", "Summer", "Autumn"]
    numbers.add_series("Thousands", (12, 9, 21))
    sales.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, *BOX, numbers)
    last = deck.slides.add_slide(bullets)
    last.shapes.title.text = "Road map"
    last.placeholders[1].text = "Prototype in March\nFirst hundred in June"
    deck.save(path)
    return path


# %% Load it: one document a slide, with its number, title, notes and picture
path = Path(DECK) if DECK is not None else build_deck(work / "deck.pptx")
documents = SlideLoader(path, image_store=work / "renders").load()
slides = [document for document in documents if document.metadata["ragsight"]["kind"] == "slide"]
for document in slides:
    seen = "with its picture" if document.metadata["ragsight"].get("image") else "words only"
    print(f"slide {document.metadata['page']}: {document.metadata.get('title', '')} ({seen})")

# %% Index it, and put retriever and synthesizer together
store = MultimodalStore.open(work / "index", encoder=ClipEncoder(MODEL))
MultimodalVectorStore(store).add_documents(documents)
retriever = MultimodalRetriever(store=store, k=3)
# Offline a stand-in replies with a fixed sentence: it shows the form, and reads nothing.
model = VLM if VLM is not None else FakeVisionBackend("The first source covers it [1].")
found = {"context": retriever, "question": RunnablePassthrough()}
chain = found | VisionSynthesizer(model)


def where(documents: list[Document]) -> str:
    """The slides that were found, best first."""
    return ", ".join(f"slide {document.metadata['page']}" for document in documents)


for question in ("Which slide covers pricing?", "How many kettles were sold in autumn?"):
    print(f"\n{question}\n   found on {where(retriever.invoke(question))}\n   ", end="")
    for piece in chain.stream(question):
        print(piece, end="")
    print()

if DECK is None:
    assert retriever.invoke("Which slide covers pricing?")[0].metadata["page"] == 3
    assert retriever.invoke("kettles sold in autumn")[0].metadata["page"] == 4

# %% Put away
store.close()
folder.cleanup()
