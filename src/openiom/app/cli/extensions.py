"""Commands of other installed packages, from the entry point group `openiom.commands`.

An entry point names a function that receives the `typer.Typer` application and adds its commands.
The demo and the simulators come this way from the package openiom-simulators.
"""

from importlib.metadata import entry_points

import typer

from openiom.kernel import NotFound

COMMAND_ENTRY_POINTS = "openiom.commands"
DEMO_MISSING = "the demo is not installed"
INSTALL_DEMO = "run: pip install 'openiom[demo]'"


def register(app: typer.Typer) -> None:
    """Add the commands of all installed extensions, and a hint where the demo is missing."""
    points = sorted(entry_points(group=COMMAND_ENTRY_POINTS), key=lambda point: point.name)
    for point in points:
        point.load()(app)
    names = {command.name for command in app.registered_commands}
    if "demo" not in names:
        app.command(
            "demo", context_settings={"allow_extra_args": True, "ignore_unknown_options": True}
        )(missing_demo)


def missing_demo() -> None:
    """Run the demo; it needs the extra package openiom-simulators."""
    raise NotFound(DEMO_MISSING, remedy=INSTALL_DEMO)
