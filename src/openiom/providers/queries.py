"""Reads of this room: instances, calls, messages, what is missing, and mappings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy.orm import Session

from openiom.kernel import Invalid, IomError, NotFound
from openiom.platform.bulk import fetch
from openiom.policies import (
    Transformation,
    TransformationDocument,
    TransformFailure,
    validate_transformation,
)

from .inbox_worker import fill, unmapped, untransformed
from .mapping import ITSELF, resolve
from .messages import UNREADABLE
from .registry import ProviderRegistry
from .schemas import (
    CallRow,
    InstanceRow,
    MappingRow,
    MessageDetail,
    MessageError,
    MessageRow,
    MissingGroup,
    MissingKeyView,
    Preview,
    PreviewRow,
    Suggestion,
)

MOST_GROUPS = 500
_INSTANCE = (
    "name, title, provider, active, state, probed_at, account, scopes, missing_scopes, error, poll_seconds,"
    " last_poll_at, next_poll_at, last_error"
)
_MESSAGE = (
    "m.id, m.instance, m.kind, m.key, m.version, m.state, m.received_at, m.processed_at, m.error, m.attempts,"
    " m.deliveries, m.entity_id"
)


def list_instances(
    session: Session, registry: ProviderRegistry, *, name: str = ""
) -> list[InstanceRow]:
    """Installed providers by name, with what their last probe and poll found. `name` asks for one."""
    rows = fetch(
        session,
        f"SELECT {_INSTANCE} FROM providers.provider_instance WHERE %s = '' OR name = %s ORDER BY name",
        (name, name),
    )
    counts: dict[str, dict[str, int]] = {
        row[0]: {"received": 0, "parked": 0, "discarded": 0} for row in rows
    }
    waiting = fetch(
        session,
        "SELECT instance, state, count(*) FROM providers.message WHERE state = 'received' GROUP BY 1, 2 UNION ALL"
        " SELECT instance, state, count(*) FROM providers.message WHERE state IN ('parked', 'discarded') GROUP BY 1, 2",
    )
    for instance, state, count in waiting:
        if instance in counts:
            counts[instance][state] = count
    names = [column.strip() for column in _INSTANCE.split(",")]
    return [_instance(dict(zip(names, row, strict=True)), counts[row[0]], registry) for row in rows]


def _instance(
    row: dict[str, Any], counts: dict[str, int], registry: ProviderRegistry
) -> InstanceRow:
    provider = registry.catalog.get(row["provider"])
    for name in ("account", "error", "last_error"):
        row[name] = row[name] or None
    return InstanceRow(**row, category=provider.category if provider else "", messages=counts)


def get_instance(session: Session, registry: ProviderRegistry, name: str) -> InstanceRow:
    """One installed provider. Raises NotFound."""
    found = list_instances(session, registry, name=name) if name else []
    if not found:
        raise NotFound(f"no provider instance {name}", remedy="see the list of installed providers")
    return found[0]


def list_calls(
    session: Session, *, instance: str, failed: bool, after: int | None, limit: int
) -> list[CallRow]:
    """Exchanges with the outside, newest first."""
    rows = fetch(
        session,
        "SELECT id, instance, action, method, url, status, error, started_at, milliseconds FROM providers.outbound_request"
        " WHERE (%s::bigint IS NULL OR id < %s) AND (%s = '' OR instance = %s)"
        " AND (NOT %s OR status IS NULL OR status >= 400 OR error <> '') ORDER BY id DESC LIMIT %s",
        (after, after, instance, instance, failed, limit),
    )
    return [
        CallRow(
            id=str(new),
            instance=name,
            action=action or None,
            method=method,
            url=url,
            status=status,
            ok=status is not None and status < 400 and not error,
            started_at=started,
            duration_ms=milliseconds,
            error=error or None,
        )
        for new, name, action, method, url, status, error, started, milliseconds in rows
    ]


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Empty filters nothing. `search` is a whole key."""

    state: str = ""
    instance: str = ""
    kind: str = ""
    search: str = ""


