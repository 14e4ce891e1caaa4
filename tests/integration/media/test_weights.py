"""Set-up says in words why the weights of the background model are not to be had."""

import os
import subprocess
import sys
from pathlib import Path

NOBODY = "http://127.0.0.1:1/"


def test_a_registry_that_cannot_be_reached_is_told_without_a_traceback(tmp_path: Path) -> None:
    apart = {"XDG_CACHE_HOME": str(tmp_path), "UV_CACHE_DIR": str(tmp_path / "uv")}
    done = subprocess.run(
        [sys.executable, "-m", "infra.setup.model"],
        env={**os.environ, **apart, "UV_DEFAULT_INDEX": NOBODY, "UV_INDEX_URL": NOBODY, "UV_HTTP_RETRIES": "0"},
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.startswith("The weights of the background model could not be fetched:\n"), done.stderr
    assert NOBODY in done.stderr
    assert str(tmp_path / "zyenta" / "models" / "u2netp.onnx") in done.stderr
