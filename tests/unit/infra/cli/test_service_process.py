"""The process of a service."""

import signal
import subprocess
import sys
import time
from pathlib import Path

SERVICE = """
import atexit
from infra.cli.service_process import run_process
atexit.register(print, "freed piece by piece")
run_process([], [])
"""
HANDLES_SIGTERM = 1 << (signal.SIGTERM - 1)


def handles_sigterm(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text()
    (caught,) = (line.split()[1] for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(int(caught, 16) & HANDLES_SIGTERM)


def test_a_service_that_is_stopped_leaves_without_freeing_its_memory_piece_by_piece() -> None:
    process = subprocess.Popen([sys.executable, "-c", SERVICE], stdout=subprocess.PIPE, text=True)
    try:
        deadline = time.monotonic() + 30
        while not handles_sigterm(process.pid):
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, output) == (0, "")