def list_messages(
    session: Session,
    registry: ProviderRegistry,
    chosen: MessageFilter,
    *,
    after: int | None,
    limit: int,
) -> list[MessageRow]:
    """Messages, newest first."""
    where, values = ["TRUE"], list[Any]()
    if after is not None:
        where.append("m.id < %s")
        values.append(after)
    if chosen.state:
        where.append("m.state = %s")
        values.append(chosen.state)
    if chosen.search:  # names of instances and kinds are few, and lead the index that finds a key
        kinds = {kind.name for provider in registry.catalog.values() for kind in provider.messages}
        where += ["m.instance = ANY(%s)", "m.kind = ANY(%s)", "m.key = %s"]
        names = fetch(session, "SELECT name FROM providers.provider_instance")
        values += [[row[0] for row in names], sorted({*kinds, UNREADABLE}), chosen.search]
    if chosen.instance:
        where.append("m.instance = %s")
        values.append(chosen.instance)
    if chosen.kind:
        where.append("m.kind = %s")
        values.append(chosen.kind)
    rows = fetch(
        session,
        f"SELECT {_MESSAGE} FROM providers.message m WHERE {' AND '.join(where)} ORDER BY m.id DESC LIMIT %s",
        (*values, limit),
    )
    missing = _missing_of(session, [row[0] for row in rows])
    return [MessageRow(**_message(row, missing)) for row in rows]


def _message(row: Sequence[Any], missing: Mapping[int, list[MissingKeyView]]) -> dict[str, Any]:
    (
        new,
        instance,
        kind,
        key,
        version,
        state,
        received,
        processed,
        error,
        attempts,
        deliveries,
        entity,
    ) = row
    return {
        "id": str(new),
        "instance": instance,
        "kind": kind,
        "key": key,
        "version": version or None,
        "state": state,
        "received_at": received,
        "processed_at": processed,
        "error": MessageError(**error) if error else None,
        "missing": missing.get(new, []),
        "attempts": attempts,
        "deliveries": deliveries,
        "entity_id": entity or None,
    }


def _missing_of(session: Session, ids: Sequence[int]) -> dict[int, list[MissingKeyView]]:
    found: dict[int, list[MissingKeyView]] = {}
    rows = fetch(
        session,
        "SELECT message_id, table_name, field, value FROM providers.unmapped_key WHERE message_id = ANY(%s)"
        " ORDER BY message_id, table_name, field, value",
        (list(ids),),
    )
    for message, table, field, value in rows:
        found.setdefault(message, []).append(MissingKeyView(table=table, field=field, value=value))
    return found


def get_message(session: Session, registry: ProviderRegistry, message: int) -> MessageDetail:
    """One message with its payload, and what its transformation makes of it now. Raises NotFound."""
    row, payload = _stored(session, message)
    try:
        shown = orjson.loads(payload)
    except orjson.JSONDecodeError:
        shown = payload
    try:
        preview: Preview | None = preview_message(session, registry, message, None)
    except IomError:  # its instance, kind or transformation is gone: the message is still shown
        preview = None
    document = preview.document if preview else None
    fields = _message(row, _missing_of(session, [message]))
    return MessageDetail(**fields, payload=shown, document=document, preview=preview)


def _stored(session: Session, message: int) -> tuple[Sequence[Any], str]:
    rows = fetch(
        session,
        f"SELECT {_MESSAGE}, m.payload FROM providers.message m WHERE m.id = %s",
        (message,),
    )
    if not rows:
        raise NotFound(f"no message {message}", remedy="see the list of messages")
    return rows[0][:-1], rows[0][-1]


