"""The blob store on S3, through s3fs and over HTTP, against a server on the loopback interface."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

pytest.importorskip("s3fs", reason="needs the extra s3")

import boto3
import fsspec
from moto.core.request import Request
from moto.s3.models import s3_backends
from moto.s3.responses import S3Response
from werkzeug.serving import WSGIRequestHandler, make_server
from werkzeug.wrappers import Response

from drawings import image_chunk, noise_ref
from ragsight import BlobStore, ClipEncoder, MultimodalStore, open_image
from ragsight.blobs import GarbageReport
from ragsight.errors import ImageError, SourceNotFoundError, StoreError

HOUR = 3600.0
BUCKET = "images"
CREDENTIALS = {"aws_access_key_id": "key", "aws_secret_access_key": "secret"}


class _Received(Request):
    from_wsgi_server = True


class _Quiet(WSGIRequestHandler):
    def log(self, *_: Any) -> None:
        """Keep the tests' output clean."""


@dataclass
class FakeS3:
    """moto's S3 behind a real server: its own one wants flask, for nothing that is needed here.

    Attributes:
        requests: Method and path of each request.
    """

    requests: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._server = make_server(
            "127.0.0.1", 0, self._answer, threaded=True, request_handler=_Quiet
        )
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def _answer(self, environ: Any, start_response: Any) -> Any:
        request = _Received(environ)
        self.requests.append((request.method, request.path))
        _, _, key = request.path.lstrip("/").partition("/")
        dispatch = S3Response.key_dispatch if key else S3Response.ambiguous_dispatch
        status, headers, body = dispatch(request, request.raw_url, dict(request.headers))
        response = Response(body, status, headers)
        if request.method == "HEAD" and "content-length" in headers:
            response.headers["Content-Length"] = headers["content-length"]
        return response(environ, start_response)

    def age(self, seconds: float) -> None:
        """Make all objects older."""
        for backend in (b for account in s3_backends.values() for b in account.values()):
            for bucket in backend.buckets.values():
                for key in bucket.keys.values():
                    key.last_modified -= timedelta(seconds=seconds)

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture(scope="module")
def server() -> Iterator[FakeS3]:
    fake = FakeS3()
    client = boto3.client("s3", endpoint_url=fake.url, region_name="us-east-1", **CREDENTIALS)
    client.create_bucket(Bucket=BUCKET)
    client.close()
    yield fake
    fake.stop()
    s3_backends.reset()


@pytest.fixture
def options(server: FakeS3) -> dict[str, Any]:
    return {
        "key": "key",
        "secret": "secret",
        "endpoint_url": server.url,
        "client_kwargs": {"region_name": "us-east-1"},
    }


@pytest.fixture
def blobs(options: dict[str, Any]) -> BlobStore:
    return BlobStore(f"s3://{BUCKET}/{uuid4().hex}", **options)


def test_an_image_is_kept_and_opens_again(blobs: BlobStore) -> None:
    ref = noise_ref(1)
    kept = blobs.keep(ref)
    located = blobs.locate(kept)
    assert open_image(located).tobytes() == open_image(ref).tobytes()
    assert blobs.read(kept) == ref.data
    assert "secret" not in f"{blobs!r} {located!r}"


def test_an_image_that_is_there_is_not_sent_again(blobs: BlobStore, server: FakeS3) -> None:
    blobs.keep(noise_ref(1))
    server.requests.clear()
    blobs.keep(noise_ref(1))
    assert [method for method, _ in server.requests] == ["HEAD"]


def test_the_store_knows_what_it_holds_and_what_it_lacks(blobs: BlobStore) -> None:
    refs = [blobs.keep(noise_ref(seed)) for seed in range(3)]
    assert sorted(blobs.digests()) == sorted(ref.sha256 for ref in refs)
    assert blobs.size() == sum(ref.size for ref in refs)
    assert blobs.missing(["a" * 64, refs[0].sha256]) == ["a" * 64]
    assert blobs.remove([refs[0].sha256]) == 1
    assert blobs.missing([refs[0].sha256]) == [refs[0].sha256]


def test_a_thumbnail_is_made_once_and_goes_with_its_image(blobs: BlobStore, server: FakeS3) -> None:
    kept = blobs.keep(noise_ref(1))
    made = blobs.thumbnail(kept, edge=16)
    server.requests.clear()
    assert blobs.thumbnail(kept, edge=16) == made
    assert "PUT" not in [method for method, _ in server.requests]
    blobs.remove([kept.sha256])
    assert blobs.size() == 0


