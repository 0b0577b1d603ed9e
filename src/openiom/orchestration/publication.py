"""Flows are configuration documents: checked by the compiler, stored as immutable versions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from openiom.kernel import Invalid, Problem
from openiom.platform.bulk import execute, fetch_as
from openiom.platform.configuration import Document, DocumentKind
from openiom.platform.database import to_json_text

from .catalog import Catalog
from .compiler import check_flow, plan_of, read_flow
from .document import FlowDocument
from .elements import ELEMENTS

FLOW_ORDER = 60


@dataclass(frozen=True, slots=True)
class _PublishedVersion:
    id: int
    published_at: datetime


def flow_kind(catalog: Catalog) -> DocumentKind:
    """Return the document kind `flow`, checked against the catalog as it is when applied."""

    def check(session: Session, name: str, body: dict[str, object]) -> Sequence[Problem]:
        return problems_of(session, catalog, name, body)

    return DocumentKind(
        name="flow",
        schema=FlowDocument,
        order=FLOW_ORDER,
        check=check,
        on_apply=publish,
        on_delete=withdraw,
        references=step_references(),
    )


def step_references() -> dict[str, tuple[str, ...]]:
    """Return the JSON paths of a flow at which the step kinds name other documents, by kind."""
    references: dict[str, list[str]] = {}
    for element in ELEMENTS.values():
        for kind, paths in element.references.items():
            for path in paths:
                references.setdefault(kind, []).append(f"$.steps[*].{path}")
    return {kind: tuple(paths) for kind, paths in references.items()}


def problems_of(
    session: Session, catalog: Catalog, name: str, body: Mapping[str, object]
) -> list[Problem]:
    """Return every problem of a flow at once; it can be published when there is none."""
    try:
        document = read_flow(body)
    except Invalid as error:
        return list(error.problems)

    problems = []
    if document.name not in ("", name):
        what = f"says {document.name!r}, applied as {name!r}"
        problems.append(Problem("name", what, "use one name, or leave it out of the body"))

    problems.extend(check_flow(document, catalog.snapshot(session)))
    return problems


def publish(session: Session, documents: Sequence[Document]) -> None:
    """Store checked documents as versions for new flow runs; runs in progress keep theirs."""
    for document in documents:
        flow = read_flow(document.body)
        awaits: set[str] = set()
        for step in flow.steps:
            awaits.update(step.awaited_events)

        [version] = fetch_as(
            session,
            _PublishedVersion,
            "INSERT INTO orchestration.flow_version"
            " (name, version, document, plan, awaits, published_at)"
            " VALUES (%s, %s, %s::jsonb, %s::jsonb, %s, now()) RETURNING id, published_at",
            (
                document.name,
                document.version,
                to_json_text(document.body),
                plan_of(flow).model_dump_json(),
                sorted(awaits),
            ),
        )
        execute(
            session,
            "INSERT INTO orchestration.flow (name, title, subject, version_id, active, changed_at)"
            " VALUES (%s, %s, %s, %s, true, %s) ON CONFLICT (name) DO UPDATE"
            " SET title = excluded.title, subject = excluded.subject,"
            " version_id = excluded.version_id, active = true, changed_at = excluded.changed_at",
            (document.name, flow.title, flow.subject, version.id, version.published_at),
        )


def withdraw(session: Session, names: Sequence[str]) -> None:
    """Let these flows start nothing new; flow runs in progress continue."""
    execute(
        session,
        "UPDATE orchestration.flow SET active = false, changed_at = now() WHERE name = ANY(%s)",
        (list(names),),
    )
