"""``make demo`` passes the niche on unchanged."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[3] / "Makefile"
TYPED = """a "quoted" niche, `touch made`, $(touch made), $HOME, it's 5 $ & more"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout whose ``zyenta`` records its arguments."""
    program = tmp_path / ".venv" / "bin" / "zyenta"
    program.parent.mkdir(parents=True)
    program.write_text("""#!/bin/sh\nprintf '%s\\n' "$@" > arguments\n""")
    program.chmod(0o755)
    shutil.copy(MAKEFILE, tmp_path)
    return tmp_path


def arguments_of(checkout: Path, *arguments: str, **environment: str) -> list[str]:
    """Run ``make demo`` without its set-up and return the arguments that ``zyenta`` got."""
    outside = {name: value for name, value in os.environ.items() if name not in {"NICHE", "ARGS", "MAKEFLAGS"}}
    subprocess.run(
        ["make", "--silent", "--old-file=setup", "demo", *arguments],
        cwd=checkout,
        env={**outside, **environment},
        check=True,
    )
    return (checkout / "arguments").read_text().splitlines()


@pytest.mark.parametrize("typed", ["Cyberpunk home decor", TYPED])
def test_the_niche_is_passed_on_unchanged(checkout: Path, typed: str) -> None:
    assert arguments_of(checkout, f"NICHE={typed}", "ARGS=--once --json") == ["demo", typed, "--once", "--json"]
    assert arguments_of(checkout, NICHE=typed) == ["demo", typed]
    assert not (checkout / "made").exists()


def test_a_default_niche_exists(checkout: Path) -> None:
    assert arguments_of(checkout) == ["demo", "Cyberpunk home decor"]
