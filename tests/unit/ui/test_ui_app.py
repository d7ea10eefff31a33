from __future__ import annotations

import asyncio
import io
import json
import struct
import threading
import time
import zlib
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from starlette.testclient import TestClient

from drawings import image_chunk, noise, noise_ref, text_chunk
from pdfs import PAGE, chart, save_pdf
from ragsight import (
    Chunk,
    ClipEncoder,
    Hit,
    MultimodalStore,
    Source,
    VisionSynthesizer,
    image_ref,
)
from ragsight.answer.model.messages import StreamEvent, VisionRequest
from ragsight.errors import BackendError
from ragsight.testing import FakeVisionBackend
from ragsight.ui import create_app, images
from ragsight.ui.answering import answer_lines

HOME = "http://127.0.0.1:8321"
EVIL = "<script>alert(1)</script>"


@pytest.fixture
def store(tmp_path: Path, encoder: ClipEncoder) -> Iterator[MultimodalStore]:
    pdf = save_pdf(tmp_path / "a.pdf", lambda page: chart(page, (100, 100, 400, 300)))
    on_page = Source(uri=str(pdf), page=1, page_size=PAGE, bbox=(90, 90, 410, 320))
    with MultimodalStore.open(":memory:", encoder=encoder) as opened:
        opened.upsert(
            [
                text_chunk("A red pump", uri="/docs/red.txt", colour="red", price=5),
                text_chunk("A blue pump", uri="/docs/blue.txt", colour="blue", price=9.5),
                image_chunk(1, "The pump in a picture", colour="red"),
                Chunk(text="The pump on its page", source=on_page),
                text_chunk(EVIL, name=EVIL),
            ]
        )
        yield opened


@pytest.fixture
def backend() -> FakeVisionBackend:
    return FakeVisionBackend(reply="It is red [1].")


@pytest.fixture
def client(store: MultimodalStore, backend: FakeVisionBackend) -> TestClient:
    return TestClient(
        create_app(store, backend=backend), base_url=HOME, raise_server_exceptions=False
    )


def png(seed: int = 1) -> bytes:
    buffer = io.BytesIO()
    noise(seed).save(buffer, format="PNG")
    return buffer.getvalue()


def search(client: TestClient, **asked: Any) -> httpx.Response:
    return client.post("/search", json=asked)


def the_id(store: MultimodalStore, text: str) -> str:
    [chunk] = [chunk for chunk in store.scroll() if chunk.text == text]
    return chunk.id


def test_the_page_says_what_is_searched_and_loads_nothing_from_elsewhere(
    client: TestClient, store: MultimodalStore
) -> None:
    page = client.get("/")
    assert page.status_code == 200
    assert store.place in page.text
    assert "fake-vision" in page.text
    assert "http" not in page.text.replace("http-equiv", "")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["x-content-type-options"] == "nosniff"


def test_its_files_are_served_and_no_others(client: TestClient) -> None:
    for name in ("gallery.css", "gallery.js", "ui.css", "ui.js", "icon.svg"):
        assert client.get(f"/assets/{name}").status_code == 200
    for name in ("index.html.j2", "..%2fapp.py", "../app.py", "%2fetc%2fpasswd", "ui.js%00"):
        assert client.get(f"/assets/{name}").status_code == 404


def test_words_find_hits_with_their_reasons_and_places(client: TestClient) -> None:
    found = search(client, text="red pump")
    assert found.status_code == 200
    for part in ("A red pump", "red.txt", "bm25 #1", "weight 1", "More like this"):
        assert part in found.text


def test_what_is_found_can_t_become_markup(client: TestClient) -> None:
    found = search(client, text="script alert")
    assert "alert(1)" in found.text
    assert "<script" not in found.text


