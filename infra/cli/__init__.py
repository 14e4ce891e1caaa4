"""The command line: ``zyenta``. One module per group of commands; each command is thin, the work is elsewhere."""

import sys

import typer

from infra.cli import bench, demo, dlq, doctor, log, projections, schemas, services, shoppers
from infra.cli.output import close_output, prepare_streams, reader_left

app = typer.Typer(
    name="zyenta",
    help="A niche in, a live store out: event-sourced commerce on a Kafka-compatible log.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
services.register(app)
demo.register(app)
bench.register(app)
doctor.register(app)
app.add_typer(log.app, name="log")
app.add_typer(dlq.app, name="dlq")
app.add_typer(projections.app, name="projections")
app.add_typer(schemas.app, name="schemas")
app.add_typer(shoppers.app, name="shoppers")


def main() -> None:
    """Run the command line. A reader of the output that leaves early (``… | head``) is no failure."""
    prepare_streams()
    try:
        app(args=sys.argv[1:], prog_name="zyenta")
    except BrokenPipeError:
        if not reader_left():
            raise
    except SystemExit as ended:
        # Click answers a broken pipe with status 1, whichever pipe it was.
        if not (isinstance(ended.__context__, BrokenPipeError) and reader_left()):
            raise
    finally:
        close_output()


if __name__ == "__main__":
    main()
