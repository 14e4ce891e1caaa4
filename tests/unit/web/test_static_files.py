"""Static files: several in one, and forms that were compressed when an image was built."""

import gzip
from pathlib import Path

import brotli
import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from infra.web.static_files import COMPRESSED, StaticFolder

STYLE = b"a { color: red }\n" * 200


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "a.css").write_bytes(STYLE)
    (tmp_path / "b.css").write_bytes(b"b { color: blue }")
    (tmp_path / "font.woff2").write_bytes(b"font")
    return tmp_path


async def raw(folder: StaticFolder, address: str, encoding: str) -> tuple[bytes, httpx.Headers]:
    """Return the bytes of a file as they are sent."""
    app = Starlette(routes=[Route("/static/{name:path}", folder.serve)])
    async with (
        httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://shop.test") as client,
        client.stream("GET", address, headers={"accept-encoding": encoding}) as answer,
    ):
        return b"".join([part async for part in answer.aiter_raw()]), answer.headers


def test_joined_files_are_one_in_their_order_with_a_version_of_their_content(files: Path) -> None:
    before = StaticFolder(files, "/static").joined(b":root{}", ["b.css", "a.css"], suffix=".css")
    assert before.plain == b":root{}\nb { color: blue }\n" + STYLE
    (files / "a.css").write_bytes(b"a { color: green }")
    after = StaticFolder(files, "/static").joined(b":root{}", ["b.css", "a.css"], suffix=".css")
    assert before.version != after.version


@pytest.mark.parametrize(("encoding", "unpack"), [("br", brotli.decompress), ("gzip", gzip.decompress)])
async def test_forms_of_the_build_are_sent_and_others_are_made(files: Path, encoding: str, unpack: object) -> None:
    assert callable(unpack)
    made, _ = await raw(StaticFolder(files, "/static"), "/static/a.css", encoding)
    assert unpack(made) == STYLE
    assert StaticFolder(files, "/static").write_compressed() == 4
    version = StaticFolder(files, "/static").address("a.css").rpartition("=")[2]
    form = files / COMPRESSED / f"{version}.{encoding}"
    assert unpack(form.read_bytes()) == STYLE
    # The form on disk is what is sent: a mark in it arrives.
    form.write_bytes(b"mark")
    sent, headers = await raw(StaticFolder(files, "/static"), "/static/a.css", encoding)
    assert (sent, headers["content-encoding"]) == (b"mark", encoding)


async def test_a_form_of_other_content_is_never_sent(files: Path) -> None:
    StaticFolder(files, "/static").write_compressed()
    (files / "a.css").write_bytes(b"a { color: green }" * 100)
    sent, _ = await raw(StaticFolder(files, "/static"), "/static/a.css", "br")
    assert brotli.decompress(sent) == b"a { color: green }" * 100


async def test_compressed_forms_have_no_address_of_their_own(files: Path) -> None:
    folder = StaticFolder(files, "/static")
    folder.write_compressed()
    for path in (files / COMPRESSED).iterdir():
        body, _ = await raw(StaticFolder(files, "/static"), f"/static/{COMPRESSED}/{path.name}", "identity")
        assert body == b"File not found."
