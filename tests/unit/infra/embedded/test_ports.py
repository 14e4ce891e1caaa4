"""A port that was chosen as free is not chosen again before its server listens."""

import subprocess
import sys

from infra.embedded.process import claim, free_port

PROGRAM = "from infra.embedded.process import free_port\nfor _ in range(300): print(free_port())"


def test_no_other_process_gets_a_port_that_this_one_was_given() -> None:
    """Of 300 random ports for either process, seven would be the same."""
    given = [free_port() for _ in range(300)]
    others = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True).stdout.split()
    assert len({*given, *map(int, others)}) == 600


def test_a_port_is_claimed_once() -> None:
    first = next(port for port in iter(free_port, None) if claim(port + 1))
    assert not claim(first)
    assert not claim(first + 1)
