"""Photos are downloaded over real HTTP, bounded in time and size, and never from private networks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import httpx
import pytest

from domain.kernel import Transient
from domain.media.events import RejectionReason
from domain.media.ports import UnusableImage
from infra.adapters.media.fetch import MAX_BYTES, HttpImageFetcher, _is_public
from tests.support.builders.photographs import encoded, product_photo
from tests.support.fakes.supply import served

PHOTO = encoded(product_photo(), "JPEG")
Send = Callable[[dict[str, object]], Awaitable[None]]


@dataclass
class Supplier:
    """A web server whose behavior the path names; it records the requests."""

    asked: list[str] = field(default_factory=list)
    status: int = 200
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "image/jpeg"})
    body: bytes = PHOTO
    chunks: int = 1
    pause: float = 0.0
    moved: dict[str, str] = field(default_factory=dict)

    async def __call__(self, scope: dict[str, str], receive: object, send: Send) -> None:
        path = scope["path"]
        self.asked.append(path)
        status, headers = (302, {"location": self.moved[path]}) if path in self.moved else (self.status, self.headers)
        named = [(name.encode(), value.encode()) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": status, "headers": named})
        for _ in range(self.chunks):
            await send({"type": "http.response.body", "body": self.body, "more_body": True})
            await asyncio.sleep(self.pause)
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def supplier() -> Supplier:
    return Supplier()


@pytest.fixture
async def origin(supplier: Supplier) -> AsyncIterator[str]:
    async with served(supplier) as address:
        yield address


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as opened:
        yield opened


@pytest.fixture
def fetcher(client: httpx.AsyncClient, origin: str) -> HttpImageFetcher:
    """A fetcher that trusts the one server, as it does the sandbox."""
    return HttpImageFetcher(client, trusted_origins=[origin], seconds=5)


async def refusal(fetcher: HttpImageFetcher, url: str) -> UnusableImage:
    with pytest.raises(UnusableImage) as refused:
        await fetcher.fetch(url)
    assert refused.value.message
    return refused.value


async def test_a_photo_is_downloaded_as_it_is(fetcher: HttpImageFetcher, origin: str) -> None:
    assert await fetcher.fetch(f"{origin}/pot.jpg") == PHOTO


async def test_a_moved_photo_is_followed(fetcher: HttpImageFetcher, supplier: Supplier, origin: str) -> None:
    supplier.moved = {"/old.jpg": "/new.jpg"}
    assert await fetcher.fetch(f"{origin}/old.jpg") == PHOTO
    assert supplier.asked == ["/old.jpg", "/new.jpg"]


async def test_a_photo_that_redirects_without_end_is_given_up(
    fetcher: HttpImageFetcher, supplier: Supplier, origin: str
) -> None:
    supplier.moved = {"/a.jpg": "/a.jpg"}
    assert (await refusal(fetcher, f"{origin}/a.jpg")).reason is RejectionReason.UNREACHABLE
    assert len(supplier.asked) == 4


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, RejectionReason.NOT_FOUND),
        (410, RejectionReason.NOT_FOUND),
        (401, RejectionReason.UNREACHABLE),
        (403, RejectionReason.UNREACHABLE),
    ],
)
async def test_a_missing_photo_is_rejected_permanently(
    fetcher: HttpImageFetcher, supplier: Supplier, origin: str, status: int, reason: RejectionReason
) -> None:
    supplier.status = status
    refused = await refusal(fetcher, f"{origin}/gone.jpg")
    assert refused.reason is reason
    assert str(status) in refused.message


@pytest.mark.parametrize("status", [500, 502, 503, 429])
async def test_a_server_in_trouble_may_be_asked_again(
    fetcher: HttpImageFetcher, supplier: Supplier, origin: str, status: int
) -> None:
    supplier.status, supplier.headers = status, {"retry-after": "7"}
    with pytest.raises(Transient) as outage:
        await fetcher.fetch(f"{origin}/pot.jpg")
    assert outage.value.retry_after == 7
    assert "127.0.0.1" in str(outage.value)


async def test_a_server_that_refuses_connections_is_retried_after_the_time_it_needs_to_start(
    client: httpx.AsyncClient,
) -> None:
    with pytest.raises(Transient, match=r"127\.0\.0\.1: the server refuses the connection") as outage:
        await HttpImageFetcher(client, trusted_origins=["http://127.0.0.1:1"]).fetch("http://127.0.0.1:1/pot.jpg")
    assert outage.value.retry_after == 5


@pytest.mark.parametrize(
    "label",
    ["binary/octet-stream", "application/x-download", "application/octet-stream", "text/html", "image/heic", ""],
)
@pytest.mark.parametrize("chunks", [1, 7])
async def test_a_photo_is_a_photo_whatever_it_is_labeled(
    fetcher: HttpImageFetcher, supplier: Supplier, origin: str, label: str, chunks: int
) -> None:
    supplier.headers = {"content-type": label} if label else {}
    supplier.body, supplier.chunks = PHOTO[:30] if chunks > 1 else PHOTO, chunks
    assert await fetcher.fetch(f"{origin}/pot.HEIC") == supplier.body * chunks


async def test_a_photo_that_we_cannot_read_is_left_to_the_studio_to_name(
    fetcher: HttpImageFetcher, supplier: Supplier, origin: str
) -> None:
    supplier.headers, supplier.body = {"content-type": "binary/octet-stream"}, b"\0\0\0\x18ftypheix\0\0\0\0mif1heic"
    assert await fetcher.fetch(f"{origin}/pot.jpg") == supplier.body


@pytest.mark.parametrize("label", ["text/html; charset=utf-8", "image/jpeg", "application/octet-stream", ""])
async def test_a_web_page_is_not_a_photo(
    fetcher: HttpImageFetcher, supplier: Supplier, origin: str, label: str
) -> None:
    supplier.headers = {"content-type": label} if label else {}
    supplier.body, supplier.chunks = b"<!DOCTYPE html><title>Not here</title>" + b" " * 2_000_000, 30
    refused = await refusal(fetcher, f"{origin}/pot.jpg")
    assert refused.reason is RejectionReason.NOT_AN_IMAGE
    assert "a web page" in refused.message


async def test_a_body_that_grows_too_large_is_broken_off(
    fetcher: HttpImageFetcher, supplier: Supplier, origin: str
) -> None:
    supplier.body, supplier.chunks = bytes(1024 * 1024), 200
    assert (await refusal(fetcher, f"{origin}/pot.jpg")).reason is RejectionReason.TOO_LARGE


async def test_a_body_that_is_announced_too_large_is_not_downloaded(
    fetcher: HttpImageFetcher, supplier: Supplier, origin: str
) -> None:
    supplier.headers = {"content-type": "image/png", "content-length": str(MAX_BYTES + 1)}
    supplier.pause = 0.2
    refused = await refusal(fetcher, f"{origin}/pot.png")
    assert refused.reason is RejectionReason.TOO_LARGE
    assert "20 MB" in refused.message


async def test_a_compressed_body_is_not_decompressed(
    fetcher: HttpImageFetcher, supplier: Supplier, origin: str
) -> None:
    supplier.headers = {"content-type": "image/jpeg", "content-encoding": "gzip"}
    assert (await refusal(fetcher, f"{origin}/pot.jpg")).reason is RejectionReason.UNREACHABLE


async def test_a_server_that_drips_is_given_up(client: httpx.AsyncClient, supplier: Supplier, origin: str) -> None:
    supplier.body, supplier.chunks, supplier.pause = b"\xff", 100_000, 0.02
    impatient = HttpImageFetcher(client, trusted_origins=[origin], seconds=0.5)
    with pytest.raises(Transient, match="took longer"):
        await impatient.fetch(f"{origin}/pot.jpg")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/pot.jpg",
        "http://localhost:{port}/pot.jpg",
        "http://2130706433:{port}/pot.jpg",
        "http://0.0.0.0:{port}/pot.jpg",
        "http://[::1]:{port}/pot.jpg",
        "http://[::ffff:127.0.0.1]:{port}/pot.jpg",
        "http://[64:ff9b::7f00:1]/pot.jpg",
        "http://[2002:7f00:1::]/pot.jpg",
        "http://[64:ff9b::808:808]/pot.jpg",
        "http://[64:ff9b:1::a00:1]/pot.jpg",
        "http://[2002:a00:1::1]/pot.jpg",
        "http://[2002:808:808::1]/pot.jpg",
        "http://[2001:0:4136:e378:8000:63bf:f5ff:fffe]/pot.jpg",
        "http://[::10.0.0.1]/pot.jpg",
        "http://[::8.8.8.8]/pot.jpg",
        "http://[::ffff:0:10.0.0.1]/pot.jpg",
        "http://[2a00:1450::5efe:a00:1]/pot.jpg",
        "http://[2a00:1450::200:5efe:a00:1]/pot.jpg",
        "http://[2001:db8::1]/pot.jpg",
        "http://[fec0::1]/pot.jpg",
        "http://[fe80::1]/pot.jpg",
        "http://[5f00::1]/pot.jpg",
        "http://[100::1]/pot.jpg",
        "http://10.0.0.8/pot.jpg",
        "http://192.168.1.1/pot.jpg",
        "http://172.16.0.1/pot.jpg",
        "http://100.64.0.1/pot.jpg",
        "http://169.254.169.254/latest/meta-data/",
        "http://[fd00::1]/pot.jpg",
        "http://224.0.0.251/pot.jpg",
        "http://somebody@127.0.0.1:{port}/pot.jpg",
        "ftp://127.0.0.1/pot.jpg",
        "file:///etc/passwd",
        "//127.0.0.1:{port}/pot.jpg",
        "http://[half/pot.jpg",
        "http://host:99999/pot.jpg",
        "http:///pot.jpg",
        "pot.jpg",
        "http://" + "a" * 70 + ".example/pot.jpg",
    ],
)
async def test_addresses_in_private_networks_are_rejected_without_a_request(
    client: httpx.AsyncClient, supplier: Supplier, origin: str, url: str
) -> None:
    url = url.replace("{port}", origin.rpartition(":")[2])
    assert (await refusal(HttpImageFetcher(client), url)).reason is RejectionReason.FORBIDDEN_ADDRESS
    assert not supplier.asked


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "2a00:1450:4001:80b::2004", "2606:4700::6810:85e5", "::ffff:8.8.8.8", "2001:4860:4860::8888"]
)
def test_addresses_of_the_internet_are_public(address: str) -> None:
    assert _is_public(address)


@pytest.mark.parametrize("target", ["http://127.0.0.1:{other}/secret", "http://169.254.169.254/", "file:///etc/passwd"])
async def test_a_trusted_server_cannot_send_us_anywhere_else(
    client: httpx.AsyncClient, supplier: Supplier, origin: str, target: str
) -> None:
    inside = Supplier()
    async with served(inside) as other:
        supplier.moved = {"/pot.jpg": target.replace("{other}", other.rpartition(":")[2])}
        trusting = HttpImageFetcher(client, trusted_origins=[origin])
        assert (await refusal(trusting, f"{origin}/pot.jpg")).reason is RejectionReason.FORBIDDEN_ADDRESS
    assert not inside.asked
    assert supplier.asked == ["/pot.jpg"]


async def test_a_photo_of_a_former_sandbox_address_is_downloaded_from_the_current_one(
    client: httpx.AsyncClient, supplier: Supplier, origin: str
) -> None:
    async with served(Supplier(body=b"a stranger's")) as former:
        moved = HttpImageFetcher(client, trusted_origins=[origin], moved_origins={former: origin})
        assert await moved.fetch(f"{former}/images/pot.jpg") == PHOTO
    assert supplier.asked == ["/images/pot.jpg"]
