"""The error catalog: every code that the program can answer with is in it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from gateway.api.error_codes import error_codes
from gateway.docs import error_catalog

ROOT = Path(__file__).parents[3]
PACKAGES = ("domain", "commands", "projections", "consumers", "gateway", "storefront", "infra")
CODE = re.compile("[A-Z][A-Z_]{4,}")
OF_NO_CLIENT = frozenset({"REPLAY_REFUSED"})
"""Codes of the command line."""


def codes_in(path: Path) -> Iterator[str]:
    """Yield texts that a module uses as a code: ``code = "X"``, ``CODE = "X"``, ``code="X"`` and ``{"code": "X"}``."""
    text = path.read_text("utf-8")
    if not re.search(r"\b(code|CODE)\b", text):
        return
    for node in ast.walk(ast.parse(text)):
        match node:
            case ast.Assign(targets=[ast.Name(id="code" | "CODE")], value=value):
                values: list[ast.expr] = [value]
            case ast.AnnAssign(target=ast.Name(id="code"), value=ast.expr() as value):
                values = [value]
            case ast.keyword(arg="code", value=value):
                values = [value]
            case ast.Dict(keys=keys, values=of_keys):
                pairs = zip(keys, of_keys, strict=True)
                values = [each for key, each in pairs if isinstance(key, ast.Constant) and key.value == "code"]
            case _:
                continue
        for each in values:
            for part in ast.walk(each):
                if isinstance(part, ast.Constant) and isinstance(part.value, str) and CODE.fullmatch(part.value):
                    yield part.value


def test_the_catalog_has_every_code_of_the_program_and_no_other() -> None:
    found = {
        code
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "bench" not in path.relative_to(ROOT).parts
        for code in codes_in(path)
    }
    assert len(found) > 60
    assert found - OF_NO_CLIENT == error_codes().keys(), "change gateway/api/error_codes.toml"


async def test_the_page_explains_every_code() -> None:
    response = await error_catalog.errors()
    page = bytes(response.body).decode()
    for code, each in error_codes().items():
        assert f'id="{code}"' in page
        assert 400 <= each.status < 600
        assert each.meaning.endswith(".")
        assert each.retry.split(",")[0].split(".")[0].split(" ")[0] in {"Yes", "No", "Once", "Not"}, code
