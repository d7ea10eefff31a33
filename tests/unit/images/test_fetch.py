from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from drawings import noise
from ragsight import ClipEncoder
from ragsight.errors import ConfigurationError, ImageError, RagsightError, SourceNotFoundError
from ragsight.images import (
    FetchLimits,
    afetch_image,
    fetch,
    fetch_image,
    image_ref,
    open_image,
    read_image_bytes,
    thumbnail,
)

LOCAL = FetchLimits(allow_private=True, timeout=10)
BODY = b"\x89PNG and so on" * 100


class Handler(BaseHTTPRequestHandler):
    """Answers as the path asks for."""

    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.headers["Host"], self.path))
        name = self.path.split("?")[0].strip("/")
        getattr(self, f"send_{name.split('/')[0]}", self.send_missing)()

    def log_message(self, *args: object) -> None:
        pass

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def send_picture(self) -> None:
        self.answer(200, BODY)

    def send_photo(self) -> None:
        self.answer(200, thumbnail(noise(1)))

    def send_missing(self) -> None:
        self.answer(404)

    def send_forbidden(self) -> None:
        self.answer(403)

    def send_loop(self) -> None:
        self.answer(302, Location="/loop")

    def send_hops(self) -> None:
        left = int(self.path.rpartition("/")[2])
        self.answer(301, Location=f"{left - 1}" if left > 1 else "/picture")

    def send_elsewhere(self) -> None:
        self.answer(302, Location=self.server.elsewhere)

    def send_raw(self) -> None:
        """An answer that the library for servers would not let through."""
        self.wfile.write(b"HTTP/1.1 " + self.server.raw)
        self.close_connection = True

    def send_packed(self) -> None:
        self.answer(200, gzip.compress(bytes(10_000_000)), Content_Encoding="gzip")

    def send_endless(self) -> None:
        self.send_response(200)
        self.end_headers()
        self._send_until_hung_up(bytes(65536))

    def send_drip(self) -> None:
        # Each piece comes in time; only the whole never ends. Headers first, as the worst of it.
        self._send_until_hung_up(b"H", pause=0.05)

    def send_short(self) -> None:
        self.answer(200, BODY, Content_Length=str(len(BODY) + 10))
        self.close_connection = True

    def _send_until_hung_up(self, piece: bytes, pause: float = 0) -> None:
        try:
            while True:
                self.wfile.write(piece)
                self.wfile.flush()
                time.sleep(pause)
        except OSError:
            self.close_connection = True


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str = "127.0.0.1") -> None:
        super().__init__((host, 0), Handler)
        self.asked: list[tuple[str, str]] = []
        self.elsewhere = ""
        self.raw = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield running
        running.shutdown()
        thread.join()


def fetch_async(url: str, *, limits: FetchLimits | None = None) -> bytes:
    return asyncio.run(afetch_image(url, limits=limits))


@pytest.fixture(params=[fetch_image, fetch_async], ids=["sync", "async"])
def fetching(request: pytest.FixtureRequest) -> Callable[..., bytes]:
    return request.param


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> dict[str, list[str]]:
    """A name service: each name's addresses, one for each time it is asked for."""
    book: dict[str, list[str]] = {}
    real = socket.getaddrinfo

    def look_up(host: str, port: int, *args: object, **kwargs: object) -> list:
        if host in book:
            if not book[host]:
                raise AssertionError(f"{host} was looked up again")
            host = book[host].pop(0)
        return real(host, port, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return book


def test_an_image_comes_as_its_bytes(server: Server, fetching: Callable[..., bytes]) -> None:
    assert fetching(f"{server.url}/picture", limits=LOCAL) == BODY


async def test_a_running_event_loop_is_no_hindrance(server: Server) -> None:
    assert fetch_image(f"{server.url}/picture", limits=LOCAL) == BODY


def test_an_image_opens_by_its_address_and_is_fetched_once_for_its_reference(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "is_public", lambda _address: True)
    url = f"{server.url}/photo"
    assert open_image(url).size == (48, 40)
    ref = image_ref(url)
    assert (ref.uri, ref.mime, read_image_bytes(ref)) == (url, "image/jpeg", thumbnail(noise(1)))
    assert len(server.asked) == 2


def test_this_machine_is_not_asked_unless_that_is_allowed(
    server: Server, fetching: Callable[..., bytes]
) -> None:
    with pytest.raises(ImageError, match=r"127\.0\.0\.1, which isn't public.*allow_private"):
        fetching(f"{server.url}/picture")
    assert server.asked == []


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "[::1]",
        "2130706433",
        "0x7f.1",
        "0.0.0.0",
        "[::ffff:127.0.0.1]",
        "10.1.2.3",
        "192.168.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "168.63.129.16",
        "[fd00:ec2::254]",
    ],
)
def test_private_addresses_are_refused_however_they_are_written(host: str) -> None:
    with pytest.raises(ImageError, match=r"isn't public|can't be looked up"):
        fetch_image(f"http://{host}/a.png")


