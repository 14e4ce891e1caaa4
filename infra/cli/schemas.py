"""``zyenta schemas``: export the public contracts, and check that they break no reader."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from infra.cli.output import output, print_json
from schemas.contracts.committed import DIRECTORY, Contracts, Review
from schemas.contracts.committed import export as export_contracts
from schemas.contracts.committed import review as review_contracts

app = typer.Typer(help="Event schemas and the GraphQL schema.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Where = Annotated[
    Path,
    typer.Option(
        "--against",
        help="The directory to compare with: schemas/ of this checkout, or of the release before.",
        exists=True,
        file_okay=False,
        show_default=False,
    ),
]


@app.command()
def export(as_json: AsJson = False) -> None:
    """Write what the code says into schemas/. Refuses, and writes nothing, where that would break a reader or the log."""
    found, written = export_contracts(_contracts())
    if as_json:
        print_json({**found.as_json(), "good": not found.refused, "stale": [], "written": written})
    else:
        _tell(found)
        if not found.refused:
            output.print(
                f"[green]Exported.[/] {len(written)} files changed." if written else "[green]Nothing changed.[/]"
            )
            for path in written:
                output.print(f"  schemas/{path}")
    if found.refused:
        raise typer.Exit(1)


@app.command()
def check(as_json: AsJson = False, against: Where = DIRECTORY) -> None:
    """Refuse a change that the log or its readers could not bear, and committed files that are not up to date."""
    found = review_contracts(_contracts(), against)
    if as_json:
        print_json(found.as_json())
    else:
        _tell(found)
        if found.stale and not found.refused:
            output.print("[red]Not up to date:[/] run zyenta schemas export and look at the difference.")
            for path in found.stale:
                output.print(f"  schemas/{path}")
        if found.good:
            output.print("[green]Good.[/] The code keeps every promise of the committed schemas; every sample decodes.")
    if not found.good:
        raise typer.Exit(1)


def _tell(found: Review) -> None:
    for finding in found.refused:
        output.print(f"[red]Refused[/] {escape(str(finding))}", soft_wrap=True)
    for finding in found.noted:
        output.print(f"[yellow]Note[/] {escape(str(finding))}", soft_wrap=True)


def _contracts() -> Contracts:
    from gateway.graphql.schema import sdl  # noqa: PLC0415 - it takes a second to load

    return Contracts.of_the_code(sdl())
