"""A whole platform as its users run it: ``zyenta up`` in a process of its own."""

import asyncio
import os
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

from infra.adapters.mail.mailbox import MailboxMailer
from infra.embedded.process import free_port
from infra.embedded.services import WEB
from infra.settings import variables

ZYENTA = (sys.executable, "-m", "infra.cli")
"""The command, as arguments of a process."""
SERVES = "Ctrl-C"
"""The last words of what ``zyenta up`` prints when it serves."""
SERVES_A_SHOP = "zyenta log tail"
"""The last words of what ``zyenta up --demo-shop`` prints when its shop is open."""
START_SECONDS = 300
NO_PROXY_THERE = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), "http://127.0.0.1:9")
"""A proxy that does not answer: calls between services must bypass it."""
SHOPPER = {
    "name": "Robin Example",
    "email": "robin@example.com",
    "line1": "1 Sample Street",
    "city": "Springfield",
    "region": "IL",
    "postcode": "62701",
}
"""What a shopper fills in at checkout."""


@contextmanager
def data_directory() -> Iterator[Path]:
    """Yield a path for a data directory, which PostgreSQL's own user can reach too; remove it afterwards."""
    with tempfile.TemporaryDirectory(prefix="zyenta-up-") as directory:
        Path(directory).chmod(0o711)
        yield Path(directory) / "data"


def environment_of(data_dir: Path, **extra: str) -> Mapping[str, str]:
    """Return an environment that configures only this data directory, free ports, and ``extra``."""
    inherited = {name: value for name, value in os.environ.items() if name not in variables()}
    ports = {f"ZYENTA_{name.upper()}_PORT": str(free_port()) for name in WEB}
    return {**inherited, **ports, **NO_PROXY_THERE, "ZYENTA_DATA_DIR": str(data_dir), **extra}


@asynccontextmanager
async def output_of_up(environment: Mapping[str, str], *options: str, until: str) -> AsyncIterator[str]:
    """Run ``zyenta up``; yield what it printed, up to the line that contains ``until``."""
    process = await asyncio.create_subprocess_exec(
        *ZYENTA, "up", *options, stdout=asyncio.subprocess.PIPE, stderr=sys.stderr, env=environment
    )
    assert process.stdout is not None
    output = ""
    try:
        async with asyncio.timeout(START_SECONDS):
            while until not in output:
                line = await process.stdout.readline()
                assert line, output
                output += line.decode()
        yield output
    finally:
        process.terminate()
        await process.wait()


async def mailed_link(data_dir: Path, address: str, page: str) -> str:
    """Wait for a mail to an address that links to a page of the dashboard; return the newest link."""
    box = MailboxMailer(data_dir / "mailbox", sender="")
    link = re.compile(rf"http\S+/dashboard/{page}\S+")
    async with asyncio.timeout(60):
        while True:
            for mail in await box.mails():
                found = link.search(mail.text)
                if found and address in mail.recipient:
                    return found[0]
            await asyncio.sleep(0.2)
