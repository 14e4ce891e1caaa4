"""Installation of what only some tests need: a browser, kcat, brokers, and servers of vendors' protocols.

No tool is required here. A test without its tool is skipped with a message, which is a failure in CI.
"""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from functools import partial

from infra.embedded.kafka import KafkaUnavailable, ensure_kafka
from infra.setup.emulate import EMULATE
from infra.setup.lighthouse import LIGHTHOUSE
from infra.setup.local_model import LocalModelUnavailable, ensure_local_model
from infra.setup.npm import NpmUnavailable
from infra.setup.object_store import ObjectStoreUnavailable, ensure_object_store
from infra.setup.stripe_mock import StripeMockUnavailable, ensure_stripe_mock
from infra.setup.typescript import TYPESCRIPT

APT_SECONDS = 600


class DebianUnavailable(Exception):
    """A Debian package could not be installed; the message says why."""


def ensure_from_debian(package: str) -> None:
    """Install a Debian package if it is missing.

    Raises:
        DebianUnavailable: it cannot be installed here.
    """
    if shutil.which(package):
        return
    if not shutil.which("apt-get"):
        raise DebianUnavailable("there is no apt-get on this machine")
    if os.geteuid() != 0:
        raise DebianUnavailable(f"installing it needs root; run: apt-get install {package}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", package]):
        done = subprocess.run(  # noqa: S603 - our own arguments
            ["/usr/bin/apt-get", *command],
            capture_output=True,
            text=True,
            timeout=APT_SECONDS,
            check=False,
            env=environment,
        )
        if done.returncode:
            reason = done.stderr.strip().splitlines()[-1:] or done.returncode
            raise DebianUnavailable(f"apt-get {command[0]} failed: {reason}")


TOOLS: Mapping[str, Callable[[], object]] = {
    "chromium": partial(ensure_from_debian, "chromium"),
    "kcat": partial(ensure_from_debian, "kcat"),
    "Apache Kafka": lambda: asyncio.run(ensure_kafka()),
    "SeaweedFS": ensure_object_store,
    "stripe-mock": ensure_stripe_mock,
    "local language model": ensure_local_model,
    "Lighthouse": LIGHTHOUSE.ensure,
    "TypeScript": TYPESCRIPT.ensure,
    "emulate": EMULATE.ensure,
}
"""What installs each tool if it is missing."""
REASONS = (
    DebianUnavailable,
    KafkaUnavailable,
    LocalModelUnavailable,
    NpmUnavailable,
    ObjectStoreUnavailable,
    StripeMockUnavailable,
    OSError,
    subprocess.TimeoutExpired,
)
"""Why a tool cannot be installed here."""

if __name__ == "__main__":
    for name, ensure in TOOLS.items():
        try:
            ensure()
        except REASONS as reason:
            print(f"{name} is missing, so its tests will be skipped: {reason}")
