"""Commands for developers: the API document and benchmarks."""

import importlib.util
import sys
from pathlib import Path
from typing import Annotated

import orjson
import typer

from openiom.app.application import build
from openiom.app.resources import folder
from openiom.app.web import create_app
from openiom.kernel import NotFound

from .context import console, read_settings


def register(app: typer.Typer) -> None:
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
    settings = read_settings()
    application = build(settings, "postgresql://nowhere/nothing")
    document = orjson.dumps(create_app(application).openapi(), option=orjson.OPT_INDENT_2)
    if output is None:
        console.out(document.decode(), highlight=False)
    else:
        output.write_bytes(document + b"\n")


def bench(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="order-to-release, single-order, policies, ...")],
    json: Annotated[
        bool, typer.Option("--json", help="The result as JSON on the last line")
    ] = False,
    orders: Annotated[
        int | None, typer.Option(min=1, help="How many orders, where a benchmark takes a number")
    ] = None,
) -> None:
    """Run a program from benchmarks/. Options this command does not know go to the program.

    Example: iom bench order-to-release --orders 20000 --json
    Example: iom bench sourcing --orders 1000 --nodes 500 --seed 0 --rho 2 --mode batch --json
    """
    home = folder("benchmarks")
    file = home / f"{name.replace('-', '_')}_bench.py"
    if not file.is_file():
        known = ", ".join(
            sorted(p.stem.removesuffix("_bench").replace("_", "-") for p in home.glob("*_bench.py"))
        )
        raise NotFound(f"no benchmark {name}", remedy=f"known: {known}")
    arguments = [
        *(["--orders", str(orders)] if orders else []),
        *(["--json"] if json else []),
        *context.args,
    ]
    sys.path.insert(0, str(home.parent))
    spec = importlib.util.spec_from_file_location(f"benchmarks.{file.stem}", file)
    if spec is None or spec.loader is None:
        raise NotFound(f"{file} cannot be read", remedy="look at its rights")
    module = importlib.util.module_from_spec(spec)
    sys.argv = [str(file), *arguments]
    sys.modules[spec.name] = module  # dataclasses look their module up there
    spec.loader.exec_module(module)
    sys.exit(module.main() or 0)
