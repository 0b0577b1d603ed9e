"""Reads: instances, outbound requests, messages, unmapped keys and mappings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson
from sqlalchemy.orm import Session

from openiom.kernel import Invalid, IomError, NotFound
from openiom.platform.bulk import escape_like, fetch_as, fetch_column
from openiom.platform.sort_keys import Sort
from openiom.policies import (
    Transformation,
    TransformationDocument,
    TransformFailure,
    validate_transformation,
)

from .direct_instances import read_documents
from .instance_state import not_installed
from .mapping import resolve
from .mapping_rules import (
    MASTER_DATA,
    MessageOutcome,
    apply_mappings,
    lookups_of,
    parked_for_failure,
    parked_for_keys,
)
from .message_sorts import message_sort
from .messages import UNREADABLE
from .registry import ProviderRegistry
from .schemas import (
    CallRow,
    InstanceColumns,
    InstanceRow,
    MappingRow,
    MappingSuggestion,
    MessageColumns,
    MessageDetail,
    MessageError,
    MessageRow,
    Preview,
    PreviewRow,
    UnmappedKeyGroup,
    UnmappedKeyView,
)

MAX_GROUPS = 500
MAX_SEARCHED = 10_000
"""Parked messages, the newest ones, whose text is searched."""
MAX_FOUND = 1_000
COUNTED_STATES = ("received", "parked", "discarded", "on_hold")

_INSTANCE_COLUMNS = """
name, title, provider, active, paused_at, paused_by, state, probed_at,
nullif(account, '') AS account, scopes, missing_scopes, nullif(error, '') AS error,
poll_seconds, last_poll_at, next_poll_at, nullif(last_error, '') AS last_error
"""
_MESSAGE_COLUMNS = """
m.id::text AS id, m.instance, m.kind, m.key, nullif(m.version, '') AS version, m.state,
m.received_at, m.processed_at, m.error, m.attempts, m.deliveries,
nullif(m.entity_id, '') AS entity_id, trim_scale(m.total_amount)::text AS total,
nullif(m.currency, '') AS currency
"""
_CALL_COLUMNS = """
id::text AS id, instance, nullif(action, '') AS action, method, url, status,
coalesce(status < 400, false) AND error = '' AS ok, started_at, milliseconds AS duration_ms,
nullif(error, '') AS error
"""
_COUNT_MESSAGES = """
SELECT instance, state, count(*) AS messages FROM providers.message
WHERE state = 'received' GROUP BY instance, state
UNION ALL
SELECT instance, state, count(*) AS messages FROM providers.message
WHERE state IN ('parked', 'discarded', 'on_hold') GROUP BY instance, state
"""
_LIST_CALLS = f"""
SELECT {_CALL_COLUMNS} FROM providers.outbound_request
WHERE (%(after)s::bigint IS NULL OR id < %(after)s)
  AND (%(instance)s = '' OR instance = %(instance)s)
  AND (NOT %(failed)s OR status IS NULL OR status >= 400 OR error <> '')
ORDER BY id DESC LIMIT %(limit)s
"""
_MESSAGE_FILTERS = {
    "state": "m.state = %s",
    "instance": "m.instance = %s",
    "kind": "m.kind = %s",
}
# Instances and kinds are few, and lead the index by which a key is found.
_FIND_MESSAGES = f"""
(SELECT id FROM providers.message
 WHERE instance = ANY(%(instances)s) AND kind = ANY(%(kinds)s) AND key = %(search)s
 ORDER BY id DESC LIMIT {MAX_FOUND})
UNION
(SELECT id FROM (
    SELECT id, search_text FROM providers.message WHERE state = 'parked'
    ORDER BY id DESC LIMIT {MAX_SEARCHED}
  ) p
 WHERE search_text LIKE %(pattern)s ORDER BY id DESC LIMIT {MAX_FOUND})
