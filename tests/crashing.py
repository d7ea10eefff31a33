"""Kills a process between any two writes of the engine, and says what is found afterwards.

Run in a process of its own, which forks: what forks must have no threads.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from pixels import PixelEncoder
from ragsight import Chunk, MultimodalRetriever, MultimodalStore, Source
from ragsight.images import image_ref
from ragsight.store import SourceRecord
from ragsight.store.engines.edge import EdgeEngine

COLOURS = {"red": (250, 0, 0), "blue": (0, 0, 250), "green": (0, 250, 0)}
Act = Callable[[MultimodalStore, Path], Any]


def chunk(id: str, text: str, colour: str = "", uri: str = "u") -> Chunk:
    """A chunk with an id of its own, so that it may lose a half."""
    image = image_ref(Image.new("RGB", (8, 8), COLOURS[colour])) if colour else None
    return Chunk(text=text, image=image, source=Source(uri=uri), id=id)


OLD = [
    chunk("loses its image", "old pump", "red"),
    chunk("loses its text", "old pump", "red"),
    chunk("gets an image", "old pump"),
    chunk("changes", "old pump", "red"),
    chunk("goes", "old pump", "red"),
]
NEW = [
    chunk("loses its image", "new pump"),
    chunk("loses its text", "", "blue"),
    chunk("gets an image", "new pump", "blue"),
    chunk("changes", "new pump", "blue"),
    chunk("comes", "new pump", "green"),
]
RECORD = SourceRecord("u", "old", tuple(c.id for c in OLD))


def start(store: MultimodalStore, _: Path) -> None:
    """What is there before the crash."""
    store.upsert(OLD)
    store.finish_source(RECORD)


def restored(_: MultimodalStore, folder: Path) -> None:
    """Make an index of an export; the one that is open isn't touched."""
    MultimodalStore.restore(folder / "export", folder / "restored").close()


ACTS: dict[str, Act] = {
    "replace": lambda store, _: store.replace("u", NEW),
    "delete the source": lambda store, _: store.delete_source("u"),
    "restore": restored,
}


def killed_at(number: int) -> None:
    """Let this process die before its `number`th write to a shard, counted from 0."""
    left = [number]
    update = EdgeEngine._update

    def counted(*args: Any) -> None:
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1
        update(*args)

    EdgeEngine._update = counted  # type: ignore[method-assign]


def in_child(work: Callable[[], Any]) -> int:
    """Do something in a process of its own; its wait status."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:  # noqa: BLE001 - a child must not go on as its parent
            os.write(2, repr(error).encode())
            os._exit(1)
        os._exit(0)
    return os.waitpid(pid, 0)[1]


def state(folder: Path) -> dict[str, Any]:
    """What an index says of its chunks, in each way that it can be asked."""
    with MultimodalStore.open(folder, encoder=PixelEncoder()) as store:
        ids = sorted({c.id for c in (*OLD, *NEW)})
        record = store.source_record("u")
        return {
            "get": {c.id: said(c) for c in store.get(ids)},
            "words": {h.chunk.id: said(h.chunk) for h in found(store, "pump")},
            "image": {
                h.chunk.id: said(h.chunk)
                for colour in COLOURS
                for h in found(store, image=chunk("", "", colour).image)
            },
            "counts": [store.counts().texts, store.counts().images],
            "record": None if record is None else record.fingerprint,
        }


def found(store: MultimodalStore, *args: Any, **kwargs: Any) -> Any:
    """All hits."""
    return MultimodalRetriever(store, k=20).retrieve(*args, **kwargs)


def said(found: Chunk) -> list[Any]:
    """A chunk's text and picture."""
    return [found.text, None if found.image is None else found.image.sha256]


def crashes(name: str, folder: Path) -> Iterator[dict[str, Any]]:
    """Do an act, and kill it at each of its writes in turn, until it is through."""
    for number in range(100):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()

        def die(number: int = number) -> None:
            with MultimodalStore.open(folder / "index", encoder=PixelEncoder()) as store:
                start(store, folder)
                if name == "restore":
                    store.export(folder / "export")
                killed_at(number)
                ACTS[name](store, folder)

        status = in_child(die)
        index = folder / ("restored" if name == "restore" else "index")
        if (index / "ragsight.json").exists():
            yield {"act": name, "status": status, "state": state(index)}
        if status == 0:
            return


if __name__ == "__main__":
    for act in sys.argv[2:]:
        for crash in crashes(act, Path(sys.argv[1])):
            sys.stdout.write(json.dumps(crash) + "\n")