def test_filters_hold(client: TestClient) -> None:
    red = search(client, text="pump", choices={"metadata.colour": ["red"]}).text
    assert "A red pump" in red
    assert "A blue pump" not in red
    dear = search(client, text="pump", ranges={"metadata.price": {"gte": 9}}).text
    assert "A blue pump" in dear
    assert "A red pump" not in dear
    figures = search(client, text="pump", choices={"kind": ["figure"]}).text
    assert figures.count('<li class="card"') == 1


def test_filters_are_made_of_what_is_indexed(client: TestClient) -> None:
    facets = client.get("/facets").text
    assert 'data-choice="metadata.colour"' in facets
    assert 'data-range="metadata.price"' in facets
    assert "red.txt" in facets


def test_an_image_that_was_sent_finds_images_like_it(client: TestClient) -> None:
    sent = client.post("/query-image", content=png(1), headers={"content-type": "image/png"})
    token = sent.json()["image"]
    shown = client.get("/query-image", params={"token": token})
    assert shown.headers["content-type"] == "image/jpeg"
    assert "image_to_image #1" in search(client, image=token).text


def test_a_hit_finds_what_is_like_it_and_not_itself(
    client: TestClient, store: MultimodalStore
) -> None:
    found = search(client, like=the_id(store, "A red pump"))
    assert "A blue pump" in found.text
    assert "A red pump</p>" not in found.text


def test_pictures_are_served_by_the_id_of_their_chunk(
    client: TestClient, store: MultimodalStore
) -> None:
    found = client.get("/image", params={"id": the_id(store, "The pump in a picture")})
    assert Image.open(io.BytesIO(found.content)).size == (48, 40)
    assert found.headers["content-type"] == "image/jpeg"
    for id_ in (the_id(store, "A red pump"), "nobody", "../../etc/passwd", ""):
        assert client.get("/image", params={"id": id_}).status_code == 404


@pytest.mark.parametrize("address", ["/image", "/page"])
def test_a_picture_is_read_from_the_blob_store_wherever_a_payload_says_it_is(
    client: TestClient, store: MultimodalStore, tmp_path: Path, address: str
) -> None:
    """A payload that someone else wrote could name any file of this machine."""
    noise(7).save(tmp_path / "private.png")
    secret = image_ref(tmp_path / "private.png")
    chunk = Chunk(image=noise_ref(3), source=Source(uri="x"), kind="image")
    store.upsert([chunk])
    stored = store.get([chunk.id])[0]
    assert stored.image is not None
    forged = replace(stored.image, uri=secret.uri, sha256=secret.sha256)
    metadata = {"page_id": chunk.id}

    async def get(ids: object) -> list[Chunk]:
        del ids
        return [replace(stored, image=forged, metadata=metadata)]

    store.aget = get  # type: ignore[method-assign]
    assert client.get(address, params={"id": chunk.id}).status_code == 404


def test_the_picture_of_a_page_that_was_indexed_stands_in_for_a_file_that_is_gone(
    client: TestClient, store: MultimodalStore
) -> None:
    page = Chunk(image=noise_ref(3), source=Source(uri="gone.pdf", page=1), kind="page")
    passage = Chunk(
        text="words", source=Source(uri="gone.pdf", page=1), metadata={"page_id": page.id}
    )
    store.upsert([page, passage])

    found = client.get("/page", params={"id": passage.id})

    assert Image.open(io.BytesIO(found.content)).size == noise(3).size


def test_the_page_of_a_chunk_is_painted(client: TestClient, store: MultimodalStore) -> None:
    found = client.get("/page", params={"id": the_id(store, "The pump on its page")})
    assert found.headers["content-type"] == "image/webp"
    assert Image.open(io.BytesIO(found.content)).height > 900
    without = client.get("/page", params={"id": the_id(store, "A red pump")})
    assert without.status_code == 404