"""
_SEARCH_PARKED = f"""
SELECT id, instance, kind, key, coalesce(error->>'what', '') AS what FROM (
    SELECT * FROM providers.message WHERE state = 'parked' ORDER BY id DESC LIMIT {MAX_SEARCHED}
) p
WHERE search_text LIKE %(pattern)s OR key = %(search)s ORDER BY id DESC LIMIT %(limit)s
"""
_MAPPING_FILTERS = {
    "table": "table_name = %(table)s",
    "instance": "scope = 'instance' AND scope_name = %(instance)s",
    "search": "(strpos(lower(value), lower(%(search)s)) > 0"
    " OR strpos(lower(internal), lower(%(search)s)) > 0)",
}
_UNMAPPED_KEYS = """
SELECT message_id, table_name AS "table", field, value FROM providers.unmapped_key
WHERE message_id = ANY(%(ids)s::bigint[])
ORDER BY message_id, table_name, field, value
"""
_UNMAPPED_KEY_GROUPS = f"""
SELECT table_name AS "table", field, value, instance, count(*) AS messages
FROM providers.unmapped_key WHERE field <> '{MASTER_DATA}'
GROUP BY table_name, field, value, instance
ORDER BY messages DESC, table_name, field, value, instance LIMIT %(limit)s
"""

MappingPosition = tuple[str, str, str, str, str]
"""(table, field, value, scope, scope_name): the order of the list of mappings."""


class _MessageCount(NamedTuple):
    instance: str
    state: str
    messages: int


class _InstanceName(NamedTuple):
    name: str


class _UnmappedKey(NamedTuple):
    message_id: int
    table: str
    field: str
    value: str


class _UnmappedKeyCount(NamedTuple):
    table: str
    field: str
    value: str
    instance: str
    messages: int


class ParkedMessage(NamedTuple):
    """A parked message that a search found, and why it is parked."""

    id: int
    instance: str
    kind: str
    key: str
    what: str


class _StoredMessage(MessageColumns):
    """A message with its payload as text."""

    payload: str


@dataclass(frozen=True, slots=True)
class MessageFilter:
    """Conditions of a list of messages; empty ones do not filter.

    `search` is a whole key; parked messages are also found by part of a number, name or e-mail.
    """

    state: str = ""
    instance: str = ""
    kind: str = ""
    search: str = ""
    sort: str = ""

    @property
    def sorted_by(self) -> Sort[MessageRow]:
        """The sort that was chosen, else newest first. Raise `Invalid`."""
        return message_sort(self.state, self.sort)


@dataclass(frozen=True, slots=True)
class MappingFilter:
    """Conditions of a list of mappings; empty ones do not filter.

    `instance` lists only the mappings of an instance itself; `search` is the beginning of a value.
    """

    table: str = ""
    instance: str = ""
    search: str = ""


def list_instances(
    session: Session, registry: ProviderRegistry, *, name: str = ""
) -> list[InstanceRow]:
    """Return installed providers by name, or the one with `name`."""
    query = (
        f"SELECT {_INSTANCE_COLUMNS} FROM providers.provider_instance"
        " WHERE %(name)s = '' OR name = %(name)s ORDER BY name"
    )
    rows = fetch_as(session, InstanceColumns, query, {"name": name})
    counts: dict[str, dict[str, int]] = {row.name: dict.fromkeys(COUNTED_STATES, 0) for row in rows}

    for count in fetch_as(session, _MessageCount, _COUNT_MESSAGES):
        if count.instance in counts:
            counts[count.instance][count.state] = count.messages

    instances = []
    for row in rows:
        provider = registry.catalog.get(row.provider)
        category = provider.category if provider else ""
        instances.append(InstanceRow(**dict(row), category=category, messages=counts[row.name]))

    return instances


def get_instance(session: Session, registry: ProviderRegistry, name: str) -> InstanceRow:
    """Return one installed provider. Raise `NotFound`."""
    found = list_instances(session, registry, name=name) if name else []
    if not found:
        raise not_installed(name)
    return found[0]


def list_calls(
    session: Session, *, instance: str, failed: bool, after: int | None, limit: int
) -> list[CallRow]:
    """Return outbound requests, the newest first."""
    parameters = {"instance": instance, "failed": failed, "after": after, "limit": limit}
    return fetch_as(session, CallRow, _LIST_CALLS, parameters)


def list_messages(
    session: Session,
    registry: ProviderRegistry,
    filters: MessageFilter,
    *,
    after: Sequence[Any] | None,
    limit: int,
) -> list[MessageRow]:
    """Return messages in the order of `sorted_by`; `after` is the sort key of the last row."""
    conditions: list[str] = []
    parameters: list[Any] = []

    for name, condition in _MESSAGE_FILTERS.items():
        value = getattr(filters, name)
        if value:
            conditions.append(condition)
            parameters.append(value)

    if filters.search:
        conditions.append("m.id = ANY(%s)")
        parameters.append(_find_messages(session, registry, filters.search))

    if after:
        condition, values = filters.sorted_by.after(after)
        conditions.append(condition)
        parameters += values

    query = (
        f"SELECT {_MESSAGE_COLUMNS} FROM providers.message m"
        f" WHERE {' AND '.join(conditions) or 'TRUE'}"
        f" ORDER BY {filters.sorted_by.order_by} LIMIT %s"
    )
    rows = fetch_as(session, MessageColumns, query, [*parameters, limit])
    missing = _unmapped_keys(session, [row.id for row in rows])
    return [MessageRow(**dict(row), missing=missing.get(row.id, [])) for row in rows]


def _find_messages(session: Session, registry: ProviderRegistry, words: str) -> list[int]:
    parameters = {
        "instances": [*_instance_names(session), *registry.direct],
        "kinds": _message_kinds(registry),
        "search": words,
        "pattern": _part_of(words),
    }
    return fetch_column(session, _FIND_MESSAGES, parameters)


def _part_of(words: str) -> str:
    return f"%{escape_like(words.strip().lower())}%"


def search_parked(session: Session, words: str, *, limit: int) -> list[ParkedMessage]:
    """Return parked messages with part of a number, name or e-mail, the newest first."""
    parameters = {"search": words, "pattern": _part_of(words), "limit": limit}
    return fetch_as(session, ParkedMessage, _SEARCH_PARKED, parameters)


def _instance_names(session: Session) -> list[str]:
    rows = fetch_as(session, _InstanceName, "SELECT name FROM providers.provider_instance")
    return [row.name for row in rows]


def _message_kinds(registry: ProviderRegistry) -> list[str]:
    kinds = {UNREADABLE, *registry.direct.values()}
    for provider in registry.catalog.values():
        kinds.update(kind.name for kind in provider.messages)
    return sorted(kinds)


def _unmapped_keys(session: Session, ids: Sequence[str]) -> dict[str, list[UnmappedKeyView]]:
    """Return the keys that messages wait for, by message id."""
    found: dict[str, list[UnmappedKeyView]] = {}
    for row in fetch_as(session, _UnmappedKey, _UNMAPPED_KEYS, {"ids": list(ids)}):
        view = UnmappedKeyView(table=row.table, field=row.field, value=row.value)
        found.setdefault(str(row.message_id), []).append(view)
    return found


def get_message(session: Session, registry: ProviderRegistry, message: int) -> MessageDetail:
    """Return one message with its payload and its preview. Raise `NotFound`."""
    stored = _get_stored(session, message)
    try:
        payload = orjson.loads(stored.payload)
    except orjson.JSONDecodeError:
        payload = stored.payload

    try:
        preview: Preview | None = _preview(session, registry, stored, None)
    except IomError:  # Its instance, kind or transformation is deleted; the message is still shown.
        preview = None

    columns = dict(stored) | {"payload": payload}
    missing = _unmapped_keys(session, [stored.id])
    return MessageDetail(
        **columns,
        missing=missing.get(stored.id, []),
        document=preview.document if preview else None,
        preview=preview,
    )


def _get_stored(session: Session, message: int) -> _StoredMessage:
    query = f"SELECT {_MESSAGE_COLUMNS}, m.payload FROM providers.message m WHERE m.id = %s"
    rows = fetch_as(session, _StoredMessage, query, (message,))
    if not rows:
        raise NotFound(f"no message {message}", remedy="see the list of messages")
    return rows[0]


def preview_message(
    session: Session,
    registry: ProviderRegistry,
    message: int,
    transformation: Mapping[str, Any] | None,
) -> Preview:
    """Return the result of a transformation, by default the one in use, for a stored message.

    Raise `NotFound`, and `Invalid` with every fault of the given transformation.
    """
    return _preview(session, registry, _get_stored(session, message), transformation)


def _preview(
    session: Session,
    registry: ProviderRegistry,
    stored: _StoredMessage,
    transformation: Mapping[str, Any] | None,
) -> Preview:
    opened = registry.open(session, stored.instance)
    opened.message_kind(stored.kind)
    if opened.is_direct:
        [read] = read_documents([stored.payload])
        return Preview(document=read.document, error=None, missing=[], rows=[])

    document = opened.transformations[f"message:{stored.kind}"].document
    if transformation is not None:
        document = Transformation(read_transformation(transformation)).document

    draft = registry.drafts.evaluate(document, stored.payload)
    rows = []
    for step in draft.rows:
        rows.append(
            PreviewRow(
                path=step.path, expression=step.expression, value=step.value, error=step.error
            )
        )

    result = draft.result
    if isinstance(result, TransformFailure):
        error = _message_error(parked_for_failure(result))
        return Preview(document=None, error=error, missing=[], rows=rows)

    names = resolve(session, opened.name, opened.mapping_group, lookups_of([result]))
    unmapped = apply_mappings(result, names)
    if not unmapped:
        return Preview(document=result.document, error=None, missing=[], rows=rows)

    outcome = parked_for_keys(unmapped)
    missing = [UnmappedKeyView(**lookup._asdict()) for lookup in outcome.missing]
    error = _message_error(outcome)
    return Preview(document=result.document, error=error, missing=missing, rows=rows)


def _message_error(outcome: MessageOutcome) -> MessageError | None:
    return MessageError(**outcome.error) if outcome.error else None


def list_unmapped_keys(
    session: Session, registry: ProviderRegistry, *, limit: int = MAX_GROUPS
) -> list[UnmappedKeyGroup]:
    """Return keys that parked messages wait for, those with most messages first."""
    counts = fetch_as(session, _UnmappedKeyCount, _UNMAPPED_KEY_GROUPS, {"limit": limit})
    values: dict[str, set[str]] = {}
    for count in counts:
        values.setdefault(count.table, set()).add(count.value)

    suggestions: dict[str, dict[str, list[MappingSuggestion]]] = {}
    for table in values:
        suggestions[table] = _suggestions(session, registry, table, sorted(values[table]))

    groups = []
    for count in counts:
        suggested = suggestions[count.table].get(count.value, [])
        groups.append(UnmappedKeyGroup(**count._asdict(), suggestions=suggested))

    return groups


def _suggestions(
    session: Session, registry: ProviderRegistry, table: str, values: Sequence[str]
) -> dict[str, list[MappingSuggestion]]:
    """Return our records that external values may refer to, by value."""
    found: dict[str, list[MappingSuggestion]] = {}
    for value, matches in registry.suggest_matches(session, table, values).items():
        found[value] = []
        for match in matches:
            suggestion = MappingSuggestion(
                internal=match.internal,
                label=match.label,
                score=match.score,
                reason=match.reason,
                certain=match.certain,
            )
            found[value].append(suggestion)

    return found


def list_mappings(
    session: Session, filters: MappingFilter, *, after: MappingPosition | None, limit: int
) -> list[MappingRow]:
    """Return mappings by table, field, value and scope."""
    parameters: dict[str, Any] = {"limit": limit}
    conditions = ["TRUE"]
    for name, condition in _MAPPING_FILTERS.items():
        value = getattr(filters, name)
        if value:
            conditions.append(condition)
            parameters[name] = value

    if after is not None:
        conditions.append(
            "(table_name, field, value, scope, scope_name) >"
            " (%(after_table)s, %(after_field)s, %(after_value)s, %(after_scope)s,"
            " %(after_scope_name)s)"
        )
        table, field, value, scope, scope_name = after
        parameters |= {
            "after_table": table,
            "after_field": field,
            "after_value": value,
            "after_scope": scope,
            "after_scope_name": scope_name,
        }

    query = (
        'SELECT table_name AS "table", field, value, internal, scope, scope_name'
        f" FROM providers.id_mapping WHERE {' AND '.join(conditions)}"
        " ORDER BY table_name, field, value, scope, scope_name LIMIT %(limit)s"
    )
    return fetch_as(session, MappingRow, query, parameters)


def read_transformation(body: Mapping[str, Any]) -> TransformationDocument:
    """Return a transformation document. Raise `Invalid` with every fault."""
    faults = validate_transformation(body)
    if faults:
        raise Invalid(
            "the transformation does not compile", where="transformation", problems=faults
        )
    return TransformationDocument.model_validate(body)