def preview_message(
    session: Session,
    registry: ProviderRegistry,
    message: int,
    transformation: Mapping[str, Any] | None,
) -> Preview:
    """What a transformation (the one in use when None) makes of a stored message; nothing is written.

    Raises NotFound, and Invalid with every fault of the transformation given.
    """
    row, payload = _stored(session, message)
    opened = registry.open(session, row[1])
    opened.message_kind(row[2])
    used = opened.transformations[f"message:{row[2]}"]
    if transformation is not None:
        used = Transformation(read_transformation(transformation))
    rows = [
        PreviewRow(path=e.path, expression=e.expression, value=e.value, error=e.error)
        for e in used.explain(payload)
    ]
    answer = used.transform_many([payload])[0]
    if isinstance(answer, TransformFailure):
        return Preview(
            document=None, error=_told(untransformed(answer).error), missing=[], rows=rows
        )
    lookups = [(k.table, k.field, k.value) for k in answer.keys]
    missing = fill(answer, resolve(session, opened.name, opened.mapping_group, lookups))
    document = answer.document
    if not missing:
        return Preview(document=document, error=None, missing=[], rows=rows)
    settled = unmapped(missing)
    keys = [
        MissingKeyView(table=table, field=field, value=value)
        for table, field, value in settled.missing
    ]
    return Preview(document=document, error=_told(settled.error), missing=keys, rows=rows)


def _told(error: Mapping[str, str] | None) -> MessageError | None:
    return MessageError(**error) if error else None


def missing_keys(
    session: Session, registry: ProviderRegistry, *, limit: int = MOST_GROUPS
) -> list[MissingGroup]:
    """Keys a mapping would free messages with, most wanted first, with what each may have meant."""
    rows = fetch(
        session,
        f"SELECT table_name, field, value, instance, count(*) FROM providers.unmapped_key WHERE field <> '{ITSELF}'"
        " GROUP BY 1, 2, 3, 4 ORDER BY 5 DESC, 1, 2, 3, 4 LIMIT %s",
        (limit,),
    )
    wanted: dict[str, set[str]] = {}
    for table, _, value, _, _ in rows:
        wanted.setdefault(table, set()).add(value)
    found = {
        table: _suggested(session, registry, table, sorted(values))
        for table, values in wanted.items()
    }
    return [
        MissingGroup(
            table=table,
            field=field,
            value=value,
            instance=instance,
            messages=count,
            suggestions=found[table].get(value, []),
        )
        for table, field, value, instance, count in rows
    ]


def _suggested(
    session: Session, registry: ProviderRegistry, table: str, values: Sequence[str]
) -> dict[str, list[Suggestion]]:
    if registry.suggest is None or table not in registry.suggests:
        return {}
    return {
        value: [
            Suggestion(internal=internal, label=label, score=score)
            for internal, label, score in some
        ]
        for value, some in registry.suggest(session, table, values).items()
    }


def list_mappings(
    session: Session,
    *,
    table: str,
    instance: str,
    search: str,
    after: Sequence[str] | None,
    limit: int,
) -> list[MappingRow]:
    """Mappings by table, field, value and scope. `instance` shows its own only; `search` is the start of a value."""
    where, values = ["TRUE"], list[Any]()
    if table:
        where.append("table_name = %s")
        values.append(table)
    if instance:
        where.append("scope = 'instance' AND scope_name = %s")
        values.append(instance)
    if search:
        where.append("starts_with(value, %s)")
        values.append(search)
    if after:
        where.append("(table_name, field, value, scope, scope_name) > (%s, %s, %s, %s, %s)")
        values += after
    rows = fetch(
        session,
        "SELECT table_name, field, value, internal, scope, scope_name FROM providers.id_mapping"
        f" WHERE {' AND '.join(where)} ORDER BY table_name, field, value, scope, scope_name LIMIT %s",
        (*values, limit),
    )
    names = ("table", "field", "value", "internal", "scope", "scope_name")
    return [MappingRow(**dict(zip(names, row, strict=True))) for row in rows]


def read_transformation(body: Mapping[str, Any]) -> TransformationDocument:
    """The document, if it is one. Raises Invalid."""
    faults = validate_transformation(body)
    if faults:
        raise Invalid(
            "the transformation does not compile", where="transformation", problems=faults
        )
    return TransformationDocument.model_validate(body)
