"""``python -m infra.embedded.logbroker DATA_DIR PORT``: serve on loopback until SIGTERM."""

import argparse
import asyncio
import importlib
import logging
import signal
from contextlib import suppress
from pathlib import Path

from infra.embedded.heartbeat import beat
from infra.embedded.logbroker.server import Broker


async def serve(data_dir: Path, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for ending in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(ending, stop.set)
    beating = asyncio.create_task(beat())
    try:
        await Broker(data_dir, "127.0.0.1", port).serve(stop)
    finally:
        beating.cancel()


def main() -> None:
    """Parse the command line and serve."""
    parser = argparse.ArgumentParser(prog="logbroker")
    parser.add_argument("data_dir", type=Path)
    parser.add_argument("port", type=int)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    run = asyncio.run
    with suppress(ImportError):
        run = importlib.import_module("uvloop").run
    run(serve(arguments.data_dir, arguments.port))


if __name__ == "__main__":
    main()
