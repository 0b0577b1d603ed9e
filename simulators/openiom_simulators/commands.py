"""Commands that this package adds to `iom`, through the entry point group `openiom.commands`."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from openiom.app.cli.context import Home, console, errors, read_settings
from openiom.app.cli.run import Port

from . import command_line
from .demo import ORDERS_PER_MINUTE, run_demo
from .load_run import load_run_home, run_load

LOG_LEVEL = "OPENIOM_LOG_LEVEL"
OWN_MACHINE = "127.0.0.0/8,::1/128"
"""The simulators listen on this machine, which providers may not reach otherwise."""
QUIET_LEVEL = "WARNING"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(demo)
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(
        simulate
    )


def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Process a number of orders, report, and end")
    ] = False,
    orders: Annotated[int, typer.Option(min=1, help="Number of orders, with --headless")] = 1000,
    port: Port = None,
    home: Home = None,
    trickle: Annotated[
        bool, typer.Option(help="Make example orders, and let new ones arrive")
    ] = True,
    pace: Annotated[
        float, typer.Option(min=0.1, max=60, help="New orders a minute, on average")
    ] = ORDERS_PER_MINUTE,
) -> None:
    """Start everything on this machine, with the Fabrikam company and its orders.

    Examples: iom demo --port 8100 --pace 10; iom demo --headless --orders 2000
    """
    log_level = os.environ.get(LOG_LEVEL, QUIET_LEVEL)
    if headless:
        _run_headless(home, port or 0, orders, log_level)

    settings = read_settings(
        port=port, home=home, log_level=log_level, provider_networks=OWN_MACHINE
    )
    with errors.status("starting") as status:

        def report(phase: str) -> None:
            if phase:
                status.update(phase)
                status.start()
            else:
                status.stop()

        run_demo(
            settings,
            insist=port is not None,
            pace=pace if trickle else 0.0,
            password=os.environ.get("OPENIOM_DEMO_PASSWORD", ""),
            report=report,
            show=lambda text: console.print(text, highlight=False, soft_wrap=True),
        )


def simulate(context: typer.Context) -> None:
    """Run one simulator: store, warehouse, lab, carrier or payments.

    `iom simulate store -h` shows the options of the store.

    Example: iom simulate store --port 8200 --store-hash demo --token secret
    """
    command_line.main(context.args)


def _run_headless(home: Path | None, port: int, orders: int, log_level: str) -> None:
    """Run the load, print its summary as JSON, and exit 1 unless every order is accounted for."""
    given = os.environ.get("OPENIOM_HOME", "")
    if home is None and given:
        home = Path(given)

    with load_run_home(home) as folder:
        settings = read_settings(
            home=folder, port=port, log_level=log_level, provider_networks=OWN_MACHINE
        )
        summary = run_load(settings, orders=orders, errors=errors)

    console.out(json.dumps(summary.as_json()), highlight=False)
    sys.exit(0 if summary.accounted_for else 1)
