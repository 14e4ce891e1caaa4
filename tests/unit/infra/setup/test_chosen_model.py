"""A stronger background model is loaded only if its file has the digest that the operator gave."""

import hashlib
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from infra.settings import BadSettings, Settings
from infra.setup.model import ModelUnavailable, ensure_chosen_model

WEIGHTS = b"weights of a stronger model"
DIGEST = hashlib.sha256(WEIGHTS).hexdigest()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "isnet.onnx"
    path.write_bytes(WEIGHTS)
    return path


@pytest.fixture
def address(file: Path) -> Iterator[str]:
    """A server that hands the file out."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=str(file.parent))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/isnet.onnx"
        server.shutdown()


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_file_with_the_right_digest_is_used_where_it_is(file: Path) -> None:
    assert ensure_chosen_model(str(file), DIGEST.upper()) == file


def test_another_digest_is_refused_with_both_digests(file: Path) -> None:
    with pytest.raises(ModelUnavailable) as refusal:
        ensure_chosen_model(str(file), "ab" * 32)
    assert str(refusal.value).startswith("ZYENTA_STUDIO_MODEL_SHA256 is abab")
    assert DIGEST in str(refusal.value)
    assert "was not loaded" in str(refusal.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="Name an ONNX file"):
        ensure_chosen_model(str(tmp_path / "nowhere.onnx"), DIGEST)


def test_a_web_address_is_downloaded_once(address: str, cache: Path, file: Path) -> None:
    path = ensure_chosen_model(address, DIGEST)
    assert (path.read_bytes(), path.is_relative_to(cache)) == (WEIGHTS, True)
    file.unlink()
    assert ensure_chosen_model(address, DIGEST) == path


def test_a_download_with_another_digest_is_refused_and_not_kept(address: str, cache: Path) -> None:
    with pytest.raises(ModelUnavailable, match="was not loaded"):
        ensure_chosen_model(address, "ab" * 32)
    assert [path for path in cache.rglob("*") if path.is_file()] == []


def test_an_address_without_a_file_says_what_to_do(address: str, cache: Path) -> None:
    with pytest.raises(ModelUnavailable, match="cannot be downloaded"):
        ensure_chosen_model(address + ".none", DIGEST)
    assert [path for path in cache.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("digest", [None, "abc"])
def test_a_stronger_model_without_a_digest_is_a_bad_setting(digest: str | None) -> None:
    with pytest.raises(BadSettings, match="64 hexadecimal digits"):
        Settings(_env_file=None, studio_model="/models/isnet.onnx", studio_model_sha256=digest)
