"""``zyenta schemas``: export the public contracts, and check that they break no reader."""

import typer

app = typer.Typer(help="Event schemas and the GraphQL schema.", no_args_is_help=True)


@app.command()
def export() -> None:
    """Write what the code says into schemas/."""


@app.command()
def check() -> None:
    """Refuse a change that old readers could not bear."""
