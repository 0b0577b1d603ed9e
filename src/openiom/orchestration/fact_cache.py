"""Facts of the subjects of one batch, loaded once and again only after something was written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.provider_contract import Entity, Facts

_Fields = frozenset[str] | None


@dataclass
class FactCache:
    """Facts and children of entities, as policies and expressions read them."""

    session: Session
    entities: Mapping[str, Entity]
    _facts: dict[tuple[str, _Fields], dict[UUID, Facts]] = field(default_factory=dict)
    _children: dict[tuple[str, str], dict[UUID, list[UUID]]] = field(default_factory=dict)
    _assumed: dict[tuple[str, UUID], dict[str, Any]] = field(default_factory=dict)

    def load(
        self, entity: str, ids: Sequence[UUID], fields: _Fields = None
    ) -> Mapping[UUID, Facts]:
        """Return facts by id, with at least these fields (None: all); unknown ids are absent."""
        complete = self._facts.setdefault((entity, None), {})
        if fields is not None and complete.keys() >= set(ids):
            return complete

        known = self._facts.setdefault((entity, fields), {})
        missing = _missing(ids, known)
        if missing:
            loaded = self.entities[entity].facts(self.session, missing, fields)
            known.update(self._with_assumptions(entity, loaded))

        return known

    def children(
        self, entity: str, child: str, ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[UUID]]:
        """Return the ids of the `child` entities of each id, an empty list without any."""
        known = self._children.setdefault((entity, child), {})
        missing = _missing(ids, known)
        if missing:
            known.update(dict.fromkeys(missing, []))
            known.update(self.entities[entity].children[child](self.session, missing))

        return known

    def invalidate(self) -> None:
        """Drop everything loaded, because an action, a policy or an event has written."""
        self._facts.clear()
        self._children.clear()

    def assume(self, entity: str, values: Mapping[UUID, Mapping[str, Any]]) -> None:
        """Let these fields read as `values` from now on, although nothing was written."""
        for id, fields in values.items():
            self._assumed.setdefault((entity, id), {}).update(fields)
        self.invalidate()

    def _with_assumptions(self, entity: str, loaded: Mapping[UUID, Facts]) -> Mapping[UUID, Facts]:
        if not self._assumed:
            return loaded
        overlaid = {}
        for id, facts in loaded.items():
            overlaid[id] = {**facts, **self._assumed.get((entity, id), {})}
        return overlaid


def _missing(ids: Sequence[UUID], known: Mapping[UUID, object]) -> list[UUID]:
    return [id for id in ids if id not in known]
