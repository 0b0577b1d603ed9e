"""`iom provider`: what is in the library, what is installed, and whether it answers."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from openiom.kernel import Invalid, IomError, Refused
from openiom.platform.bulk import fetch
from openiom.platform.events import utc_now
from openiom.providers import poll as poll_instance
from openiom.providers import probe as probe_instance
from openiom.providers.scaffold import CATEGORIES, DEFAULT_PACKAGE, scaffold_provider

from .context import console, errors, opened
from .run import Home

app = typer.Typer(
    help="Providers: the library, installed instances, probe and poll.", no_args_is_help=True
)
Instance = Annotated[str, typer.Argument(help="Name of an installed provider")]


@app.command("list")
def list_providers(home: Home = None) -> None:
    """Show the library and what is installed.

    Example: iom provider list
    """
    with opened(home) as product, product.database.reading() as session:
        rows = fetch(
            session,
            "SELECT name, provider, state, account, poll_seconds, error FROM providers.provider_instance ORDER BY name",
        )
        catalog = product.registry.catalog
    library = Table("Provider", "Category", "What it does", title="Library", title_justify="left")
    for provider in catalog.values():
        library.add_row(provider.name, provider.category, provider.description)
    installed = Table(
        "Instance", "Provider", "Connection", "Account", "Polls", "Error", title="Installed"
    )
    installed.title_justify = "left"
    for name, provider_name, state, account, seconds, error in rows:
        color = {"green": "green", "red": "red"}.get(state, "yellow")
        every = f"{seconds} s" if seconds else "never"
        installed.add_row(name, provider_name, f"[{color}]{state}[/{color}]", account, every, error)
    console.print(library, installed)


@app.command()
def install(
    name: Annotated[str, typer.Argument(help="Name of the new instance")],
    provider: Annotated[str, typer.Option(help="Provider from the library")],
    title: Annotated[str, typer.Option(help="How people call it; the name when left out")] = "",
    connection: Annotated[
        list[str] | None, typer.Option(help="field=value; secrets also as field=env:NAME")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(help="field=value; may be repeated")
    ] = None,
    poll_seconds: Annotated[
        int | None, typer.Option(min=1, help="How often to poll; never when left out")
    ] = None,
    mapping_group: Annotated[
        str, typer.Option(help="Mappings it shares with other instances")
    ] = "",
    home: Home = None,
) -> None:
    """Install a provider, and probe its connection.

    Example: iom provider install store-eu --provider bigcommerce --connection store_hash=abc123
    --connection access_token=env:BC_TOKEN --poll-seconds 60
    """
    body: dict[str, Any] = {
        "provider": provider,
        "title": title or name,
        "connection": _pairs("--connection", connection),
        "parameters": _pairs("--parameter", parameter),
        "mapping_group": mapping_group,
        "poll_seconds": poll_seconds,
    }
    document = {"kind": "provider_instance", "name": name, "body": body}
    with opened(home) as product:
        with product.database.unit_of_work() as session:
            change = product.configuration.apply(
                session, [document], at=utc_now(), actor="iom provider"
            )[0]
        console.print(f"{name}: {change.change}, version {change.version}", highlight=False)
        with errors.status(f"Probing {name}"):
            answer = probe_instance(product.registry, product.database, name)
    _say(name, answer)


def _pairs(option: str, given: list[str] | None) -> dict[str, str]:
    pairs = {}
    for pair in given or []:
        key, equals, value = pair.partition("=")
        if not equals:
            raise Invalid(
                f"{pair!r} is not field=value",
                where=option,
                remedy="write the field, = and its value",
            )
        pairs[key] = value
    return pairs


@app.command()
def probe(instance: Instance, home: Home = None) -> None:
    """Ask the other side, with the stored credential, whose account it is and what it may do; exit 1 when it fails.

    Example: iom provider probe fabrikam-store
    """
    with opened(home) as product, errors.status(f"Probing {instance}"):
        answer = probe_instance(product.registry, product.database, instance)
    _say(instance, answer)


def _say(instance: str, answer: Any) -> None:
    if isinstance(answer, IomError):
        console.print(f"[red]red[/red]    {instance}: {answer}", highlight=False)
        sys.exit(1)
    scopes = f", scopes {', '.join(answer.scopes)}" if answer.scopes else ""
    if answer.missing_scopes:
        missing = ", ".join(answer.missing_scopes)
        console.print(
            f"[red]red[/red]    {instance}: {answer.account}, lacks {missing}", highlight=False
        )
        sys.exit(1)
    console.print(f"[green]green[/green]  {instance}: {answer.account}{scopes}", highlight=False)


@app.command()
def poll(instance: Instance, home: Home = None) -> None:
    """Poll now, and say what came.

    Example: iom provider poll fabrikam-store
    """
    with opened(home) as product, errors.status(f"Polling {instance}"):
        stored = poll_instance(product.registry, product.database, instance)
        with product.database.reading() as session:
            rows = fetch(
                session,
                "SELECT last_error FROM providers.provider_instance WHERE name = %s",
                (instance,),
            )
    console.print(
        f"{instance}: {stored.new} new messages, {stored.duplicates} delivered before",
        highlight=False,
    )
    if rows and rows[0][0]:
        console.print(f"[red]it stopped:[/red] {rows[0][0]}", highlight=False)
        sys.exit(1)


@app.command()
def new(
    name: Annotated[str, typer.Argument(help="Name of the provider, such as acme_store")],
    title: Annotated[str, typer.Option(help="Display name")],
    category: Annotated[str, typer.Option(help=f"One of {', '.join(CATEGORIES)}")],
    package: Annotated[
        str, typer.Option(help="Python package that contains the provider")
    ] = DEFAULT_PACKAGE,
    folder: Annotated[Path, typer.Option(help="Folder of that package")] = Path(
        "src/openiom/library"
    ),
    tests: Annotated[Path, typer.Option(help="Folder of its tests")] = Path("tests/library"),
) -> None:
    """Write the first draft of a new provider, with tests that pass.

    Example: iom provider new acme_store --title "Acme Store" --category order_intake
    """
    draft = scaffold_provider(name, title=title, category=category, package=package)
    targets = {folder / name: draft.package_files, tests / name: draft.test_files}
    for target in targets:
        if target.exists():
            raise Refused(f"{target} exists already", remedy="choose another name or folder")
    for target, files in targets.items():
        for path, text in files.items():
            file = target / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, "utf-8")
    console.print(f"Wrote {folder / name} and {tests / name}.", highlight=False)
    console.print('Add under [project.entry-points."openiom.providers"]:', markup=False)
    console.print(draft.entry_point, highlight=False, markup=False)
