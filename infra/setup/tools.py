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
from infra.setup.emulate import ensure_emulate
from infra.setup.lighthouse import ensure_lighthouse
from infra.setup.local_model import LocalModelUnavailable, ensure_local_model
from infra.setup.npm import NpmUnavailable
from infra.setup.object_store import ObjectStoreUnavailable, ensure_object_store
from infra.setup.stripe_mock import StripeMockUnavailable, ensure_stripe_mock
from infra.setup.typescript import ensure_typescript

APT_SECONDS = 600


def ensure_from_debian(package: str) -> str | None:
    """Install a Debian package if possible. Return the reason if it is missing, else None."""
    if shutil.which(package):
        return None
    if not shutil.which("apt-get"):
        return "there is no apt-get on this machine"
    if os.geteuid() != 0:
        return f"installing it needs root; run: apt-get install {package}"
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
            return f"apt-get {command[0]} failed: {done.stderr.strip().splitlines()[-1:] or done.returncode}"
    return None


def ensure_kafka_installed() -> str | None:
    """Install Apache Kafka from Maven Central. Return the reason if it is missing, else None."""
    try:
        asyncio.run(ensure_kafka())
    except KafkaUnavailable as unavailable:
        return str(unavailable)
    return None


def ensure_object_store_fetched() -> str | None:
    """Fetch the S3 server from the package index. Return the reason if it is missing, else None."""
    try:
        ensure_object_store()
    except (ObjectStoreUnavailable, OSError, subprocess.TimeoutExpired) as unavailable:
        return str(unavailable)
    return None


def ensure_stripe_mock_built() -> str | None:
    """Build stripe-mock from the Go module proxy. Return the reason if it is missing, else None."""
    try:
        ensure_stripe_mock()
    except (StripeMockUnavailable, OSError, subprocess.TimeoutExpired) as unavailable:
        return str(unavailable)
    return None


def ensure_lighthouse_installed() -> str | None:
    """Install Lighthouse from the npm registry. Return the reason if it is missing, else None."""
    try:
        ensure_lighthouse()
    except NpmUnavailable as unavailable:
        return str(unavailable)
    return None


def ensure_emulate_installed() -> str | None:
    """Install the stand-in for Google and GitHub from the npm registry. Return the reason if it is missing, else None."""
    try:
        ensure_emulate()
    except NpmUnavailable as unavailable:
        return str(unavailable)
    return None


def ensure_local_model_fetched() -> str | None:
    """Fetch a language model server from the package index. Return the reason if it is missing, else None."""
    try:
        ensure_local_model()
    except (LocalModelUnavailable, OSError, subprocess.TimeoutExpired) as unavailable:
        return str(unavailable)
    return None


def ensure_typescript_installed() -> str | None:
    """Install the TypeScript compiler from the npm registry. Return the reason if it is missing, else None."""
    try:
        ensure_typescript()
    except NpmUnavailable as unavailable:
        return str(unavailable)
    return None


TOOLS: Mapping[str, Callable[[], str | None]] = {
    "chromium": partial(ensure_from_debian, "chromium"),
    "kcat": partial(ensure_from_debian, "kcat"),
    "Apache Kafka": ensure_kafka_installed,
    "SeaweedFS": ensure_object_store_fetched,
    "stripe-mock": ensure_stripe_mock_built,
    "local language model": ensure_local_model_fetched,
    "Lighthouse": ensure_lighthouse_installed,
    "TypeScript": ensure_typescript_installed,
    "emulate": ensure_emulate_installed,
}

if __name__ == "__main__":
    for name, ensure in TOOLS.items():
        problem = ensure()
        if problem is not None:
            print(f"{name} is missing, so its tests will be skipped: {problem}")