def test_a_question_is_answered_as_it_is_written_with_its_sources(
    client: TestClient, backend: FakeVisionBackend
) -> None:
    with client.stream("POST", "/ask", json={"text": "Which colour is the pump?"}) as reply:
        assert reply.headers["content-type"].startswith("application/x-ndjson")
        lines = [json.loads(line) for line in reply.iter_lines()]
    assert "<li" in lines[0]["html"]
    assert "".join(line["text"] for line in lines[1:-1]) == "It is red [1]."
    assert '<a href="#found-1">[1]</a>' in lines[-1]["html"]
    assert 'id="found-1"' in lines[-1]["html"]
    assert "A red pump" in backend.requests[0].text


def test_an_answer_that_breaks_off_says_why(store: MultimodalStore) -> None:
    failing = FakeVisionBackend(reply="It is", error=BackendError("The model is overloaded."))
    client = TestClient(create_app(store, backend=failing), base_url=HOME)
    lines = client.post("/ask", json={"text": "Which colour?"}).text.splitlines()
    assert "overloaded" in json.loads(lines[-1])["error"]


def test_without_a_model_there_are_hits_but_no_answers(store: MultimodalStore) -> None:
    client = TestClient(create_app(store), base_url=HOME)
    assert "data-ask" not in client.get("/").text
    refused = client.post("/ask", json={"text": "Which colour?"})
    assert refused.status_code == 422
    assert "--vlm" in refused.json()["error"]


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"text": "x" * 2001},
        {"text": "x", "k": 0},
        {"text": "x", "k": 10_000},
        {"text": "x", "nonsense": 1},
        {"text": "x", "choices": {"ragsight.id": ["a"]}},
        {"text": "x", "choices": {"and": ["a"]}},
        {"text": "x", "ranges": {"metadata.price": {"lt": 5}}},
        {"text": "x", "like": "nobody"},
    ],
)
def test_what_makes_no_sense_is_refused_in_a_sentence(
    client: TestClient, asked: dict[str, Any]
) -> None:
    refused = search(client, **asked)
    assert refused.status_code == 422
    assert len(refused.json()["error"]) > 10


def test_an_image_that_is_none_or_too_large_or_gone_is_refused(client: TestClient) -> None:
    headers = {"content-type": "image/png"}
    broken = client.post("/query-image", content=b"no image", headers=headers)
    assert broken.status_code == 422
    large = client.post("/query-image", content=b"0" * (20 * 2**20 + 1), headers=headers)
    assert large.status_code == 413
    assert "20,480 KiB" in large.json()["error"]
    long = client.post("/search", json={"text": "x" * 70_000})
    assert (long.status_code, "64 KiB" in long.json()["error"]) == (413, True)
    assert search(client, image="unknown").status_code == 404


def test_only_the_last_images_that_were_sent_are_kept(client: TestClient) -> None:
    headers = {"content-type": "image/png"}
    tokens = [
        client.post("/query-image", content=png(n), headers=headers).json()["image"]
        for n in range(33)
    ]
    assert client.get("/query-image", params={"token": tokens[0]}).status_code == 404
    assert client.get("/query-image", params={"token": tokens[-1]}).status_code == 200


def bomb(width: int, height: int, kind: str = "PNG", mode: str = "L") -> bytes:
    """A small file of many pixels."""
    buffer = io.BytesIO()
    Image.new(mode, (width, height)).save(buffer, format=kind)
    return buffer.getvalue()


def claiming(width: int, height: int) -> bytes:
    """A PNG that has a few bytes of the pixels that it claims."""
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    chunks = [header, b"IDAT" + zlib.compress(bytes(100))]
    parts = (struct.pack(">I", len(c) - 4) + c + struct.pack(">I", zlib.crc32(c)) for c in chunks)
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


@pytest.mark.parametrize(
    "data",
    [bomb(6001, 6000), bomb(9000, 9000), claiming(2**31 - 1, 2**31 - 1), claiming(40_000, 40_000)],
    ids=["a little too large", "the largest elsewhere", "endless", "a bomb"],
)
def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded(
    client: TestClient, data: bytes
) -> None:
    headers = {"content-type": "image/png"}
    refused = client.post("/query-image", content=data, headers=headers)
    assert refused.status_code == 413
    assert "large" in refused.json()["error"] or "Scale it down" in refused.json()["error"]


