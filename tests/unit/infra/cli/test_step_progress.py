"""How the demo shows the steps of a generation."""

from io import StringIO

import pytest
from rich.console import Console

from infra.cli.step_progress import shown_steps

SUMMARY = "15 products from 150 candidates (sample supplier); 25 of 150 fit the niche, [18 were chosen]"


@pytest.mark.parametrize("is_terminal", [False, True])
def test_each_step_is_named_while_it_goes_on_in_a_terminal_and_in_a_file(is_terminal: bool) -> None:
    file = StringIO()
    with shown_steps(Console(file=file, width=80, force_terminal=is_terminal, color_system=None)) as update:
        for progress, status, summary in ((0, "RUNNING", None), (50, "RUNNING", "half"), (100, "COMPLETED", SUMMARY)):
            update({"step": "SCOUT", "status": status, "progress": progress, "summary": summary})
        if not is_terminal:
            assert file.getvalue() == f"scout    running\nscout    {SUMMARY}\n"
    if is_terminal:
        line = next(line for line in reversed(file.getvalue().splitlines()) if "scout" in line)
        assert "scout    " in line
        assert "100 % 15 products from 150" in line
