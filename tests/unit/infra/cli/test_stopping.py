"""An orderly stop is quiet: clients that lose their servers during it say nothing on the terminal."""

import asyncio
import logging
import os
import signal

import pytest

from infra.cli.run_command import run


def test_the_kafka_client_is_silent_once_a_stop_was_requested(caplog: pytest.LogCaptureFixture) -> None:
    kafka = logging.getLogger("aiokafka")
    level = kafka.level

    async def work(stop: asyncio.Event) -> None:
        logging.getLogger("aiokafka.conn").error("the broker is gone")
        os.kill(os.getpid(), signal.SIGINT)
        await stop.wait()
        logging.getLogger("aiokafka.consumer.group_coordinator").error("Group Coordinator Request failed")

    try:
        run(work)
    finally:
        kafka.setLevel(level)
    assert [record.getMessage() for record in caplog.records] == ["the broker is gone"]
