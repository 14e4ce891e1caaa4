"""Stand-ins for Google and GitHub: ``emulate`` from the npm registry."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from infra.embedded.process import claim, free_port
from infra.setup.emulate import EMULATE
from tests.support.requirements import missing

CLIENT_ID, SECRET = "zyenta-tests", "only the tests know"
ADA = "ada.oauth@example.com"
"""A person at Google, whose address is verified."""
EVE = "eve.oauth@example.com"
"""A person at GitHub, whose address is verified. The login is ``eve``."""
START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Emulators:
    """Addresses of the stand-ins."""

    github: str
    google: str


@asynccontextmanager
async def emulated(folder: Path, *, callback: str) -> AsyncIterator[Emulators]:
    """Run both stand-ins.

    Args:
        folder: for their configuration and output.
        callback: the only address that they send browsers back to; ``{provider}`` is replaced.
    """
    program, node = EMULATE.path, shutil.which("node")
    if node is None or not program.exists():
        missing("emulate", f"{program} is not there; `make tools` installs it")
    port = _two_free_ports()
    seed = {
        "github": {
            "users": [{"login": "eve", "name": "Eve", "email": EVE}],
            "oauth_apps": [_client(callback, "github")],
        },
        "google": {"users": [{"email": ADA, "name": "Ada"}], "oauth_clients": [_client(callback, "google")]},
    }
    config = folder / "emulate.json"
    config.write_text(json.dumps(seed))
    with (folder / "emulate.log").open("wb") as log:
        arguments = ["--service", "github,google", "--seed", str(config), "--port", str(port)]
        process = await asyncio.create_subprocess_exec(node, str(program), *arguments, stdout=log, stderr=log)
    addresses = Emulators(github=f"http://localhost:{port}", google=f"http://localhost:{port + 1}")
    try:
        await _until_ready(addresses.google)
        yield addresses
    finally:
        process.terminate()
        await process.wait()


def _client(callback: str, provider: str) -> dict[str, object]:
    return {
        "client_id": CLIENT_ID,
        "client_secret": SECRET,
        "name": "Zyenta",
        "redirect_uris": [callback.replace("{provider}", provider)],
    }


def _two_free_ports() -> int:
    """Claim a port and its successor, which emulate gives its second service; return the first."""
    return next(port for port in iter(free_port, None) if claim(port + 1))


async def _until_ready(address: str) -> None:
    async with asyncio.timeout(START_SECONDS), httpx.AsyncClient() as client:
        while True:
            try:
                if (await client.get(f"{address}/.well-known/openid-configuration")).is_success:
                    return
            except httpx.HTTPError:
                await asyncio.sleep(0.05)