def test_a_name_for_a_private_address_is_refused(names: dict[str, list[str]]) -> None:
    names["photos.example"] = ["10.0.0.7"]
    with pytest.raises(ImageError, match=r"photos\.example.*10\.0\.0\.7"):
        fetch_image("http://photos.example/a.png")


def test_the_connection_goes_to_the_address_that_was_checked(
    server: Server, names: dict[str, list[str]], fetching: Callable[..., bytes]
) -> None:
    # A second lookup, whose answer might be another address, fails in `names`.
    names["photos.example"] = ["127.0.0.1"]
    url = f"http://photos.example:{server.server_port}/picture"
    assert fetching(url, limits=LOCAL) == BODY
    assert server.asked == [(f"photos.example:{server.server_port}", "/picture")]


def test_a_redirect_into_the_private_network_is_refused(
    server: Server, names: dict[str, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Here 127.0.0.1 stands for a public address, and 127.0.0.2 for a private one.
    monkeypatch.setattr(fetch, "is_public", lambda address: address == "127.0.0.1")
    names["inside.example"] = ["127.0.0.2"]
    server.elsewhere = f"http://inside.example:{server.server_port}/picture"
    with pytest.raises(ImageError, match=r"inside\.example.*127\.0\.0\.2"):
        fetch_image(f"{server.url}/elsewhere")
    assert [path for _, path in server.asked] == ["/elsewhere"]


def test_five_redirects_are_followed_and_a_sixth_is_not(server: Server) -> None:
    assert fetch_image(f"{server.url}/hops/5", limits=LOCAL) == BODY
    with pytest.raises(ImageError, match="more than 5 redirects"):
        fetch_image(f"{server.url}/hops/6", limits=LOCAL)
    with pytest.raises(ImageError, match="more than 5 redirects"):
        fetch_image(f"{server.url}/loop", limits=LOCAL)


@pytest.mark.parametrize("place", ["file:///etc/passwd", "ftp://example.org/a", "gopher://x/"])
def test_a_redirect_to_what_is_not_the_web_is_refused(server: Server, place: str) -> None:
    server.elsewhere = place
    with pytest.raises(ImageError, match="only http and https"):
        fetch_image(f"{server.url}/elsewhere", limits=LOCAL)


NOWHERE = {
    "data": b"data:image/png;base64,AAAA",
    "script": b"javascript:1",
    "mail": b"mailto:a@example.org",
    "no name": b"http://xn--/",
    "no name in any alphabet": b"http://xn--a/",
    "unseen signs in a name": "http://\u202e.example/".encode(),
    "bytes that are no text": b"http://\xff\xfe/",
    "zero in a name": b"http://a%00b/",
    "endless name": b"http://" + b"a" * 300 + b"/",
    "endless name of umlauts": b"http://" + "ü".encode() * 3000 + b"/",
    "empty label": b"http://a..b/",
    "leading dot": b"http://.example:1/",
    "open bracket": b"http://[::1",
    "no address in brackets": b"http://[zz]/",
    "address of a later version": b"http://[v1.x]/",
    "zone": b"http://[fe80::1%25lo]/",
    "port too large": b"http://a.invalid:99999/",
    "port below zero": b"http://a.invalid:-1/",
    "port that is none": b"http://a.invalid:x/",
    "port zero": b"http://127.0.0.1:0/",
    "credentials": b"http://me:secret@127.0.0.1:1/",
    "credentials without a host": b"http://me:secret@/",
    "no host": b"http:///picture",
    "endless address": b"/" + b"x" * 90_000,
    "backslashes": b"\\\\evil.invalid\\x",
}


@pytest.mark.parametrize("kind", NOWHERE)
def test_a_redirect_to_nowhere_costs_one_image_and_not_the_batch(
    server: Server, kind: str, encoder: ClipEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetch, "is_public", lambda address: address == "127.0.0.1")
    server.raw = b"302 Found\r\nContent-Length: 0\r\nLocation: %b\r\n\r\n" % NOWHERE[kind]
    skipped: list[RagsightError] = []
    sources = [noise(1), f"{server.url}/raw", noise(2)]
    vectors = encoder.encode_images(sources, on_skip=lambda _place, error: skipped.append(error))
    assert len(vectors) == 2
    [problem] = skipped
    assert isinstance(problem, ImageError | SourceNotFoundError)
    assert "secret" not in str(problem)
    assert len(str(problem)) < 1_000


@pytest.mark.parametrize(
    "raw",
    [
        b"200 OK\r\n" + b"X-Long: " + b"x" * 200_000 + b"\r\n\r\n",
        b"200 OK\r\n" + b"X: y\r\n" * 50_000 + b"\r\n",
        b"200 OK\r\nContent-Length: x\r\n\r\n",
        b"200 OK\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcd",
        b"200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"302 Found\r\nContent-Length: 0\r\nLocation:\r\n\r\n",
        b"999 Odd\r\n\r\n",
        b"",
        b"\0\0\0",
    ],
)
def test_a_malformed_answer_is_an_error_of_that_image(server: Server, raw: bytes) -> None:
    server.raw = raw
    with pytest.raises(ImageError):
        fetch_image(f"{server.url}/raw", limits=LOCAL)


@pytest.mark.parametrize(
    "url", ["http://xn--/a.png", "http://a\0b/", "http://\ud83d/", "http://" + "ü" * 60_000]
)
def test_an_address_that_nobody_can_have_is_an_error_of_that_image(url: str) -> None:
    with pytest.raises(ImageError) as caught:
        fetch_image(url)
    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize("url", ["http://", "http://[::1", "http://a:b:c/", "https:///a.png"])
def test_an_address_that_is_none_is_reported(url: str) -> None:
    with pytest.raises(ImageError, match=r"http"):
        fetch_image(url)


def test_an_endless_body_is_cut_off_at_the_limit(
    server: Server, fetching: Callable[..., bytes]
) -> None:
    limits = FetchLimits(allow_private=True, max_bytes=300_000, timeout=10)
    with pytest.raises(ImageError, match="longer than the limit of 300,000 bytes"):
        fetching(f"{server.url}/endless", limits=limits)


def test_a_server_that_drips_is_left_when_the_time_is_over(
    server: Server, fetching: Callable[..., bytes]
) -> None:
    limits = FetchLimits(allow_private=True, timeout=0.3)
    with pytest.raises(ImageError, match=r"not fetched within 0\.3 seconds"):
        fetching(f"{server.url}/drip", limits=limits)


def test_an_answer_cut_short_is_an_error(server: Server) -> None:
    with pytest.raises(ImageError, match="can't be fetched"):
        fetch_image(f"{server.url}/short", limits=LOCAL)


def test_a_packed_answer_is_not_unpacked(server: Server) -> None:
    with pytest.raises(ImageError, match="compressed once more"):
        fetch_image(f"{server.url}/packed", limits=LOCAL)


def test_what_is_not_there_is_also_a_file_not_found_error(server: Server) -> None:
    with pytest.raises(SourceNotFoundError, match="HTTP 404"):
        fetch_image(f"{server.url}/absent.png", limits=LOCAL)
    with pytest.raises(ImageError, match="HTTP 403"):
        fetch_image(f"{server.url}/forbidden", limits=LOCAL)


def test_nobody_listening_is_an_error_that_says_so() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
    with pytest.raises(ImageError, match="can't be fetched"):
        fetch_image(f"http://127.0.0.1:{port}/a.png", limits=LOCAL)


def test_messages_hold_no_credentials_and_no_query(server: Server) -> None:
    place = server.url.removeprefix("http://")
    with pytest.raises(ImageError) as caught:
        fetch_image(f"http://me:secret@{place}/forbidden?signature=secret#secret", limits=LOCAL)
    assert "secret" not in str(caught.value)
    assert f"{server.url}/forbidden?…" in str(caught.value)


def test_the_environments_proxies_are_not_used(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert fetch_image(f"{server.url}/picture", limits=LOCAL) == BODY


@pytest.mark.parametrize("limits", [{"max_bytes": 0}, {"timeout": 0}, {"max_redirects": -1}])
def test_limits_that_leave_nothing_are_refused(limits: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="must be"):
        FetchLimits(**limits)


def certificate(folder: Path, name: str) -> Path:
    """A certificate for one name, signed by itself, with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    signed = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "certificate.pem"
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(signed.public_bytes(pem) + secret)
    return path


def test_over_tls_the_certificate_must_be_for_the_name(
    server: Server,
    names: dict[str, list[str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = certificate(tmp_path, "photos.example")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    fetch._tls.cache_clear()
    try:
        names |= {"photos.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]}
        good = f"https://photos.example:{server.server_port}/picture"
        assert fetch_image(good, limits=LOCAL) == BODY
        with pytest.raises(ImageError, match="certificate"):
            fetch_image(good.replace("photos", "other"), limits=LOCAL)
    finally:
        fetch._tls.cache_clear()
