"""`iom check-invariants`: every promise about data, asked now."""

import sys
from typing import Annotated

import orjson
import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from openiom.app.invariants import CheckedInvariant, as_json, check_invariants, invariant_names

from .context import console, errors, open_application
from .run import Home


def register(app: typer.Typer) -> None:
    app.command()(check)


def check(
    home: Home = None,
    json: Annotated[
        bool, typer.Option("--json", help="One JSON document on standard output")
    ] = False,
) -> None:
    """Ask every promise about data; exit 1 and show the offending rows when one is broken.

    Example: iom check-invariants --json
    """
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
    broken = [c for c in checked if c.violations]
    if json:
        console.out(
            orjson.dumps({"ok": not broken, "invariants": as_json(checked)}).decode(),
            highlight=False,
        )
    else:
        _show(checked)
    sys.exit(1 if broken else 0)


def _show(checked: list[CheckedInvariant]) -> None:
    for one in checked:
        if not one.violations:
            console.print(
                f"[green]holds[/green]   {one.name}  [dim]{one.seconds:.3f} s[/dim]",
                highlight=False,
            )
    for one in (c for c in checked if c.violations):
        console.print(f"[red]broken[/red]  {one.name}: {one.promise}", highlight=False)
        table = Table(
            *one.columns, title=f"{len(one.rows)} of {one.violations} rows", title_justify="left"
        )
        for row in one.rows:
            table.add_row(*(str(value) for value in row))
        console.print(table)
    kept = sum(not c.violations for c in checked)
    console.print(f"{kept} of {len(checked)} promises hold")
