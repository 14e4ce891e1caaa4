"""User text cannot control the reader's terminal, and every encoding gets readable output."""

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

import pytest
from rich.panel import Panel
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from infra.cli import output
from infra.cli.output import TerminalConsole, print_refusal, say, write_json
from infra.cli.streams import prepare_streams, visible

EVIL = "a\x1b[31mred\x1b]0;title\x07\x9b2J\u202eb\u2066c\u2028d\x7f\r"
SHOWN = r"a\x1b[31mred\x1b]0;title\x07\x9b2J\u202eb\u2066c\u2028d\x7f\r"


def test_control_characters_and_overrides_are_escaped() -> None:
    assert visible(EVIL) == SHOWN
    assert (
        visible("two\nlines\tand 日本 Łódź 👩\u200d🚀 علی\u200cرضا")
        == "two\nlines\tand 日本 Łódź 👩\u200d🚀 علی\u200cرضا"
    )


@pytest.mark.parametrize("terminal", [True, False])
def test_a_console_escapes_control_characters_in_everything_it_prints(terminal: bool) -> None:
    table = Table(EVIL, title=EVIL)
    table.add_row(EVIL, Text(EVIL))
    for thing in (EVIL, Text(EVIL), table, Panel(EVIL, title=EVIL)):
        written = io.StringIO()
        TerminalConsole(file=written, force_terminal=terminal, color_system=None, width=300).print(thing)
        text = written.getvalue()
        # Rich itself removes some of them from a Text.
        assert r"a\x1b[31mred\x1b]0;title" in text
        for letter in "\x07\x9b\u202e\u2066\u2028\x7f\r":
            assert letter not in text, thing
        assert "\x1b[31m" not in text
        assert "\x1b]" not in text


def test_a_console_keeps_its_own_colors() -> None:
    written = io.StringIO()
    TerminalConsole(file=written, force_terminal=True, color_system="standard", width=80).print("[red]x[/]")
    assert written.getvalue() == "\x1b[31mx\x1b[0m\n"


def test_a_progress_bar_with_user_text_still_moves() -> None:
    written = io.StringIO()
    console = TerminalConsole(file=written, force_terminal=True, color_system=None, width=200)
    with Progress(console=console) as bars:
        bars.update(bars.add_task(visible(EVIL), total=2), completed=1)
    assert SHOWN in written.getvalue()
    assert "\x1b[2K" in written.getvalue()
    assert "\u202e" not in written.getvalue()


@contextmanager
def latin() -> Iterator[io.BytesIO]:
    """Yield the bytes written to a standard output in Latin-1."""
    raw = io.BytesIO()
    with redirect_stdout(io.TextIOWrapper(raw, encoding="latin-1", write_through=True)):
        prepare_streams()
        yield raw


def test_a_character_outside_the_encoding_becomes_a_similar_one() -> None:
    with latin() as written:
        say("“Café” … Łódź 日本 ✓")
        assert written.getvalue().decode("latin-1").strip() == '"Café" ... Lódz RiBen +'


@pytest.mark.parametrize("text", ["Café … Łódź 日本 👩", "\ud800", '"\\\x1b'])
def test_json_is_equivalent_in_every_encoding(text: str) -> None:
    with latin() as written:
        write_json(json.dumps({text: text}, ensure_ascii=False))
        assert json.loads(written.getvalue().decode("latin-1")) == {text: text}


def test_a_lone_surrogate_is_valid_json(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_json({"a": "\ud800 é"})
    assert json.loads(capsys.readouterr().out) == {"a": "\ud800 é"}


def test_a_refusal_is_one_line_without_markup(capsys: pytest.CaptureFixture[str]) -> None:
    print_refusal(f"unknown bench '[/x]{EVIL}'. {'Use one of them. ' * 9}")
    assert capsys.readouterr().err == f"zyenta: unknown bench '[/x]{SHOWN}'. {'Use one of them. ' * 9}\n"
