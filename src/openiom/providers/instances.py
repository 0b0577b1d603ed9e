"""Provider instances as documents: checked, sealed, exposed without secrets, and put to work when applied."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from openiom.kernel import IomError, Problem
from openiom.platform.configuration import Document, DocumentKind
from openiom.platform.events import notify
from openiom.platform.secrets import MASK, is_reference, mask_secrets

from .models import ProviderInstance
from .registry import KIND, ProviderRegistry, compiled, plain, secret_fields

POLL_WAKE, PROBE_WAKE = "poll", "probe"


class InstanceBody(BaseModel):
    """An installed provider with its own connection, parameters, mapping group and poll interval."""

    model_config = ConfigDict(extra="forbid")

    provider: str
    title: str = Field(min_length=1)
    active: bool = True
    connection: dict[str, Any] = {}
    parameters: dict[str, Any] = {}
    mapping_group: str = ""
    poll_seconds: int | None = Field(
        None, ge=1, le=86400, description="Empty never polls; webhooks still arrive"
    )
    transformations: dict[str, Any] = Field(
        {},
        description="Own transformations, by `message:KIND` or `action:NAME`; the provider's apply otherwise",
    )


def instance_kind(registry: ProviderRegistry) -> DocumentKind:
    """The document kind, knowing the catalog and the keys."""

    def seal(body: dict[str, Any], old: dict[str, Any] | None) -> dict[str, Any]:
        return seal_connection(registry, body, old)

    def expose(body: dict[str, Any]) -> dict[str, Any]:
        provider = registry.catalog.get(body["provider"])
        hidden = secret_fields(provider) if provider else set(body["connection"])
        return {**body, "connection": mask_secrets(body.get("connection", {}), hidden)}

    def check(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
        return instance_problems(registry, body)

    return DocumentKind(
        KIND,
        InstanceBody,
        40,
        check=check,
        on_apply=_applied,
        on_delete=_removed,
        encrypt=seal,
        redact=expose,
    )


def seal_connection(
    registry: ProviderRegistry, body: dict[str, Any], old: dict[str, Any] | None
) -> dict[str, Any]:
    """Encrypt new secrets; a masked or unchanged one keeps what is stored, so that nothing changes."""
    provider = registry.catalog.get(body["provider"])
    if provider is None:
        return body
    before: dict[str, str] = (old or {}).get("connection", {})
    sealed = dict(body.get("connection", {}))
    for name in secret_fields(provider) & sealed.keys():
        value, kept = str(sealed[name]), before.get(name, "")
        if kept and (value == MASK or _same(registry, kept, value)):
            sealed[name] = kept
        elif value and value != MASK:
            sealed[name] = registry.secrets.encrypt(value)
    return {**body, "connection": sealed}


def _same(registry: ProviderRegistry, kept: str, value: str) -> bool:
    if is_reference(kept) or is_reference(value):
        return kept == value
    try:
        return registry.secrets.reveal(kept) == value
    except IomError:
        return False


def instance_problems(registry: ProviderRegistry, body: dict[str, Any]) -> list[Problem]:
    """Everything wrong with an instance that its provider can tell without calling anybody."""
    provider = registry.catalog.get(body["provider"])
    if provider is None:
        known = ", ".join(sorted(registry.catalog))
        return [
            Problem(
                "provider", f"no provider {body['provider']!r} in the library", f"known: {known}"
            )
        ]
    problems = [
        Problem(f"connection.{name}", "is masked and nothing is stored for it", "enter the secret")
        for name in secret_fields(provider)
        if body["connection"].get(name) == MASK
    ]
    known_names = {f"message:{k.name}" for k in provider.messages} | {
        f"action:{a.name}" for a in provider.actions
    }
    for name in sorted(set(body.get("transformations", {})) - known_names):
        problems.append(
            Problem(
                f"transformations.{name}",
                "is none of this provider's",
                ", ".join(sorted(known_names)),
            )
        )
    for part in ("connection", "parameters"):
        problems += _faults(
            lambda part=part: plain(getattr(provider, part), body.get(part, {}), part)
        )
    problems += _faults(lambda: compiled(provider, body.get("transformations", {})))
    return problems


def _faults(attempt: Any) -> list[Problem]:
    try:
        attempt()
    except IomError as error:
        return list(error.problems) or [Problem(error.where or "body", error.what, error.remedy)]
    except ValueError as error:
        return [Problem("transformations", str(error))]
    return []


def _applied(session: Session, documents: Sequence[Document]) -> None:
    """Refresh the read model; a changed connection is untested until it has been probed again."""
    upsert = insert(ProviderInstance)
    rows = [
        {
            "name": d.name,
            "version": d.version,
            "provider": d.body["provider"],
            "title": d.body["title"],
            "mapping_group": d.body.get("mapping_group", ""),
            "active": d.body.get("active", True),
            "poll_seconds": d.body.get("poll_seconds"),
        }
        for d in documents
    ]
    fresh = {column: upsert.excluded[column] for column in rows[0] if column != "name"}
    again = {
        "state": "untested",
        "error": "",
        "next_probe_at": func.now(),
        "next_poll_at": func.now(),
    }
    first = upsert.values(next_probe_at=func.now(), next_poll_at=func.now())
    session.execute(first.on_conflict_do_update(index_elements=["name"], set_=fresh | again), rows)
    notify(session, PROBE_WAKE)


def _removed(session: Session, names: Sequence[str]) -> None:
    session.execute(delete(ProviderInstance).where(ProviderInstance.name.in_(names)))
