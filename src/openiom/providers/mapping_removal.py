"""Deletion of mappings by their keys."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from openiom.kernel import NotFound
from openiom.platform.configuration import (
    Configuration,
    current_documents,
    documents_containing,
)

from .mapping_body import KIND, MappingBody
from .schemas import StoredMappingKey

Key = tuple[str, str, str, str, str]


def remove_mappings(
    session: Session,
    configuration: Configuration,
    keys: Sequence[StoredMappingKey],
    *,
    now: datetime,
    actor: str,
) -> int:
    """Delete mappings, all or none, and return how many. Raise `NotFound`."""
    wanted = {_key(key) for key in keys}
    bodies = [{"table": key.table, "field": key.field, "value": key.value} for key in keys]
    names = documents_containing(session, KIND, bodies)

    found: dict[str, Key] = {}
    for document in current_documents(session, KIND, names=names):
        key = _key(MappingBody.model_validate(document.body))
        if key in wanted:
            found[document.name] = key

    missing = sorted(wanted - set(found.values()))
    if missing:
        table, field, value, *_ = missing[0]
        raise NotFound(
            f'there is no mapping for {table} with {field} "{value}"',
            where="mappings",
            remedy="it may have been deleted already; reload the list of mappings",
        )

    configuration.remove(session, [(KIND, name) for name in found], at=now, actor=actor)
    return len(wanted)


def _key(mapping: StoredMappingKey | MappingBody) -> Key:
    return (mapping.table, mapping.field, mapping.value, mapping.scope, mapping.scope_name)
