"""The command line: ``zyenta``. One module per group of commands; other packages do the work."""

import sys

import typer

from infra.cli import (
    bench,
    demo,
    dlq,
    doctor,
    domains,
    generation,
    ledger,
    log,
    projections,
    schemas,
    services,
    shoppers,
    supplier,
)
from infra.cli.output import close_output, prepare_streams, reader_left

app = typer.Typer(
    name="zyenta",
    help="Type a niche, get a live store: event-sourced commerce on a Kafka-compatible log.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
services.register(app)
demo.register(app)
bench.register(app)
doctor.register(app)
app.add_typer(log.app, name="log")
app.add_typer(generation.app, name="generation")
app.add_typer(ledger.app, name="ledger")
app.add_typer(dlq.app, name="dlq")
app.add_typer(domains.app, name="domains")
app.add_typer(projections.app, name="projections")
app.add_typer(schemas.app, name="schemas")
app.add_typer(shoppers.app, name="shoppers")
app.add_typer(supplier.app, name="supplier")


def main() -> None:
    """Run the command line. A reader of the output that leaves early (``… | head``) is not a failure."""
    prepare_streams()
    try:
        app(args=sys.argv[1:], prog_name="zyenta")
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
