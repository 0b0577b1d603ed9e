"""`iom config`: the documents of an environment as files: one a document, or one a kind where they are many."""

import sys
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
import yaml
from pydantic import BaseModel, ConfigDict, ValidationError
from rich.table import Table

from openiom.kernel import Invalid, NotFound, Problem
from openiom.platform.clock import utc_now
from openiom.platform.configuration import Change

from .context import console, errors, open_application
from .run import Home

app = typer.Typer(
    help="Export, compare, apply and delete the documents of an environment.", no_args_is_help=True
)
IN_ONE_FILE = ("mapping", "product")
Prune = Annotated[
    bool,
    typer.Option(
        "--prune", help="Delete documents of the folder's kinds that are not in the folder"
    ),
]
Folder = Annotated[Path, typer.Argument(help="Folder of YAML files, one a document")]


class DocumentFile(BaseModel):
    """A file holds one document."""

    model_config = ConfigDict(extra="forbid")

    kind: str
    name: str
    body: dict[str, Any]


def read_folder(folder: Path) -> list[dict[str, Any]]:
    """Every document below `folder`. Raises NotFound, or Invalid with every bad file."""
    if not folder.is_dir():
        raise NotFound(
            f"no folder {folder}", remedy="give a folder that iom config export has written"
        )
    documents, problems = [], []
    for file in sorted(folder.rglob("*.y*ml")):
        try:
            for part in yaml.load_all(file.read_text("utf-8"), yaml.CSafeLoader):
                documents.append(DocumentFile.model_validate(part).model_dump())
        except yaml.YAMLError as error:
            problems.append(Problem(str(file), f"is not YAML: {str(error).splitlines()[0]}"))
        except ValidationError as error:
            problems += [
                Problem(f"{file}, {'.'.join(map(str, e['loc']))}", e["msg"]) for e in error.errors()
            ]
    if problems:
        raise Invalid("some files are no documents", problems=problems)
    return documents


def file_of(folder: Path, kind: str, name: str) -> Path:
    """Where a document is kept: kind/name.yaml, with characters no file system likes written as %xx.

    Kinds that come by the ten thousand share one file.
    """
    if kind in IN_ONE_FILE:
        return folder / f"{kind}.yaml"
    return folder / kind / f"{quote(name, safe=' +@,()')}.yaml"


def write_folder(folder: Path, documents: Sequence[dict[str, Any]]) -> int:
    """Write documents as YAML; returns how many files."""
    files: dict[Path, list[dict[str, Any]]] = defaultdict(list)
    for document in documents:
        files[file_of(folder, document["kind"], document["name"])].append(document)
    for file, group in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w", encoding="utf-8") as out:
            yaml.dump_all(
                group, out, yaml.CSafeDumper, sort_keys=False, allow_unicode=True, width=110
            )
    return len(files)


@app.command()
def export(
    folder: Folder,
    kind: Annotated[list[str] | None, typer.Option(help="Only this kind; may be repeated")] = None,
    home: Home = None,
) -> None:
    """Write every document to a folder; secrets only as references, or masked.

    Example: iom config export backup --kind flow --kind policy
    """
    with open_application(home) as application, application.database.reading() as session:
        documents = application.configuration.export(session, kind)
    with errors.status(f"Writing {len(documents)} documents"):
        files = write_folder(folder, documents)
    console.print(
        f"{len(documents)} documents written to {files} files in {folder}", highlight=False
    )


def applied(folder: Path, home: Path | None, *, dry_run: bool, prune: bool) -> list[Change]:
    """What applying the folder changes, or would when `dry`; shown as well."""
    documents = read_folder(folder)
    doing = "Comparing" if dry_run else "Applying"
    with (
        open_application(home) as application,
        application.database.unit_of_work() as session,
        errors.status(f"{doing} {len(documents)} documents"),
    ):
        changes = application.configuration.apply(
            session, documents, at=utc_now(), actor="iom config", dry_run=dry_run, prune=prune
        )
    show(changes)
    return changes


@app.command()
def diff(folder: Folder, prune: Prune = False, home: Home = None) -> None:
    """Show what applying a folder would change; exit 1 when anything would.

    Example: iom config diff backup
    """
    changes = applied(folder, home, dry_run=True, prune=prune)
    sys.exit(1 if any(c.change != "unchanged" for c in changes) else 0)


@app.command()
def apply(folder: Folder, prune: Prune = False, home: Home = None) -> None:
    """Apply a folder of documents, all or none.

    Example: iom config apply backup --prune
    """
    applied(folder, home, dry_run=False, prune=prune)


@app.command()
def delete(
    kind: Annotated[str, typer.Argument(help="Kind of the documents, e.g. strategy")],
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Names of the documents")],
    home: Home = None,
) -> None:
    """Take documents out of use, all or none; refused with everything that still needs them.

    Their versions stay, and applying a document again brings it back.

    Example: iom config delete strategy west-first
    """
    with open_application(home) as application, application.database.unit_of_work() as session:
        wanted = [(kind, name) for name in names]
        changes = application.configuration.remove(
            session, wanted, at=utc_now(), actor="iom config"
        )
    show(changes)


def show(changes: list[Change]) -> None:
    """A table of what changed, and a count of what did not."""
    moved = [c for c in changes if c.change != "unchanged"]
    if moved:
        table = Table("Change", "Kind", "Name", "Version", "Paths")
        for change in moved[:200]:
            paths = ", ".join(change.paths[:8]) + (" …" if len(change.paths) > 8 else "")
            table.add_row(change.change, change.kind, change.name, str(change.version), paths)
        console.print(table)
    if len(moved) > 200:
        console.print(f"and {len(moved) - 200} more")
    console.print(f"{len(moved)} changed, {len(changes) - len(moved)} unchanged", highlight=False)
