"""A real S3 server of the tests' own: SeaweedFS, from its wheel."""

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from infra.embedded.process import ChildProcess, free_port

ACCESS_KEY, SECRET_KEY = "test-access", "test-secret"
READER, READERS_KEY = "test-reader", "reader-secret"
"""Of somebody who may not write."""
START_SECONDS = 60


@dataclass(frozen=True)
class ObjectStore:
    """Where the server listens."""

    endpoint: str
    process: ChildProcess


@asynccontextmanager
async def running(weed: Path, directory: Path) -> AsyncIterator[ObjectStore]:
    """Run an S3 server that checks signatures, with its data under ``directory``."""
    identities = [
        _identity("tests", ACCESS_KEY, SECRET_KEY, ["Admin", "Read", "Write", "List", "Tagging"]),
        _identity("reader", READER, READERS_KEY, ["Read"]),
    ]
    config = directory / "s3.json"
    config.write_text(json.dumps({"identities": identities}))
    data = directory / "data"
    data.mkdir()
    # Each of these ports has a twin for gRPC; without a name of its own that is the port plus 10000.
    ports = {name: (free_port(), free_port()) for name in ("s3", "master", "volume", "filer")}
    options = [
        f"-{name}.port{kind}={port}"
        for name, pair in ports.items()
        for kind, port in zip(("", ".grpc"), pair, strict=True)
    ]
    server = ChildProcess("SeaweedFS", log_file=directory / "weed.log")
    server.launch(
        [
            str(weed), "server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={data}", "-s3", f"-s3.config={config}",
            "-master.volumeSizeLimitMB=64", "-volume.max=8", "-master.telemetry=false",
            "-s3.port.iceberg=0", "-s3.port.lance=0",
            f"-s3.localSocket={directory}/s3.sock", f"-filer.localSocket={directory}/filer.sock", *options,
        ],
        cwd=directory,
    )  # fmt: skip
    endpoint = f"http://127.0.0.1:{ports['s3'][0]}"
    try:
        async with httpx.AsyncClient() as client:
            await server.wait_until(lambda: _answers(client, endpoint), seconds=START_SECONDS)
        yield ObjectStore(endpoint, server)
    finally:
        await server.kill()
        for port in (grpc for _, grpc in ports.values()):
            for left in Path(tempfile.gettempdir()).glob(f"seaweedfs-*-grpc-{port}.sock"):
                left.unlink(missing_ok=True)


async def _answers(client: httpx.AsyncClient, endpoint: str) -> bool:
    try:
        return (await client.get(f"{endpoint}/status", timeout=2)).status_code < 500
    except httpx.HTTPError:
        await asyncio.sleep(0.1)
        return False


def _identity(name: str, access_key: str, secret_key: str, actions: list[str]) -> dict[str, object]:
    return {"name": name, "credentials": [{"accessKey": access_key, "secretKey": secret_key}], "actions": actions}
