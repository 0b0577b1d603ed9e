"""`iom config`: the documents of an environment as YAML files."""

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
from openiom.platform.configuration import DocumentChange

from .context import Home, console, errors, open_application

ACTOR = "iom config"
KINDS_IN_ONE_FILE = ("mapping", "product")
"""Kinds of which there are tens of thousands of documents."""
SHOWN_CHANGES = 200
SHOWN_PATHS = 8
YAML_WIDTH = 110

app = typer.Typer(
    help="Export, compare, apply and delete the documents of an environment.", no_args_is_help=True
)
Prune = Annotated[
    bool,
    typer.Option(
        "--prune", help="Delete documents of the folder's kinds that are not in the folder"
    ),
]
Folder = Annotated[Path, typer.Argument(help="Folder of YAML files")]


class DocumentFile(BaseModel):
    """One document of a file."""

    model_config = ConfigDict(extra="forbid")

    kind: str
    name: str
    body: dict[str, Any]


def read_folder(folder: Path) -> list[dict[str, Any]]:
    """Return every document below a folder.

    Raise `NotFound` when there is no such folder, `Invalid` with every file that is not valid.
    """
    if not folder.is_dir():
        raise NotFound(
            f"no folder {folder}", remedy="give a folder that iom config export has written"
        )

    documents: list[dict[str, Any]] = []
    problems: list[Problem] = []
    for file in sorted(folder.rglob("*.y*ml")):
        try:
            for part in yaml.load_all(file.read_text("utf-8"), yaml.CSafeLoader):
                documents.append(DocumentFile.model_validate(part).model_dump())
        except yaml.YAMLError as error:
            problems.append(Problem(str(file), f"is not YAML: {str(error).splitlines()[0]}"))
        except ValidationError as error:
            for fault in error.errors():
                where = f"{file}, {'.'.join(map(str, fault['loc']))}"
                problems.append(Problem(where, fault["msg"]))

    if problems:
        raise Invalid(
            "some files are not configuration documents",
            problems=problems,
            remedy="correct these files and repeat the command",
        )

    return documents


def file_of(folder: Path, kind: str, name: str) -> Path:
    """Return the file of a document: kind/name.yaml, or kind.yaml for kinds that share one file.

    Characters that file systems do not accept are written as %xx.
    """
    if kind in KINDS_IN_ONE_FILE:
        return folder / f"{kind}.yaml"
    return folder / kind / f"{quote(name, safe=' +@,()')}.yaml"


def write_folder(folder: Path, documents: Sequence[dict[str, Any]]) -> int:
    """Write documents as YAML files and return how many files were written."""
    files: dict[Path, list[dict[str, Any]]] = defaultdict(list)
    for document in documents:
        files[file_of(folder, document["kind"], document["name"])].append(document)

    for file, group in files.items():
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("w", encoding="utf-8") as output:
            yaml.dump_all(
                group,
                output,
                yaml.CSafeDumper,
                sort_keys=False,
                allow_unicode=True,
                width=YAML_WIDTH,
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


@app.command()
def diff(folder: Folder, prune: Prune = False, home: Home = None) -> None:
    """Show what applying a folder would change; exit 1 when anything would.

    Example: iom config diff backup
    """
    changes = apply_folder(folder, home, dry_run=True, prune=prune)
    unchanged = all(change.change == "unchanged" for change in changes)
    sys.exit(0 if unchanged else 1)


@app.command()
def apply(folder: Folder, prune: Prune = False, home: Home = None) -> None:
    """Apply a folder of documents, all or none.

    Example: iom config apply backup --prune
    """
    apply_folder(folder, home, dry_run=False, prune=prune)


@app.command()
def delete(
    kind: Annotated[str, typer.Argument(help="Kind of the documents, e.g. strategy")],
    names: Annotated[list[str], typer.Argument(metavar="NAME...", help="Names of the documents")],
    home: Home = None,
) -> None:
    """Delete documents, all or none; refused with everything that still needs them.

    Their versions are kept, and applying a document again brings it back.

    Example: iom config delete strategy west-first
    """
    with open_application(home) as application, application.database.unit_of_work() as session:
        wanted = [(kind, name) for name in names]
        changes = application.configuration.remove(session, wanted, at=utc_now(), actor=ACTOR)

    show(changes)


def apply_folder(
    folder: Path, home: Path | None, *, dry_run: bool, prune: bool
) -> list[DocumentChange]:
    """Apply a folder, show the changes and return them; a dry run does not make them."""
    documents = read_folder(folder)
    activity = "Comparing" if dry_run else "Applying"

    with (
        open_application(home) as application,
        application.database.unit_of_work() as session,
        errors.status(f"{activity} {len(documents)} documents"),
    ):
        changes = application.configuration.apply(
            session, documents, at=utc_now(), actor=ACTOR, dry_run=dry_run, prune=prune
        )

    show(changes)
    return changes


def show(changes: list[DocumentChange]) -> None:
    """Print a table of the changes, and how many documents are unchanged."""
    changed = [change for change in changes if change.change != "unchanged"]
    if changed:
        table = Table("Change", "Kind", "Name", "Version", "Paths")
        for change in changed[:SHOWN_CHANGES]:
            table.add_row(
                change.change,
                change.kind,
                change.name,
                str(change.version),
                _paths_text(change.paths),
            )

        console.print(table)

    if len(changed) > SHOWN_CHANGES:
        console.print(f"and {len(changed) - SHOWN_CHANGES} more")

    unchanged = len(changes) - len(changed)
    console.print(f"{len(changed)} changed, {unchanged} unchanged", highlight=False)


def _paths_text(paths: Sequence[str]) -> str:
    text = ", ".join(paths[:SHOWN_PATHS])
    return f"{text} …" if len(paths) > SHOWN_PATHS else text
