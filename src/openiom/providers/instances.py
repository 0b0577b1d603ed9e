"""Installed instances: their document kind, the encryption of secrets, and their read model."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import delete, func
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from openiom.kernel import IomError, Problem
from openiom.platform.configuration import Document, DocumentKind
from openiom.platform.events import notify
from openiom.platform.secrets import MASK, is_reference, mask_secrets
from openiom.provider_contract import Provider, validate_url

from .direct_instances import name_problems
from .models import ProviderInstanceRow
from .registry import (
    KIND,
    ProviderRegistry,
    compile_transformations,
    plain_values,
    secret_fields,
    transformation_bodies,
)

POLL_WAKE, PROBE_WAKE = "poll", "probe"


class InstanceBody(BaseModel):
    """An installed provider: its connection, parameters, mapping group and poll interval."""

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
        description="Own transformations by `message:KIND` or `action:NAME`, instead of those of"
        " the provider",
    )


def instance_kind(registry: ProviderRegistry) -> DocumentKind:
    """Return the document kind for the providers of a registry."""

    def redact(body: dict[str, Any]) -> dict[str, Any]:
        provider = registry.catalog.get(body["provider"])
        hidden = secret_fields(provider) if provider else set(body["connection"])
        return {**body, "connection": mask_secrets(body.get("connection", {}), hidden)}

    def check(session: Session, name: str, body: dict[str, Any]) -> Sequence[Problem]:
        return [*name_problems(registry.direct, name), *instance_problems(registry, body)]

    return DocumentKind(
        KIND,
        InstanceBody,
        40,
        check=check,
        on_apply=_on_apply,
        on_delete=_on_delete,
        encrypt=partial(encrypt_connection, registry),
        redact=redact,
    )


def encrypt_connection(
    registry: ProviderRegistry, body: dict[str, Any], old: dict[str, Any] | None
) -> dict[str, Any]:
    """Return a body with encrypted secrets.

    A masked or unchanged secret keeps its stored text, so that the document does not change. When
    another field of the connection has changed, a masked secret stays masked and is refused: it
    belongs to the old address, and must not be sent to a new one.
    """
    provider = registry.catalog.get(body["provider"])
    if provider is None:
        return body

    before: dict[str, str] = old.get("connection", {}) if old else {}
    encrypted = dict(body.get("connection", {}))

    secret_names = secret_fields(provider)
    moved = _without(before, secret_names) != _without(encrypted, secret_names)
    for name in secret_names & encrypted.keys():
        given, stored = str(encrypted[name]), before.get(name, "")
        if given == MASK and moved:
            continue

        encrypted[name] = _encrypt(registry, given, stored)

    return {**body, "connection": encrypted}


def _without(connection: dict[str, Any], names: set[str]) -> dict[str, Any]:
    """Return the fields of a connection that are set, without those named."""
    kept = {}
    for name, value in connection.items():
        if name not in names and value not in ("", None):
            kept[name] = value
    return kept


def _encrypt(registry: ProviderRegistry, value: str, stored: str) -> str:
    """Return the text to store for a secret, of which `stored` is stored at present."""
    if stored and (value == MASK or _is_same_secret(registry, stored, value)):
        return stored
    if value in ("", MASK):
        return value
    return registry.secrets.encrypt(value.strip())


def _is_same_secret(registry: ProviderRegistry, stored: str, value: str) -> bool:
    if is_reference(stored) or is_reference(value):
        return stored == value
    try:
        return registry.secrets.reveal(stored) == value
    except IomError:
        return False


def instance_problems(registry: ProviderRegistry, body: dict[str, Any]) -> list[Problem]:
    """Return every problem of an instance that can be found without calling its provider."""
    provider = registry.catalog.get(body["provider"])
    if provider is None:
        what = f"no provider {body['provider']!r} in the library"
        return [Problem("provider", what, f"known: {', '.join(sorted(registry.catalog))}")]

    transformations = body.get("transformations", {})
    return [
        *_secret_problems(registry, provider, body["connection"]),
        *_address_problems(provider, body["connection"]),
        *_unknown_transformations(provider, transformations),
        *_faults(
            lambda: plain_values(provider.connection, body.get("connection", {}), "connection")
        ),
        *_faults(
            lambda: plain_values(provider.parameters, body.get("parameters", {}), "parameters")
        ),
        *_faults(lambda: compile_transformations(provider, transformations)),
    ]


def _secret_problems(
    registry: ProviderRegistry, provider: Provider, connection: dict[str, Any]
) -> list[Problem]:
    """Return the problems of masked secrets, and of references that are not allowed."""
    problems = []
    for name in sorted(secret_fields(provider)):
        value, where = str(connection.get(name, "")), f"connection.{name}"
        if value == MASK:
            what = "is masked, and nothing is stored for it at this address"
            problems.append(Problem(where, what, "enter the secret"))
        elif is_reference(value):
            problems += _faults(partial(registry.secrets.references.check, value, name=where))
    return problems


def _address_problems(provider: Provider, connection: dict[str, Any]) -> list[Problem]:
    """Return the problems of addresses, which are shown and exported, so they hold no secret."""
    problems = []
    for name in sorted(connection.keys() - secret_fields(provider)):
        for problem in _url_problems(connection[name]):
            problems.append(replace(problem, where=f"connection.{name}"))
    return problems


def _url_problems(value: Any) -> Sequence[Problem]:
    """Return the problems of a value that is an address; of any other there are none."""
    if not isinstance(value, str) or "://" not in value:
        return []
    return _faults(partial(validate_url, value))


def _unknown_transformations(provider: Provider, transformations: dict[str, Any]) -> list[Problem]:
    known = transformation_bodies(provider)
    problems = []
    for name in sorted(transformations.keys() - known.keys()):
        remedy = f"use one of {', '.join(sorted(known))}"
        problems.append(
            Problem(f"transformations.{name}", "is not a transformation of this provider", remedy)
        )
    return problems


def _faults(attempt: Callable[[], Any]) -> list[Problem]:
    """Return the problems for which an attempt fails."""
    try:
        attempt()
    except IomError as error:
        return list(error.problems) or [Problem(error.where or "body", error.what, error.remedy)]
    except ValueError as error:
        return [Problem("transformations", str(error))]
    return []


def _on_apply(session: Session, documents: Sequence[Document]) -> None:
    """Update the read model; a changed connection is untested until the next probe."""
    rows = []
    for document in documents:
        body = document.body
        rows.append(
            {
                "name": document.name,
                "version": document.version,
                "provider": body["provider"],
                "title": body["title"],
                "mapping_group": body.get("mapping_group", ""),
                "active": body.get("active", True),
                "poll_seconds": body.get("poll_seconds"),
            }
        )

    due = {"next_probe_at": func.now(), "next_poll_at": func.now()}
    statement = insert(ProviderInstanceRow).values(**due)
    changed: dict[str, Any] = {"state": "untested", "error": "", "red_since": None, **due}

    for column in rows[0]:
        if column != "name":
            changed[column] = statement.excluded[column]

    upsert = statement.on_conflict_do_update(index_elements=["name"], set_=changed)
    session.execute(upsert, rows)
    notify(session, PROBE_WAKE)


def _on_delete(session: Session, names: Sequence[str]) -> None:
    session.execute(delete(ProviderInstanceRow).where(ProviderInstanceRow.name.in_(names)))
