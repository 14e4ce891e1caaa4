"""Set-up explains why it cannot download the weights of the background model."""

import os
import subprocess
import sys
from pathlib import Path

NOBODY = "http://127.0.0.1:1/"


def test_an_unreachable_registry_is_reported_without_a_traceback(tmp_path: Path) -> None:
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
