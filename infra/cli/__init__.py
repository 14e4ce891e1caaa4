"""The command line: ``zyenta``. One module per group of commands; other packages do the work.

Only the modules of the command that runs are imported: every service is such a process, and all commands together take
half of a small service's memory.
"""

# ruff: noqa: PLC0415

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from infra.cli.streams import close_output, prepare_streams, reader_left

if TYPE_CHECKING:
    import typer

TOP_LEVEL = {
    "services": ("up", "run", "gateway", "storefront", "publisher", "consumer", "projector"),
    "demo": ("demo",),
    "bench": ("bench",),
    "doctor": ("doctor",),
}
"""By module: its commands at the top level."""
GROUPS = ("log", "generation", "ledger", "dlq", "domains", "projections", "schemas", "secrets", "shoppers", "supplier")
"""Modules with a group of commands of the same name."""


def command_line(command: str | None = None) -> "typer.Typer":
    """Return the command line with one command or group; with all of them if it is None or unknown."""
    import typer

    app = typer.Typer(
        name="zyenta",
        help="Type a niche, get a live store: event-sourced commerce on a Kafka-compatible log.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    top_level = [module for module, names in TOP_LEVEL.items() if command in names]
    groups = [name for name in GROUPS if name == command]
    if not top_level and not groups:
        top_level, groups = list(TOP_LEVEL), list(GROUPS)
    for module in top_level:
        import_module(f"infra.cli.{module}").register(app)
    for name in groups:
        app.add_typer(import_module(f"infra.cli.{name}").app, name=name)
    if not app.registered_groups:
        # Typer would run a single command without its name.
        app.callback()(lambda: None)
    return app


def main() -> None:
    """Run the command line. A reader of the output that leaves early (``… | head``) is not a failure."""
    prepare_streams()
    try:
        command, names = next(iter(sys.argv[1:]), None), sys.argv[2:]
        if command == "run":
            from infra.cli.service_process import run_named

            if run_named(names):
                return
        command_line(command)(args=sys.argv[1:], prog_name="zyenta")
    except BrokenPipeError:
        if not reader_left():
            raise
    except SystemExit as ended:
        # Click exits with status 1 for every broken pipe.
        if not (isinstance(ended.__context__, BrokenPipeError) and reader_left()):
            raise
    finally:
        close_output()


if __name__ == "__main__":
    main()