def test_collection_removes_what_is_old_and_not_referenced(
    blobs: BlobStore, server: FakeS3
) -> None:
    needed, unneeded = blobs.keep(noise_ref(1)), blobs.keep(noise_ref(2))
    small = len(blobs.thumbnail(unneeded, edge=16))
    server.age(2 * HOUR)
    young = blobs.keep(noise_ref(3))
    report = blobs.collect_garbage({needed.sha256})
    assert report == GarbageReport(removed=1, kept=2, bytes_freed=unneeded.size + small)
    assert {*blobs.digests()} == {needed.sha256, young.sha256}


def test_keeping_an_old_image_again_makes_it_young_again(blobs: BlobStore, server: FakeS3) -> None:
    kept = blobs.keep(noise_ref(1))
    server.age(2 * HOUR)
    blobs.keep(kept)
    assert blobs.collect_garbage([]) == GarbageReport(removed=0, kept=1, bytes_freed=0)


def test_what_others_write_and_remove_is_seen_at_once(
    blobs: BlobStore, options: dict[str, Any]
) -> None:
    other = BlobStore(blobs.url, **options, skip_instance_cache=True)
    ref = noise_ref(1)
    assert list(blobs.digests()) == []
    other.keep(ref)
    assert list(blobs.digests()) == [ref.sha256]
    other.remove([ref.sha256])
    assert blobs.missing([ref.sha256]) == [ref.sha256]
    blobs.keep(ref)
    assert list(other.digests()) == [ref.sha256]


def test_objects_of_others_are_left_alone(
    blobs: BlobStore, server: FakeS3, options: dict[str, Any]
) -> None:
    filesystem = fsspec.filesystem("s3", **options)
    name = f"{blobs.url.removeprefix('s3://')}/notes.txt"
    beside = f"{blobs.url.removeprefix('s3://')}-beside/ab/{'ab' * 32}.png"
    for path in (name, beside):
        filesystem.pipe_file(path, b"mine")
    server.age(1000 * HOUR)
    assert blobs.collect_garbage([], grace_seconds=0) == GarbageReport(0, 0, 0)
    assert [filesystem.cat_file(path) for path in (name, beside)] == [b"mine", b"mine"]


def test_an_index_finds_its_images_on_s3(blobs: BlobStore, encoder: ClipEncoder) -> None:
    chunk = image_chunk(1, "a figure")
    with MultimodalStore.open(":memory:", encoder=encoder, blobs=blobs) as store:
        store.upsert([chunk])
        (found,) = store.get([chunk.id])
        assert found.image is not None
        assert chunk.image is not None
        assert open_image(found.image).tobytes() == open_image(chunk.image).tobytes()


def test_an_image_that_is_gone_is_reported(blobs: BlobStore) -> None:
    kept = blobs.keep(noise_ref(1))
    blobs.remove([kept.sha256])
    with pytest.raises(SourceNotFoundError, match="not in s3"):
        blobs.read(kept)
    with pytest.raises(SourceNotFoundError, match="no such image"):
        open_image(blobs.locate(kept))


def test_a_bucket_that_is_not_there_is_reported(options: dict[str, Any]) -> None:
    with pytest.raises(StoreError, match=r"s3://no-such-bucket.*bucket does not exist"):
        BlobStore("s3://no-such-bucket/images", **options).keep(noise_ref(1))


def test_a_server_that_is_down_is_reported(options: dict[str, Any]) -> None:
    gone = FakeS3()
    url = gone.url
    gone.stop()
    once = {"retries": {"total_max_attempts": 1}, "connect_timeout": 1}
    blobs = BlobStore(f"s3://{BUCKET}/x", **options | {"endpoint_url": url, "config_kwargs": once})
    ref = noise_ref(1)
    kept = replace(ref, uri=f"blob:{ref.sha256}", data=None)
    for use in (blobs.keep, blobs.read, blobs.thumbnail):
        with pytest.raises(StoreError, match=r"s3://images/x/.*network"):
            use(kept)
    with pytest.raises(StoreError, match="listed"):
        blobs.collect_garbage([])
    with pytest.raises(ImageError, match="can't be read"):
        open_image(blobs.locate(kept))
