"""Flows are configuration documents: checked by the compiler, kept as immutable versions."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from openiom.kernel import Invalid, Problem
from openiom.platform.bulk import execute, fetch
from openiom.platform.configuration import Document, DocumentKind
from openiom.platform.database import to_json_text

from .catalog import Catalog
from .compiler import check_flow, plan_of, read_flow
from .document import FlowDocument, Wait

FLOW_ORDER = 60


def flow_kind(catalog: Catalog) -> DocumentKind:
    """The document kind `flow`: what a flow may refer to is what `catalog` holds when it is applied."""

    def check(session: Session, name: str, body: dict[str, object]) -> Sequence[Problem]:
        return problems_of(session, catalog, name, body)

    return DocumentKind(
        name="flow",
        schema=FlowDocument,
        order=FLOW_ORDER,
        check=check,
        on_apply=publish,
        on_delete=withdraw,
        references={
            "policy": ("$.steps[*].policies[*]", "$.steps[*].filter"),
            "provider_instance": ("$.steps[*].instance",),
            "strategy": ("$.steps[*].parameters.strategy",),
        },
    )


def problems_of(
    session: Session, catalog: Catalog, name: str, body: dict[str, object]
) -> list[Problem]:
    """Every fault of a flow at once; empty when it can be published."""
    try:
        document = read_flow(body)
    except Invalid as error:
        return list(error.problems)
    wrong = (
        [Problem("name", f"says {document.name!r}, applied as {name!r}")]
        if document.name not in ("", name)
        else []
    )
    return [*wrong, *check_flow(document, catalog.known(session))]


def publish(session: Session, documents: Sequence[Document]) -> None:
    """Store checked documents as versions; from now on new flow runs take them. Flow runs under way keep theirs."""
    for document in documents:
        flow = read_flow(document.body)
        awaits = sorted(
            {event for step in flow.steps if isinstance(step, Wait) for event in step.events}
        )
        rows = fetch(
            session,
            "INSERT INTO orchestration.flow_version (name, version, document, plan, awaits, published_at)"
            " VALUES (%s, %s, %s::jsonb, %s::jsonb, %s, now()) RETURNING id, published_at",
            (
                document.name,
                document.version,
                to_json_text(document.body),
                plan_of(flow).model_dump_json(),
                awaits,
            ),
        )
        version_id: int = rows[0][0]
        at: datetime = rows[0][1]
        execute(
            session,
            "INSERT INTO orchestration.flow (name, title, subject, version_id, active, changed_at)"
            " VALUES (%s, %s, %s, %s, true, %s) ON CONFLICT (name) DO UPDATE SET title = excluded.title,"
            " subject = excluded.subject, version_id = excluded.version_id, active = true,"
            " changed_at = excluded.changed_at",
            (document.name, flow.title, flow.subject, version_id, at),
        )


def withdraw(session: Session, names: Sequence[str]) -> None:
    """Removed flows start nothing new; flow runs under way go on."""
    execute(
        session,
        "UPDATE orchestration.flow SET active = false, changed_at = now() WHERE name = ANY(%s)",
        (list(names),),
    )
