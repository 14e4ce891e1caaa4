"""Storefronts as operators run them: one operating system process each, on one database."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from infra.embedded.process import ChildProcess, free_port

START_SECONDS = 60


@asynccontextmanager
async def storefront_processes(
    database: str, folder: Path, *, domain: str, cache_bytes: dict[str, int]
) -> AsyncIterator[dict[str, int]]:
    """Run storefronts that share their secrets, and yield their ports by name.

    Args:
        database: address of the database.
        folder: for their logs and data.
        domain: whose subdomains are the stores.
        cache_bytes: the memory for pages of each process, by its name.
    """
    ports = {name: free_port() for name in cache_bytes}
    processes = {name: ChildProcess(name, log_file=folder / f"{name}.log") for name in cache_bytes}
    shared = os.environ | {
        "DATABASE_URL": database,
        "ZYENTA_DATA_DIR": str(folder),
        # That of the platforms below storefronts, which seal what these open.
        "ZYENTA_MASTER_KEYS": bytes(32).hex(),
        "ZYENTA_STOREFRONT_DOMAIN": domain,
    }
    try:
        for name, process in processes.items():
            own = {"ZYENTA_STOREFRONT_PORT": str(ports[name]), "ZYENTA_PAGE_CACHE_BYTES": str(cache_bytes[name])}
            process.launch([sys.executable, "-m", "infra.cli", "storefront"], env=shared | own)
        async with httpx.AsyncClient() as client:
            for name, process in processes.items():

                async def answers(port: int = ports[name]) -> bool:
                    try:
                        return (await client.get(f"http://127.0.0.1:{port}/-/health")).status_code == 200
                    except httpx.HTTPError:
                        await asyncio.sleep(0.05)
                        return False

                await process.wait_until(answers, seconds=START_SECONDS)
        yield ports
    finally:
        await asyncio.gather(*(process.kill() for process in processes.values()))
