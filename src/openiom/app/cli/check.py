"""`iom check-invariants`: run every invariant now."""

import sys
from typing import Annotated

import orjson
import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from openiom.app.invariants import (
    CheckedInvariant,
    as_json,
    check_invariants,
    invariant_names,
)

from .context import Home, console, errors, open_application


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("check-invariants")(check)


def check(
    home: Home = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document to standard output")
    ] = False,
) -> None:
    """Check every invariant of the data; exit 1 and show the rows when one is violated.

    Example: iom check-invariants --json
    """
    checked = _check_with_progress(home)
    violated = [invariant for invariant in checked if invariant.violations]
    if json:
        document = {"ok": not violated, "invariants": as_json(checked)}
        console.out(orjson.dumps(document).decode(), highlight=False)
    else:
        _show(checked, violated)

    sys.exit(1 if violated else 0)


def _check_with_progress(home: Home) -> list[CheckedInvariant]:
    checked: list[CheckedInvariant] = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())

    with (
        open_application(home) as application,
        Progress(*columns, console=errors, transient=True) as progress,
    ):
        for name in invariant_names():
            task = progress.add_task(name)
            checked += check_invariants(application.database, [name])
            progress.remove_task(task)

    return checked


def _show(checked: list[CheckedInvariant], violated: list[CheckedInvariant]) -> None:
    for invariant in checked:
        if not invariant.violations:
            seconds = f"[dim]{invariant.seconds:.3f} s[/dim]"
            console.print(f"[green]holds[/green]     {invariant.name}  {seconds}", highlight=False)
    for invariant in violated:
        _show_violations(invariant)
    satisfied = len(checked) - len(violated)
    console.print(f"{satisfied} of {len(checked)} invariants hold")


def _show_violations(invariant: CheckedInvariant) -> None:
    console.print(f"[red]violated[/red]  {invariant.name}: {invariant.promise}", highlight=False)
    title = f"{len(invariant.rows)} of {invariant.violations} rows"
    table = Table(*invariant.columns, title=title, title_justify="left")
    for row in invariant.rows:
        table.add_row(*map(str, row))
    console.print(table)
