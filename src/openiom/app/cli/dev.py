"""Commands for developers: the API document and benchmarks."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Annotated

import orjson
import typer

from openiom.app.application import build
from openiom.app.resources import folder
from openiom.app.web import create_app
from openiom.kernel import NotFound

from .context import console, read_settings

NO_DATABASE = "postgresql://localhost/none"
"""The API document is made without a connection."""
BENCHMARK_SUFFIX = "_bench"


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(openapi)
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(bench)


def openapi(
    output: Annotated[
        Path | None, typer.Option(help="File to write; standard output when left out")
    ] = None,
) -> None:
    """Write the OpenAPI document, from which the UI's client is generated.

    Example: iom openapi --output ui/openapi.json
    """
    application = build(read_settings(), NO_DATABASE)
    document = orjson.dumps(create_app(application).openapi(), option=orjson.OPT_INDENT_2)
    if output is None:
        console.out(document.decode(), highlight=False)
    else:
        output.write_bytes(document + b"\n")


def bench(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="order-to-release, single-order, policies, ...")],
    json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON on the last line")
    ] = False,
    orders: Annotated[
        int | None, typer.Option(min=1, help="Number of orders, where a benchmark takes one")
    ] = None,
) -> None:
    """Run a program from benchmarks/; options that this command does not know are passed on.

    Example: iom bench order-to-release --orders 20000 --json
    Example: iom bench sourcing --orders 1000 --nodes 500 --seed 0 --rho 2 --mode batch --json
    """
    file = _benchmark_file(name)
    arguments = list(context.args)
    if json:
        arguments.insert(0, "--json")

    if orders:
        arguments = ["--orders", str(orders), *arguments]

    sys.path.insert(0, str(file.parents[1]))
    sys.argv = [str(file), *arguments]
    module = _load(file)
    sys.exit(module.main() or 0)


def _benchmark_file(name: str) -> Path:
    """Return the program of a benchmark. Raise `NotFound` naming those that exist."""
    home = folder("benchmarks")
    file = home / f"{name.replace('-', '_')}{BENCHMARK_SUFFIX}.py"
    if file.is_file():
        return file

    known: list[str] = []
    for program in sorted(home.glob(f"*{BENCHMARK_SUFFIX}.py")):
        known.append(program.stem.removesuffix(BENCHMARK_SUFFIX).replace("_", "-"))

    raise NotFound(f"no benchmark {name}", remedy=f"known: {', '.join(known)}")


def _load(file: Path) -> ModuleType:
    """Import a program from its file, under the name by which its dataclasses find it."""
    spec = importlib.util.spec_from_file_location(f"benchmarks.{file.stem}", file)
    if spec is None or spec.loader is None:
        raise NotFound(f"{file} cannot be read", remedy="check its permissions")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module
