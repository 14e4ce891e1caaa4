"""Build of stripe-mock, Stripe's own server for tests: it checks every request against Stripe's OpenAPI description.

It is a Go module. Go's checksum database verifies what is downloaded.
"""

import os
import shutil
import subprocess
from pathlib import Path

from infra.program_cache import cache_folder

MODULE = "github.com/stripe/stripe-mock"
VERSION = "v0.203.0"
BUILD_SECONDS = 300


class StripeMockUnavailable(Exception):
    """The program could not be built; the message says why."""


def stripe_mock_path() -> Path:
    """Return the path of the program. The file may not exist yet."""
    return cache_folder() / f"stripe-mock-{VERSION}" / "stripe-mock"


def ensure_stripe_mock() -> Path:
    """Return the path of the program. Build it if it is missing.

    Raises:
        StripeMockUnavailable: there is no Go here, or the module proxy did not answer.
    """
    path = stripe_mock_path()
    if path.exists():
        return path
    go = shutil.which("go")
    if go is None:
        raise StripeMockUnavailable("there is no Go on this machine; install Go 1.22 or later")
    path.parent.mkdir(parents=True, exist_ok=True)
    built = subprocess.run(  # noqa: S603 - our own arguments
        [go, "install", f"{MODULE}@{VERSION}"],
        capture_output=True,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
        env={**os.environ, "GOBIN": str(path.parent), "CGO_ENABLED": "0"},
    )
    if built.returncode:
        raise StripeMockUnavailable(
            built.stderr.strip().splitlines()[-1] if built.stderr.strip() else "go install failed"
        )
    return path
