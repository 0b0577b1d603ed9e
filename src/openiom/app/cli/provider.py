"""`iom provider`: the library of providers, the installed instances, and their connections."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from openiom.kernel import Invalid, IomError, Refused
from openiom.platform.clock import utc_now
from openiom.provider_contract import ProbeResult
from openiom.providers import list_instances
from openiom.providers import poll as poll_instance
from openiom.providers import probe as probe_instance
from openiom.providers.scaffold import CATEGORIES, DEFAULT_PACKAGE, scaffold_provider

from .context import Home, console, errors, open_application

ACTOR = "iom provider"
STATE_COLORS = {"green": "green", "red": "red"}
app = typer.Typer(
    help="Providers: the library, installed instances, probe and poll.", no_args_is_help=True
)
Instance = Annotated[str, typer.Argument(help="Name of an installed provider")]


@app.command("list")
def list_providers(home: Home = None) -> None:
    """Show the library and the installed instances.

    Example: iom provider list
    """
    with open_application(home) as application, application.database.reading() as session:
        instances = list_instances(session, application.registry)
        catalog = application.registry.catalog

    library = Table("Provider", "Category", "Purpose", title="Library", title_justify="left")
    for provider in catalog.values():
        library.add_row(provider.name, provider.category, provider.description)

    installed = Table(
        "Instance", "Provider", "Connection", "Account", "Polls", "Error", title="Installed"
    )
    installed.title_justify = "left"
    for instance in instances:
        color = STATE_COLORS.get(instance.state, "yellow")
        interval = f"{instance.poll_seconds} s" if instance.poll_seconds else "never"
        installed.add_row(
            instance.name,
            instance.provider,
            f"[{color}]{instance.state}[/{color}]",
            instance.account or "",
            interval,
            instance.error or "",
        )

    console.print(library, installed)


@app.command()
def install(
    name: Annotated[str, typer.Argument(help="Name of the new instance")],
    provider: Annotated[str, typer.Option(help="Provider from the library")],
    title: Annotated[str, typer.Option(help="Display name; the name when left out")] = "",
    connection: Annotated[
        list[str] | None, typer.Option(help="field=value; secrets also as field=env:NAME")
    ] = None,
    parameter: Annotated[
        list[str] | None, typer.Option(help="field=value; may be repeated")
    ] = None,
    poll_seconds: Annotated[
        int | None, typer.Option(min=1, help="Interval of polls; never when left out")
    ] = None,
    mapping_group: Annotated[
        str, typer.Option(help="Group whose mappings it shares with other instances")
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
        "connection": _parse_pairs("--connection", connection or []),
        "parameters": _parse_pairs("--parameter", parameter or []),
        "mapping_group": mapping_group,
        "poll_seconds": poll_seconds,
    }
    document = {"kind": "provider_instance", "name": name, "body": body}

    with open_application(home) as application:
        with application.database.unit_of_work() as session:
            [change] = application.configuration.apply(
                session, [document], at=utc_now(), actor=ACTOR
            )

        console.print(f"{name}: {change.change}, version {change.version}", highlight=False)
        with errors.status(f"Probing {name}"):
            result = probe_instance(application.registry, application.database, name)

    _show_probe(name, result)


@app.command()
def probe(instance: Instance, home: Home = None) -> None:
    """Test a connection with its stored credential; exit 1 when it fails or lacks a scope.

    Example: iom provider probe fabrikam-store
    """
    with open_application(home) as application, errors.status(f"Probing {instance}"):
        result = probe_instance(application.registry, application.database, instance)
    _show_probe(instance, result)


@app.command()
def poll(instance: Instance, home: Home = None) -> None:
    """Poll an instance now, and show how many messages it delivered.

    Example: iom provider poll fabrikam-store
    """
    with open_application(home) as application, errors.status(f"Polling {instance}"):
        stored = poll_instance(application.registry, application.database, instance)
        with application.database.reading() as session:
            found = list_instances(session, application.registry, name=instance)

    console.print(
        f"{instance}: {stored.new} new messages, {stored.duplicates} duplicates", highlight=False
    )
    last_error = found[0].last_error if found else None
    if last_error:
        console.print(f"[red]the poll stopped:[/red] {last_error}", highlight=False)
        sys.exit(1)


def _parse_pairs(option: str, given: list[str]) -> dict[str, str]:
    """Return the fields of options such as `field=value`. Raise `Invalid`."""
    pairs: dict[str, str] = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals:
            raise Invalid(
                f"{pair!r} is not field=value",
                where=option,
                remedy="write the field, = and its value",
            )

        pairs[key] = value

    return pairs


def _show_probe(instance: str, result: ProbeResult | IomError) -> None:
    """Print the result of a probe; exit 1 unless the connection works."""
    if isinstance(result, IomError):
        console.print(f"[red]red[/red]    {instance}: {result}", highlight=False)
        sys.exit(1)

    if result.missing_scopes:
        missing = ", ".join(result.missing_scopes)
        console.print(
            f"[red]red[/red]    {instance}: {result.account}, lacks {missing}", highlight=False
        )
        sys.exit(1)

    scopes = f", scopes {', '.join(result.scopes)}" if result.scopes else ""
    console.print(f"[green]green[/green]  {instance}: {result.account}{scopes}", highlight=False)


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
