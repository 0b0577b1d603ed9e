"""Commands of other packages are added to `iom`, and the demo says how to install it."""

from dataclasses import dataclass
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from openiom.app.cli import extensions
from openiom.kernel import NotFound


@dataclass
class EntryPoint:
    """An installed entry point."""

    name: str
    register: Any

    def load(self) -> Any:
        return self.register


def greet() -> None:
    """Say hello."""
    typer.echo("hello")


def application(monkeypatch: pytest.MonkeyPatch, *points: EntryPoint) -> typer.Typer:
    """Return an application with the commands of these entry points."""

    def entry_points(*, group: str) -> list[EntryPoint]:
        assert group == "openiom.commands"
        return list(points)

    monkeypatch.setattr(extensions, "entry_points", entry_points)
    app = typer.Typer()
    app.command("base")(lambda: None)
    extensions.register(app)
    return app


def test_an_entry_point_adds_its_commands(monkeypatch: pytest.MonkeyPatch) -> None:
    app = application(monkeypatch, EntryPoint("hello", lambda app: app.command()(greet)))

    assert extensions.command_names(app) == ["base", "greet", "demo"]
    assert CliRunner().invoke(app, ["greet"]).output == "hello\n"


def test_entry_points_are_loaded_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    app = application(
        monkeypatch,
        EntryPoint("b", lambda app: app.command("second")(greet)),
        EntryPoint("a", lambda app: app.command("first")(greet)),
    )

    assert extensions.command_names(app) == ["base", "first", "second", "demo"]


def test_without_the_extra_the_demo_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = application(monkeypatch)

    result = CliRunner().invoke(app, ["demo", "--headless", "--orders", "5"])

    assert isinstance(result.exception, NotFound)
    assert str(result.exception) == ("the demo is not installed. run: pip install 'openiom[demo]'")


def test_an_installed_demo_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    app = application(monkeypatch, EntryPoint("demo", lambda app: app.command("demo")(greet)))

    assert extensions.command_names(app) == ["base", "demo"]
    assert CliRunner().invoke(app, ["demo"]).output == "hello\n"
