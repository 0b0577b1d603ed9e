"""Commands in the documentation exist, with the options they are shown with."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.orders.builders import master_data
from typer.main import get_command

from openiom.app.cli import app
from openiom.platform.database import Database

PROJECT = Path(__file__).parents[2]
PAGES = (PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted(PROJECT.glob("docs/**/*.md")))
SHELL = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
COMMAND = re.compile(r"(?:^|\s|/)iom ((?:[\w.=/:,|\"'-]+ ?)+)")


def commands(page: Path) -> Iterator[str]:
    """Yield the arguments of every `iom` command of a page, in code and in shell blocks."""
    text = page.read_text("utf-8")
    code = "\n".join([*SHELL.findall(text), *CODE.findall(SHELL.sub("", text))])
    for line in code.splitlines():
        shown = line.partition("  #")[0]
        for match in COMMAND.finditer(shown):
            yield match[1].strip()


def resolve(words: list[str]) -> tuple[Any, list[str]]:
    """Return the command that the words name, and the words after its name."""
    command: Any = get_command(app)
    rest = list(words)
    while rest and rest[0] in getattr(command, "commands", {}):
        command = command.commands[rest.pop(0)]
    return command, rest


def options(command: Any) -> set[str]:
    names = {"--help"}
    for parameter in command.params:
        names.update(parameter.opts, parameter.secondary_opts)
    return names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(PROJECT)))
def test_every_command_of_a_page_exists_with_its_options(page: Path) -> None:
    recipes = {"order ids 100", "order ids"}
    for shown in commands(page):
        words = shlex.split(shown)
        if shown in recipes:
            continue

        command, rest = resolve(words)
        assert command.name != "iom", f"{page.name}: there is no command iom {shown}"
        if command.name == "bench":
            file = f"{rest[0].replace('-', '_')}_bench.py"
            assert (PROJECT / "benchmarks" / file).is_file(), shown
            continue

        known = options(command)
        for word in rest:
            if word.startswith("--"):
                assert word.partition("=")[0] in known, f"{page.name}: iom {shown}"


def test_the_pages_show_commands() -> None:
    shown = [command for page in PAGES for command in commands(page)]
    assert "demo --headless --orders 500" in shown
    assert "config export ./environment" in shown
    assert len(shown) >= 20


def test_the_order_of_the_readme_is_received(client: TestClient, database: Database) -> None:
    text = (PROJECT / "README.md").read_text("utf-8")
    [shown] = re.findall(r" -d '(\{.*?\})'$", text, re.MULTILINE | re.DOTALL)
    master_data(database, "LAMP-OAK-01")

    [result] = client.post("/api/v1/orders", json=json.loads(shown)).json()["results"]
    assert (result["ok"], result["number"]) == (True, "CALL-1")


@pytest.mark.parametrize("page", [PROJECT / "README.md", PROJECT / "CONTRIBUTING.md"])
def test_every_make_target_of_a_page_exists(page: Path) -> None:
    makefile = (PROJECT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text("utf-8"), re.MULTILINE))
    assert named
    assert named <= targets
