"""What every media store promises: the local disk's, S3's on a real server, and the one in memory."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import aioboto3
import httpx
import pytest
from pydantic import SecretStr

from domain.kernel import Transient
from domain.media.ports import MediaStore, Upload
from infra.adapters.media.disk import DiskMediaStore
from infra.adapters.media.s3 import S3MediaStore
from infra.adapters.media.s3_uploads import S3Uploads
from infra.setup.object_store import object_store_path
from tests.support.fakes.event_log import FixedClock
from tests.support.fakes.media import MemoryMedia
from tests.support.requirements import missing
from tests.support.servers.object_store import ACCESS_KEY, READER, READERS_KEY, SECRET_KEY, ObjectStore, running

BUCKET = "media"
PICTURE = b"RIFF....WEBP" + bytes(range(256)) * 40


@pytest.fixture(scope="session")
async def s3(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[ObjectStore]:
    """A real S3 server with one bucket."""
    weed = object_store_path()
    if not weed.exists():
        missing("SeaweedFS, an S3 server", f"{weed} is not there; “make tools” fetches it")
    async with running(weed, tmp_path_factory.mktemp("s3")) as server:
        session = aioboto3.Session(ACCESS_KEY, SECRET_KEY, region_name="us-east-1")
        async with session.client("s3", endpoint_url=server.endpoint) as client:
            await client.create_bucket(Bucket=BUCKET)
        yield server


def bucket_of(server: ObjectStore, **changes: Any) -> S3MediaStore:
    given: dict[str, Any] = {
        "bucket": BUCKET,
        "endpoint": server.endpoint,
        "region": "us-east-1",
        "access_key": SecretStr(ACCESS_KEY),
        "secret_key": SecretStr(SECRET_KEY),
    }
    return S3MediaStore(**(given | changes))


@pytest.fixture
def disk_store(tmp_path: Path) -> DiskMediaStore:
    return DiskMediaStore(tmp_path)


@pytest.fixture
async def s3_store(s3: ObjectStore) -> AsyncIterator[S3MediaStore]:
    async with aclosing(bucket_of(s3)) as opened:
        yield opened


@pytest.fixture
def memory_store() -> MemoryMedia:
    return MemoryMedia()


@pytest.fixture(params=["memory", "disk", "s3"])
def store(request: pytest.FixtureRequest) -> MediaStore:
    found: MediaStore = request.getfixturevalue(f"{request.param}_store")
    return found


async def test_what_is_stored_comes_back_as_it_was(store: MediaStore) -> None:
    for mime_type in ("image/webp", "image/png", "image/jpeg", "image/svg+xml"):
        key = await store.put(PICTURE, mime_type=mime_type)
        assert await store.get(key) == (PICTURE, mime_type)


async def test_a_key_is_the_hash_of_its_content(store: MediaStore) -> None:
    digest = hashlib.sha256(PICTURE).hexdigest()
    assert await store.put(PICTURE, mime_type="image/webp") == f"sha256/{digest[:2]}/{digest}.webp"


async def test_storing_twice_changes_nothing(store: MediaStore) -> None:
    first = await store.put(PICTURE, mime_type="image/webp")
    assert await store.put(PICTURE, mime_type="image/webp") == first
    assert await store.put(PICTURE + b"!", mime_type="image/webp") != first
    assert await store.get(first) == (PICTURE, "image/webp")


async def test_many_may_store_the_same_at_once(store: MediaStore) -> None:
    large = bytes(range(256)) * 8_192
    keys = await asyncio.gather(*(store.put(large, mime_type="image/webp") for _ in range(8)))
    assert len(set(keys)) == 1
    assert await store.get(keys[0]) == (large, "image/webp")


@pytest.mark.parametrize(
    "key",
    [
        f"sha256/ab/{'ab' * 32}.webp",
        f"sha256/ab/{'ab' * 32}.exe",
        f"sha256/ab/../{'ab' * 32}.webp",
        "../../../etc/passwd",
        "sha256/",
        "",
        "\0",
    ],
)
async def test_a_key_that_nothing_was_stored_under_is_none(store: MediaStore, key: str) -> None:
    assert await store.get(key) is None


async def test_a_browser_loads_a_key_from_the_stores_own_host(store: MediaStore) -> None:
    assert store.url("sha256/ab/cd.webp") == "/media/sha256/ab/cd.webp"


async def test_a_disk_that_cannot_be_written_is_an_outage(tmp_path: Path) -> None:
    occupied = tmp_path / "media"
    occupied.write_text("a file where a folder should be")
    with pytest.raises(Transient, match="the media store"):
        await DiskMediaStore(occupied).put(PICTURE, mime_type="image/webp")


async def test_a_half_written_file_is_never_seen(tmp_path: Path) -> None:
    store = DiskMediaStore(tmp_path)
    key = await store.put(PICTURE, mime_type="image/webp")
    assert [path.name for path in (tmp_path / key).parent.iterdir()] == [Path(key).name]


async def test_media_in_a_bucket_have_their_type_and_are_immutable(s3: ObjectStore) -> None:
    async with aclosing(bucket_of(s3)) as store:
        key = await store.put(PICTURE, mime_type="image/webp")
    session = aioboto3.Session(ACCESS_KEY, SECRET_KEY, region_name="us-east-1")
    async with session.client("s3", endpoint_url=s3.endpoint) as client:
        head = await client.head_object(Bucket=BUCKET, Key=key)
    assert (head["ContentType"], head["CacheControl"]) == ("image/webp", "public, max-age=31536000, immutable")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"access_key": SecretStr(READER), "secret_key": SecretStr(READERS_KEY)}, "AccessDenied"),
        ({"secret_key": SecretStr("wrong")}, "SignatureDoesNotMatch"),
        ({"endpoint": "http://127.0.0.1:1"}, "EndpointConnectionError"),
    ],
)
async def test_a_bucket_out_of_reach_is_an_outage_that_says_why(
    s3: ObjectStore, changes: dict[str, Any], reason: str
) -> None:
    async with aclosing(bucket_of(s3, **changes)) as store:
        with pytest.raises(Transient, match=reason):
            await store.put(PICTURE, mime_type="image/webp")


async def test_a_presigned_address_takes_exactly_the_announced_file(s3_store: S3MediaStore) -> None:
    clock = FixedClock(datetime.now(UTC))
    uploads = S3Uploads(s3_store, clock)
    upload = Upload(
        store_id=uuid4(),
        upload_id=uuid4(),
        mime_type="image/webp",
        size_bytes=len(PICTURE),
        until=clock.now() + timedelta(minutes=15),
    )
    assert await uploads.read(upload.store_id, upload.upload_id) is None
    address = await uploads.address(upload)
    assert uploads.origin is not None
    assert address.startswith(uploads.origin)
    async with httpx.AsyncClient() as browser:
        headers = {"content-type": "image/webp"}
        for other in (PICTURE + b"!", PICTURE[:-1]):
            assert (await browser.put(address, content=other, headers=headers)).status_code == 403
        wrong = {"content-type": "text/html"}
        assert (await browser.put(address, content=PICTURE, headers=wrong)).status_code == 403
        assert await uploads.read(upload.store_id, upload.upload_id) is None
        assert (await browser.put(address, content=PICTURE, headers=headers)).status_code == 200
    assert await uploads.read(upload.store_id, upload.upload_id) == PICTURE
    assert await uploads.read(uuid4(), upload.upload_id) is None, "Another store's uploads are unknown."
    for _ in range(2):
        await uploads.discard(upload.store_id, upload.upload_id)
    assert await uploads.read(upload.store_id, upload.upload_id) is None
