"""The retrievers of langchain-classic over ragsight's stores and retrievers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from langchain_classic.chains import create_history_aware_retriever
from langchain_classic.retrievers import (
    EnsembleRetriever,
    MultiQueryRetriever,
    ParentDocumentRetriever,
)
from langchain_core.documents import Document
from langchain_core.language_models import FakeListChatModel
from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder
from langchain_core.runnables import RunnableLambda
from langchain_core.stores import InMemoryStore
from langchain_text_splitters import CharacterTextSplitter

from drawings import noise
from langchain_ragsight import MultimodalRetriever, MultimodalVectorStore, images_of
from ragsight import ClipEncoder


@pytest.fixture
def parts(encoder: ClipEncoder) -> Iterator[MultimodalVectorStore]:
    opened = MultimodalVectorStore.from_texts(["The valve opens at 3 bar."], encoder=encoder)
    opened.add_images([noise(0)], captions=["A drawing of the valve"])
    with opened.store:
        yield opened


async def test_an_ensemble_fuses_rankings_and_keeps_the_images(
    parts: MultimodalVectorStore,
) -> None:
    both = EnsembleRetriever(
        retrievers=[parts.as_multimodal_retriever(), parts.as_retriever()], weights=[0.5, 0.5]
    )

    found = both.invoke("the valve")

    assert len(found) == 2
    assert len(images_of(found)) == 1
    assert await both.ainvoke("the valve") == found


async def test_parents_are_found_by_their_parts(parts: MultimodalVectorStore) -> None:
    parents = ParentDocumentRetriever(
        vectorstore=parts,
        docstore=InMemoryStore(),
        child_splitter=CharacterTextSplitter(chunk_size=30, chunk_overlap=0, separator=" "),
    )
    manual = Document("The hatch is closed by hand. Its seal is of rubber, and lasts a year.")
    await parents.aadd_documents([manual])

    assert parents.invoke("rubber seal") == [manual]
    assert await parents.ainvoke("the hatch") == [manual]


def test_several_wordings_of_a_question_find_each_document_once(
    parts: MultimodalVectorStore,
) -> None:
    wordings = FakeListChatModel(responses=["the valve\nwhen does the valve open"])
    several = MultiQueryRetriever.from_llm(parts.as_retriever(), wordings)

    assert len(several.invoke("valve?")) == 2


def test_a_conversation_is_worded_as_one_question(parts: MultimodalVectorStore) -> None:
    prompt = ChatPromptTemplate.from_messages(
        [MessagesPlaceholder("chat_history"), ("human", "{input}")]
    )
    reworded = FakeListChatModel(responses=["When does the valve open?"])
    retriever = create_history_aware_retriever(
        reworded, parts.as_multimodal_retriever(k=1, weights={"text_to_image": 0}), prompt
    )
    said = [HumanMessage("What is the valve for?"), AIMessage("For the steam.")]

    (found,) = retriever.invoke({"input": "When does it open?", "chat_history": said})

    assert found.page_content == "The valve opens at 3 bar."


async def test_a_retriever_can_be_tried_again_and_can_stand_in_for_another(
    parts: MultimodalVectorStore,
) -> None:
    retriever: MultimodalRetriever = parts.as_multimodal_retriever()
    expected = retriever.invoke("the valve")

    def fail(_: object) -> list[Document]:
        raise ConnectionError

    assert retriever.with_retry().invoke("the valve") == expected
    assert await RunnableLambda(fail).with_fallbacks([retriever]).ainvoke("the valve") == expected
    assert retriever.bind(k=1).invoke("the valve") == expected[:1]
