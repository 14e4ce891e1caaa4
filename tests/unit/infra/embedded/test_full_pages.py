"""After gaps are filled, new objects lie beside each other instead of on pages that a copy shares."""

import subprocess
import sys

import pytest

PROGRAM = """
from infra.embedded.full_pages import EMPTY_BYTES, fill_pages

def gaps(size):
    return [bytes(size - EMPTY_BYTES) for _ in range(20_000)][::2]

kept = {size: gaps(size) for size in (64, 512, 2048)}
fill_pages()
for size, old in kept.items():
    new = [bytes(size - EMPTY_BYTES) for _ in range(100)]
    print(sum(id(each) > max(map(id, old)) or id(each) < min(map(id, old)) for each in new))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="services are copied on Linux only")
def test_no_new_object_lies_between_those_that_were_there() -> None:
    ran = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["100"] * 3
