"""Many questions at once: none fails, and none keeps the event loop."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from drawings import noise
from langchain_ragsight import MultimodalRetriever, MultimodalVectorStore
from ragsight import ClipEncoder, MultimodalStore


async def test_two_hundred_questions_at_once_are_answered_alike(store: MultimodalStore) -> None:
    retriever = MultimodalRetriever(store=store, k=3)
    vectorstore = MultimodalVectorStore(store)
    expected = retriever.invoke("the valve"), vectorstore.similarity_search("the valve")

    found = await asyncio.gather(*(retriever.ainvoke("the valve") for _ in range(200)))
    others = await asyncio.gather(*(vectorstore.asimilarity_search("the valve") for _ in range(50)))

    assert all(documents == expected[0] for documents in found)
    assert all(documents == expected[1] for documents in others)


def test_two_hundred_questions_at_once_do_not_keep_the_event_loop(
    clip_folder: Path, tmp_path: Path
) -> None:
    script = Path(__file__).with_name("crowd.py")
    done = subprocess.run(
        [sys.executable, str(script), str(clip_folder), str(tmp_path / "index")],
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )

    found = json.loads(done.stdout.splitlines()[-1])
    assert found["answers"] == 200
    # Of half a million objects, one takes longer than all that a question does.
    assert found["full collections"] == 0
    # Processor time: on a busy machine other processes keep the loop waiting too.
    assert found["busy ms"] < 100


def test_a_retriever_serves_one_event_loop_after_another(store: MultimodalStore) -> None:
    retriever = MultimodalRetriever(store=store, k=3)

    async def crowd() -> list[Any]:
        return await asyncio.gather(*(retriever.ainvoke("the valve") for _ in range(20)))

    assert asyncio.run(crowd()) == asyncio.run(crowd())


async def test_no_work_of_the_async_methods_is_done_on_the_event_loop(
    encoder: ClipEncoder,
) -> None:
    loop_thread = threading.get_ident()
    used: list[int] = []

    class Watched:
        spec = encoder.spec

        def encode_texts(self, texts: Any) -> Any:
            used.append(threading.get_ident())
            return encoder.encode_texts(texts)

        def encode_images(self, images: Any, *, on_skip: Any = None) -> Any:
            used.append(threading.get_ident())
            return encoder.encode_images(images, on_skip=on_skip)

    opened = await MultimodalVectorStore.afrom_texts(["x"], encoder=Watched())
    async with opened.store:
        await opened.aadd_images([noise(0)])
        await opened.asimilarity_search("x")
        await opened.asimilarity_search_by_image(noise(0))
        await opened.amax_marginal_relevance_search("x")
        await opened.as_multimodal_retriever().ainvoke({"text": "x", "image": noise(0)})

    assert len(used) >= 5
    assert loop_thread not in used
