"""Mappings of external keys to our names, and the messages that wait for one.

A lookup is exact. The mapping of an instance precedes that of its mapping group, and this the
default one; an exact mapping precedes a wildcard.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from openiom.platform.bulk import execute, fetch_as
from openiom.platform.configuration import Document, DocumentKind, latest_bodies
from openiom.platform.events import notify

from .mapping_body import DOCUMENT_KINDS, KIND, WILDCARD, MappingBody
from .mapping_rules import MASTER_DATA, Lookup
from .mapping_targets import check_documents
from .messages import INBOX_WAKE, MessageId

_COLUMN_TYPES = {
    "table_name": "text",
    "field": "text",
    "value": "text",
    "scope": "text",
    "scope_name": "text",
    "internal": "text",
}
_ARRAYS = ", ".join([f"%({name})s::{kind}[]" for name, kind in _COLUMN_TYPES.items()])
_RESOLVE = f"""
SELECT DISTINCT ON (w.table_name, w.field, w.value)
  w.table_name AS "table", w.field, w.value,
  CASE WHEN m.{{target}} = '{WILDCARD}' THEN w.value ELSE m.{{target}} END AS target
FROM unnest(%(table)s::text[], %(field)s::text[], %(value)s::text[])
  AS w(table_name, field, value)
JOIN providers.id_mapping m ON m.table_name = w.table_name AND m.field = w.field
  AND m.{{source}} IN (w.value, '{WILDCARD}')
  AND (m.scope, m.scope_name) IN
    (('instance', %(instance)s), ('group', %(mapping_group)s), ('default', ''))
ORDER BY w.table_name, w.field, w.value, (m.{{source}} = w.value) DESC,
  array_position(ARRAY['instance', 'group', 'default'], m.scope), m.value
"""
_RESOLVE_INTERNAL = _RESOLVE.format(source="value", target="internal")
_RESOLVE_EXTERNAL = _RESOLVE.format(source="internal", target="value")
_UPSERT = f"""
INSERT INTO providers.id_mapping ({", ".join(_COLUMN_TYPES)})
SELECT DISTINCT ON (table_name, field, value, scope, scope_name) *
FROM unnest({_ARRAYS}) AS given({", ".join(_COLUMN_TYPES)})
ON CONFLICT (table_name, field, value, scope, scope_name)
DO UPDATE SET internal = excluded.internal
"""
_DELETE = f"""
DELETE FROM providers.id_mapping m
USING unnest({_ARRAYS}) AS given({", ".join(_COLUMN_TYPES)})
WHERE m.table_name = given.table_name AND m.field = given.field AND m.value = given.value
  AND m.scope = given.scope AND m.scope_name = given.scope_name
"""
_REPLAY_WAITING = f"""
WITH waiting AS (
  SELECT m.id FROM providers.message m
  WHERE m.state = 'parked' AND m.id IN (
    SELECT k.message_id FROM providers.unmapped_key k
    JOIN unnest(%(table_name)s::text[], %(field)s::text[], %(value)s::text[], %(scope)s::text[],
                %(scope_name)s::text[]) AS w(table_name, field, value, scope, scope_name)
      ON k.table_name = w.table_name AND k.field = w.field
      AND (k.value = w.value OR w.value = '{WILDCARD}')
      AND (w.scope <> 'instance' OR w.scope_name = k.instance))
  ORDER BY m.id FOR UPDATE),
deleted AS (
  DELETE FROM providers.unmapped_key k USING waiting WHERE k.message_id = waiting.id)
UPDATE providers.message m SET state = 'received', error = NULL
FROM waiting WHERE m.id = waiting.id RETURNING m.id
"""


class _Resolved(NamedTuple):
    """A row of `_RESOLVE`."""

    table: str
    field: str
    value: str
    target: str


def resolve(
    session: Session, instance: str, mapping_group: str, lookups: Iterable[tuple[str, str, str]]
) -> dict[Lookup, str]:
    """Return our names of external keys (table, field, value); unmapped keys are absent."""
    return _resolve(session, _RESOLVE_INTERNAL, instance, mapping_group, lookups)


def resolve_external(
    session: Session, instance: str, mapping_group: str, lookups: Iterable[tuple[str, str, str]]
) -> dict[Lookup, str]:
    """Return external keys of our names (table, field, name), the first of several."""
    return _resolve(session, _RESOLVE_EXTERNAL, instance, mapping_group, lookups)


def _resolve(
    session: Session,
    query: str,
    instance: str,
    mapping_group: str,
    lookups: Iterable[tuple[str, str, str]],
) -> dict[Lookup, str]:
    wanted = list(dict.fromkeys(lookups))
    if not wanted:
        return {}

    parameters = {"instance": instance, "mapping_group": mapping_group, **_lookup_arrays(wanted)}
    found: dict[Lookup, str] = {}
    for row in fetch_as(session, _Resolved, query, parameters):
        found[Lookup(row.table, row.field, row.value)] = row.target

    return found


def _lookup_arrays(lookups: Iterable[tuple[str, str, str]]) -> dict[str, list[str]]:
    arrays: dict[str, list[str]] = {"table": [], "field": [], "value": []}
    for table, field, value in lookups:
        arrays["table"].append(table)
        arrays["field"].append(field)
        arrays["value"].append(value)
    return arrays


def replay_waiting_messages(session: Session, mappings: Sequence[MappingBody]) -> int:
    """Queue the parked messages that wait for one of these mappings; return how many."""
    return _replay_waiting(session, mapping_arrays(mappings))


def replay_messages_needing(session: Session, kind: str, names: Sequence[str]) -> int:
    """Queue the messages that were parked because this master data was absent; return how many."""
    count = len(names)
    return _replay_waiting(
        session,
        {
            "table_name": [kind] * count,
            "field": [MASTER_DATA] * count,
            "value": list(names),
            "scope": ["default"] * count,
            "scope_name": [""] * count,
        },
    )


def _replay_waiting(session: Session, arrays: dict[str, list[Any]]) -> int:
    """Queue messages; one that still waits for another key will be parked again."""
    replayed = fetch_as(session, MessageId, _REPLAY_WAITING, arrays)
    if replayed:
        notify(session, INBOX_WAKE)
    return len(replayed)


def mapping_arrays(mappings: Sequence[MappingBody]) -> dict[str, list[Any]]:
    """Return the columns of `id_mapping`, by name."""
    arrays: dict[str, list[Any]] = {}
    for column in _COLUMN_TYPES:
        arrays[column] = [getattr(mapping, column) for mapping in mappings]
    return arrays


def _on_apply(session: Session, documents: Sequence[Document]) -> None:
    mappings = [MappingBody.model_validate(document.body) for document in documents]
    execute(session, _UPSERT, mapping_arrays(mappings))
    replay_waiting_messages(session, mappings)


def _on_delete(session: Session, names: Sequence[str]) -> None:
    bodies = latest_bodies(session, KIND, names)
    mappings = [MappingBody.model_validate(body) for body in bodies.values()]
    execute(session, _DELETE, mapping_arrays(mappings))


def _references() -> dict[str, tuple[str, ...]]:
    """Return the JSON paths at which a mapping names documents of other kinds."""
    references: dict[str, tuple[str, ...]] = {
        "provider_instance": ('$ ? (@.scope == "instance").scope_name',),
    }
    for table, kind in DOCUMENT_KINDS.items():
        references[kind] = (f'$ ? (@.table == "{table}").internal',)
    return references


MAPPING_KIND = DocumentKind(
    KIND,
    MappingBody,
    45,
    check_all=check_documents,
    on_apply=_on_apply,
    on_delete=_on_delete,
    references=_references(),
)
