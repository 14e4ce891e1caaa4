"""``zyenta schemas``: export the public schemas, and check that a change breaks no reader."""

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from infra.cli.output import output, print_json
from schemas.contracts.committed import DIRECTORY, RELEASED, Contracts, Review
from schemas.contracts.committed import export as export_contracts
from schemas.contracts.committed import release as release_contracts
from schemas.contracts.committed import review as review_contracts

app = typer.Typer(help="Event schemas and the GraphQL schema.", no_args_is_help=True)

CLIENT = "client.ts"
"""Made for a release and not committed: nothing reviews it, and each of its parts is committed."""

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
Where = Annotated[
    Path,
    typer.Option(
        "--against",
        help="The directory to compare with. Default: schemas/ of this checkout.",
        exists=True,
        file_okay=False,
        show_default=False,
    ),
]


@app.command()
def export(as_json: AsJson = False) -> None:
    """Write the schemas of the code into schemas/.

    Writes nothing if a change would break readers or make recorded events unreadable.
    """
    review, written = export_contracts(_contracts())
    if not review.refused:
        written += _export_client()
    if as_json:
        print_json({**review.as_json(), "good": not review.refused, "stale": [], "written": written})
    else:
        _print_findings(review)
        if not review.refused:
            output.print(
                f"[green]Exported.[/] {len(written)} files changed." if written else "[green]Nothing changed.[/]"
            )
            for path in written:
                output.print(f"  schemas/{path}")
    if review.refused:
        raise typer.Exit(1)


@app.command()
def check(as_json: AsJson = False, against: Where = DIRECTORY) -> None:
    """Check that the committed schemas are up to date and that no change breaks readers or recorded events."""
    review = review_contracts(_contracts(), against)
    if as_json:
        print_json(review.as_json())
    else:
        _print_findings(review)
        if review.stale and not review.refused:
            output.print("[red]Not up to date:[/] run “zyenta schemas export” and review the difference.")
            for path in review.stale:
                output.print(f"  schemas/{path}")
        if review.good:
            output.print("[green]Good.[/] The code is compatible with the committed schemas; every sample decodes.")
    if not review.good:
        raise typer.Exit(1)


@app.command()
def release() -> None:
    """Record the GraphQL schema as released: from now on a change that breaks its clients is refused.

    What is deprecated by then may be removed afterwards.
    """
    contracts = _contracts()
    review = review_contracts(contracts)
    if not review.good:
        _print_findings(review)
        output.print("[red]Not released.[/] Run “zyenta schemas check” and correct what it says first.")
        raise typer.Exit(1)
    release_contracts(contracts)
    output.print(f"[green]Recorded[/] schemas/{RELEASED}.")


def _print_findings(review: Review) -> None:
    for finding in review.refused:
        output.print(f"[red]Refused[/] {escape(str(finding))}", soft_wrap=True)
    for finding in review.noted:
        output.print(f"[yellow]Note[/] {escape(str(finding))}", soft_wrap=True)


def _export_client() -> list[str]:
    """Write the TypeScript client, which follows from the schema and the documents; return its name if it changed."""
    from gateway.docs.typescript import client  # noqa: PLC0415 - it takes a second to load

    path, text = DIRECTORY / CLIENT, client()
    if path.exists() and path.read_text("utf-8") == text:
        return []
    path.write_text(text, encoding="utf-8")
    return [CLIENT]


def _contracts() -> Contracts:
    from gateway.graphql.schema import sdl  # noqa: PLC0415 - it takes a second to load

    return Contracts.of_the_code(sdl())
