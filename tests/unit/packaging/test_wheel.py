"""The wheel has the files that code reads at run time. It cannot be built here, so the rules of its builder are applied.

Hatchling takes every file of a package that version control does not ignore and ``exclude`` does not name.
"""

import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
WHEEL = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]["targets"]["wheel"]
READ_AT_RUN_TIME = (
    "gateway/docs/graphiql.html",
    "gateway/docs/examples/*.graphql",
    "gateway/docs/examples/*.json",
    "gateway/docs/vendor/*/*.js",
    "gateway/docs/vendor/*/LICENSE",
    "gateway/dashboard/documents/*/*.graphql",
    "gateway/dashboard/static/*.css",
    "gateway/dashboard/static/vendor/*/*.js",
    "gateway/dashboard/static/vendor/*/LICENSE",
    "gateway/dashboard/templates/*.html",
    "gateway/dashboard/templates/*/*.html",
    "infra/writers/copykit/phrases/*.toml",
    "infra/writers/prompted/prompts/*.md",
    "infra/writers/rules/brand/lexicon/*.toml",
    "infra/writers/rules/brand/lexicon/categories/*.toml",
    "infra/writers/rules/copy/templates/*.j2",
    "infra/sandbox/sample_supplier/photos/*.jpg",
    "infra/sandbox/sample_supplier/renders/*.webp",
    "infra/sandbox/sample_supplier/renders/manifest.toml",
    "infra/sandbox/sample_supplier/fields/*.toml",
    "infra/sandbox/sample_supplier/niches.toml",
    "infra/sandbox/sample_supplier/synonyms.toml",
)


@pytest.mark.parametrize("pattern", READ_AT_RUN_TIME)
def test_the_wheel_has_the_files_that_code_reads(pattern: str) -> None:
    files = [path.relative_to(ROOT).as_posix() for path in ROOT.glob(pattern)]
    assert files
    assert pattern.split("/", maxsplit=1)[0] in WHEEL["packages"]
    assert not any(file.startswith(tuple(WHEEL.get("exclude", ()))) for file in files)
    ignored = subprocess.run(
        ["git", "check-ignore", "--no-index", *files], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert (ignored.returncode, ignored.stdout) == (1, ""), ignored.stderr
