"""The command line: ``zyenta``. One module per group of commands; each command is thin, the work is elsewhere."""

import sys

import typer

from infra.cli import bench, demo, dlq, doctor, log, projections, schemas, services, shoppers

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
    """Run the command line."""
    app(args=sys.argv[1:], prog_name="zyenta")


if __name__ == "__main__":
    main()
