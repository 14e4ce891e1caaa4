"""Programs and models are kept where this user may write."""

import sys
from pathlib import Path

import pytest

from infra.program_cache import cache_folder


def test_a_home_that_cannot_be_written_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache_folder() == tmp_path / ".cache" / "zyenta"
    no_home = tmp_path / "file"
    no_home.touch()
    monkeypatch.setenv("HOME", str(no_home))
    own = Path(sys.prefix) / "cache" / "zyenta"
    assert cache_folder() == own
    monkeypatch.setenv("XDG_CACHE_HOME", str(no_home))
    assert cache_folder() == no_home / "zyenta", "what was configured is never replaced without a word"
