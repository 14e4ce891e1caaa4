"""``make demo`` hands over the niche as it was typed."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

MAKEFILE = Path(__file__).parents[3] / "Makefile"
TYPED = """a "quoted" niche, `touch made`, $(touch made), $HOME, it's 5 $ & more"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that is set up, whose ``zyenta`` writes down what it is asked for."""
    program = tmp_path / ".venv" / "bin" / "zyenta"
    program.parent.mkdir(parents=True)
    program.write_text("""#!/bin/sh\nprintf '%s\\n' "$@" > asked\n""")
    program.chmod(0o755)
    shutil.copy(MAKEFILE, tmp_path)
    return tmp_path


def asked(checkout: Path, *arguments: str, **environment: str) -> list[str]:
    """Run ``make demo`` without its set-up and return the arguments that ``zyenta`` got."""
    outside = {name: value for name, value in os.environ.items() if name not in {"NICHE", "ARGS", "MAKEFLAGS"}}
    subprocess.run(
        ["make", "--silent", "--old-file=setup", "demo", *arguments],
        cwd=checkout,
        env={**outside, **environment},
        check=True,
    )
    return (checkout / "asked").read_text().splitlines()


@pytest.mark.parametrize("typed", ["Cyberpunk home decor", TYPED])
def test_the_niche_is_handed_over_as_it_was_typed(checkout: Path, typed: str) -> None:
    assert asked(checkout, f"NICHE={typed}", "ARGS=--once --json") == ["demo", typed, "--once", "--json"]
    assert asked(checkout, NICHE=typed) == ["demo", typed]
    assert not (checkout / "made").exists()


def test_without_a_niche_there_is_one(checkout: Path) -> None:
    assert asked(checkout) == ["demo", "Cyberpunk home decor"]
