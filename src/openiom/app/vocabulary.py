"""Display titles of states, reasons, events and list columns, served from one place.

States and reasons come from the state tables in use, events from the titles each package registers
with the application.
"""

from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from openiom.platform.http import CurrentPrincipal, ReadSession, Router
from openiom.provider_contract import Entity
from openiom.state_framework import StateTable, load_tables


class Term(BaseModel):
    """A name as the API uses it, and its display title."""

    name: str
    title: str


class EntityVocabulary(BaseModel):
    """States of an entity in the order of the progress bar, and the reasons for them."""

    entity: str
    title: str
    states: list[Term]
    reasons: list[Term]


class Vocabulary(BaseModel):
    """The terms of all entities, all business events by name, and text columns of the orders list.

    A column is named after the field of `OrderRow` that it shows.
    """

    entities: list[EntityVocabulary]
    events: list[Term]
    order_columns: list[Term]


def vocabulary_router(
    tables: Mapping[str, StateTable],
    entities: Mapping[str, Entity],
    event_titles: Mapping[str, str],
    order_columns: Mapping[str, str],
) -> Router:
    """Return the route `GET /api/v1/vocabulary` over these shipped state tables and titles."""
    columns = [Term(name=name, title=title) for name, title in order_columns.items()]
    router = Router(prefix="/api/v1", tags=["vocabulary"])

    @router.get("/vocabulary")
    def read_vocabulary(principal: CurrentPrincipal, session: ReadSession) -> Vocabulary:
        """Display titles of states, reasons, events and columns of the orders list."""
        vocabularies: list[EntityVocabulary] = []
        for name, table in load_tables(session, tables).items():
            vocabularies.append(_entity_vocabulary(entities[name].title, table))
        events = [Term(name=name, title=event_titles[name]) for name in sorted(event_titles)]
        return Vocabulary(entities=vocabularies, events=events, order_columns=columns)

    return router


def _entity_vocabulary(title: str, table: StateTable) -> EntityVocabulary:
    states = [Term(name=state.name, title=state.label) for state in table.timeline()]
    # A reason is stored and shown as the same text.
    reasons = [Term(name=reason, title=reason) for reason in sorted(set(_reasons(table)))]
    return EntityVocabulary(entity=table.entity, title=title, states=states, reasons=reasons)


def _reasons(table: StateTable) -> Iterable[str]:
    for transition in table.transitions:
        if transition.to.reason:
            yield transition.to.reason
        yield from transition.reasons
