"""Services of the platform as processes of their own, to be killed and frozen."""

import asyncio
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Service:
    """One process of the platform, which never outlives the test."""

    def __init__(self, process: asyncio.subprocess.Process, log_file: Path) -> None:
        self._process = process
        self.log_file = log_file

    @classmethod
    async def launch(
        cls, *roles: str, database: str, kafka: str, log_file: Path, environment: Mapping[str, str] | None = None
    ) -> "Service":
        """Start ``zyenta run ROLES``; it may not be at work yet when this returns."""
        return await cls.python(
            "-m", "infra.cli", "run", *roles, log_file=log_file,
            environment={"DATABASE_URL": database, "KAFKA_BOOTSTRAP_SERVERS": kafka, **(environment or {})},
        )  # fmt: skip

    @classmethod
    async def python(cls, *arguments: str, log_file: Path, environment: Mapping[str, str]) -> "Service":
        """Start Python; standard output and error are appended to the log file."""
        inherited = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
        with log_file.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable, *arguments, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log, cwd=ROOT,
                env={**inherited, "PYTHONPATH": str(ROOT), "ZYENTA_LOG_LEVEL": "INFO", **environment},
            )  # fmt: skip
        return cls(process, log_file)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def running(self) -> bool:
        return self._process.returncode is None

    def freeze(self) -> None:
        """SIGSTOP."""
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._process.send_signal(signal.SIGCONT)

    async def kill(self) -> None:
        """SIGKILL, and see it gone."""
        if self.running:
            self._process.kill()
        await self._process.wait()

    async def end(self, number: signal.Signals) -> None:
        """Send a signal, and see it gone; killed if it does not go by itself."""
        self._process.send_signal(number)
        try:
            async with asyncio.timeout(15):
                await self._process.wait()
        except TimeoutError:
            await self.kill()

    def output(self) -> str:
        return self.log_file.read_text(errors="replace")
