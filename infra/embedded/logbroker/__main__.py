"""``python -m infra.embedded.logbroker DATA_DIR --reading-port PORT --writing-port PORT --secret FILE``.

Serves on loopback until SIGTERM: one port is read-only for all clients, the other is for clients with the password in the
file.
"""

import argparse
import asyncio
import importlib
import logging
import signal
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from infra.embedded.heartbeat import beat
from infra.embedded.logbroker import USERNAME
from infra.embedded.logbroker.access import READING, WRITING, Credentials, Listener
from infra.embedded.logbroker.server import Broker

_HOST = "127.0.0.1"


async def serve(data_dir: Path, listeners: Sequence[Listener]) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, stop.set)
    beating = asyncio.create_task(beat())
    try:
        await Broker(data_dir, listeners).serve(stop)
    finally:
        beating.cancel()


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="logbroker")
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("--reading-port", type=int, required=True)
    parser.add_argument("--writing-port", type=int, required=True)
    parser.add_argument("--secret", type=Path, required=True, help="File with the password of clients that may write.")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    credentials = Credentials(USERNAME, arguments.secret.read_text().strip())
    listeners = (
        Listener(host=_HOST, port=arguments.reading_port, limits=READING),
        Listener(host=_HOST, port=arguments.writing_port, limits=WRITING, credentials=credentials),
    )
    run = asyncio.run
    with suppress(ImportError):
        run = importlib.import_module("uvloop").run
    run(serve(arguments.data_dir, listeners))


if __name__ == "__main__":
    main()
