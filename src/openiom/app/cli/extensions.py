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
    if "demo" not in command_names(app):
        app.command(
            "demo", context_settings={"allow_extra_args": True, "ignore_unknown_options": True}
        )(missing_demo)


def command_names(app: typer.Typer) -> list[str]:
    """Return the names of the commands of `app`."""
    names: list[str] = []
    for command in app.registered_commands:
        callback = command.callback.__name__ if command.callback else ""
        names.append(command.name or callback)
    return names


def missing_demo() -> None:
    """Run the demo; it needs the package openiom-simulators, which is not installed.

    Example: pip install 'openiom[demo]'; iom demo
    """
    raise NotFound(DEMO_MISSING, remedy=INSTALL_DEMO)