def test_a_large_photograph_is_decoded_at_a_part_of_its_size(client: TestClient) -> None:
    headers = {"content-type": "image/jpeg"}
    sent = client.post("/query-image", content=bomb(8000, 5000, "JPEG"), headers=headers)
    assert sent.status_code == 200
    kept = client.get("/query-image", params={"token": sent.json()["image"]})
    assert Image.open(io.BytesIO(kept.content)).size == (1024, 640)


async def test_few_images_are_in_hand_at_once_and_one_is_decoded(
    store: MultimodalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    decoding: list[int] = []
    most: list[int] = []
    made_small = images._made_small

    def watched(data: bytes) -> bytes:
        decoding.append(1)
        most.append(len(decoding))
        time.sleep(0.05)
        try:
            return made_small(data)
        finally:
            decoding.pop()

    monkeypatch.setattr(images, "_made_small", watched)
    transport = httpx.ASGITransport(create_app(store))
    headers = {"content-type": "image/png"}
    async with httpx.AsyncClient(transport=transport, base_url=HOME) as client:
        posts = [client.post("/query-image", content=png(n), headers=headers) for n in range(12)]
        answers = await asyncio.gather(*posts)
        codes = Counter(answer.status_code for answer in answers)
        assert codes == {200: images.MOST_UPLOADS, 503: 12 - images.MOST_UPLOADS}
        assert max(most) == 1
        busy = next(answer for answer in answers if answer.status_code == 503)
        assert "Try again" in busy.json()["error"]
        again = await client.post("/query-image", content=png(), headers=headers)
        assert again.status_code == 200


async def test_whoever_takes_too_long_makes_room_for_others(
    store: MultimodalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(images, "_UPLOAD_SECONDS", 0.05)

    async def drip() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x"
            await asyncio.sleep(0.02)

    transport = httpx.ASGITransport(create_app(store))
    headers = {"content-type": "image/png"}
    async with httpx.AsyncClient(transport=transport, base_url=HOME) as client:
        slow = await client.post("/query-image", content=drip(), headers=headers)
        assert slow.status_code == 503
        assert (await client.post("/query-image", content=png(), headers=headers)).is_success


async def test_a_body_that_is_too_long_is_received_no_further(store: MultimodalStore) -> None:
    sent: list[int] = []

    async def endless() -> AsyncIterator[bytes]:
        while True:
            sent.append(2**20)
            yield b"0" * 2**20

    transport = httpx.ASGITransport(create_app(store))
    headers = {"content-type": "image/png"}
    async with httpx.AsyncClient(transport=transport, base_url=HOME) as client:
        assert (
            await client.post("/query-image", content=endless(), headers=headers)
        ).status_code == 413
        assert sum(sent) == images.MOST_BYTES + 2**20
        sent.clear()
        headers["content-length"] = str(10**12)
        assert (
            await client.post("/query-image", content=endless(), headers=headers)
        ).status_code == 413
        assert sent == []


@pytest.mark.parametrize(
    "host",
    [
        *("evil.example", "evil.example:8321", "127.0.0.1.evil.example", "", "localhost.evil.com"),
        *("localhost:80@evil.com", "127.0.0.1:80@evil.com", "localhost@evil.com", "user@localhost"),
        *("localhost:80:90", "localhost:", "localhost:x", "localhost:999999", "localhost.", "."),
        *("[::1].evil.com", "[::1]evil", "[::1", "::1", "[localhost]", "[127.0.0.1]", "[::1%25lo]"),
        *("localhost/evil", "localhost#", "localhost?x", "localhost evil", "localhost,evil.com"),
        *("0x7f.1", "2130706433", "127.1"),
    ],
)
def test_a_name_that_a_site_points_here_gets_nothing(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 403
    assert client.post("/search", json={"text": "x"}, headers={"host": host}).status_code == 403


def test_of_several_host_headers_none_is_believed(client: TestClient) -> None:
    for hosts in (["127.0.0.1:8321", "evil.example"], ["evil.example", "127.0.0.1:8321"]):
        headers = [("host", host) for host in hosts]
        assert client.get("/", headers=headers).status_code == 403  # type: ignore[arg-type]


def test_of_several_origins_all_must_be_this_one(client: TestClient) -> None:
    for other in (HOME, "http://evil.example"):
        headers = [("origin", HOME), ("origin", other), ("content-type", "application/json")]
        status = 200 if other == HOME else 403
        asked = client.post("/search", content=b'{"text": "x"}', headers=headers)  # type: ignore[arg-type]
        assert asked.status_code == status


@pytest.mark.parametrize(
    "host", ["localhost:8321", "LOCALHOST", "[::1]:8321", "192.168.1.7", "[::ffff:127.0.0.1]:80"]
)
def test_this_machine_s_names_are_served(client: TestClient, host: str) -> None:
    assert client.get("/", headers={"host": host}).status_code == 200


def test_a_name_that_was_named_is_served(store: MultimodalStore) -> None:
    client = TestClient(create_app(store, hosts=["desk.local"]), base_url="http://desk.local")
    assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9999"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_site_can_ask_nothing(
    client: TestClient, backend: FakeVisionBackend, headers: dict[str, str]
) -> None:
    assert client.post("/search", json={"text": "x"}, headers=headers).status_code == 403
    assert client.post("/ask", json={"text": "x"}, headers=headers).status_code == 403
    assert client.get("/image", params={"id": "x"}, headers=headers).status_code == 403
    assert backend.requests == []


def test_a_form_of_another_site_has_the_wrong_type(client: TestClient) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data"):
        refused = client.post("/ask", content=b'{"text": "x"}', headers={"content-type": kind})
        assert refused.status_code == 422
        refused = client.post("/query-image", content=png(), headers={"content-type": kind})
        assert refused.status_code == 422


def test_a_link_on_another_site_may_open_the_page(client: TestClient) -> None:
    headers = {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}
    assert client.get("/", headers=headers).status_code == 200
    assert client.get("/facets", headers=headers).status_code == 403


async def test_while_one_search_waits_for_its_encoder_others_are_answered(
    store: MultimodalStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A search that held the event loop would never see the other request come through."""
    started, answered = threading.Event(), threading.Event()
    encode = ClipEncoder.encode_texts
    waited: list[bool] = []

    def slow(self: ClipEncoder, texts: Any, **options: Any) -> Any:
        started.set()
        waited.append(answered.wait(30))
        return encode(self, texts, **options)

    monkeypatch.setattr(ClipEncoder, "encode_texts", slow)
    transport = httpx.ASGITransport(create_app(store))
    async with httpx.AsyncClient(transport=transport, base_url=HOME) as client:
        search = asyncio.create_task(client.post("/search", json={"text": "pump"}))
        assert await asyncio.to_thread(started.wait, 60)
        assert (await client.get("/facets")).status_code == 200
        answered.set()
        assert "A red pump" in (await search).text
    assert waited == [True]


async def test_the_model_stops_where_nobody_reads_on() -> None:
    stopped: list[bool] = []

    class Listening(FakeVisionBackend):
        async def astream(self, request: VisionRequest) -> AsyncIterator[StreamEvent]:
            try:
                async for event in super().astream(request):
                    yield event
            finally:
                stopped.append(True)

    synthesizer = VisionSynthesizer(Listening("It is red, as all the others are [1]."))
    lines = answer_lines(synthesizer, "Which colour?", [Hit(text_chunk("A red pump"), 1.0)])
    assert "A red pump" in json.loads(await anext(lines))["html"]
    assert "text" in json.loads(await anext(lines))
    assert stopped == []
    await lines.aclose()
    assert stopped == [True]
