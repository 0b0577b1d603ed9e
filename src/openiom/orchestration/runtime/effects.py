"""Effects of steps on the database, within the transaction of the batch."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from openiom.orchestration.catalog import Catalog
from openiom.orchestration.context import PastEvent
from openiom.orchestration.provider_call import EarlierCall, NewCall
from openiom.orchestration.token import Token
from openiom.provider_contract import Action, ActionCall, EventRequest, Outcome

from . import call_queue, event_waits


class DatabaseEffects:
    """Implements `Effects`; see there. New calls are gathered until `write_calls`."""

    def __init__(self, session: Session, catalog: Catalog, now: datetime) -> None:
        self._session = session
        self._catalog = catalog
        self._now = now
        self._new_calls: list[NewCall] = []

    def write_calls(self) -> int:
        """Insert the calls queued by the batch; return how many."""
        return call_queue.insert_calls(self._session, self._new_calls, now=self._now)

    def run_action(self, action: Action, call: ActionCall) -> Sequence[Outcome]:
        """See `Effects.run_action`."""
        return action.run(call)

    def raise_events(
        self, entity: str, requests: Sequence[EventRequest], actor: str
    ) -> Sequence[Outcome]:
        """See `Effects.raise_events`."""
        raise_events = self._catalog.entities[entity].raise_events
        return raise_events(self._session, requests, self._now, actor)

    def set_fields(self, entity: str, values: Mapping[UUID, Mapping[str, Any]], actor: str) -> None:
        """See `Effects.set_fields`; an entity without settable fields ignores them."""
        setter = self._catalog.entities[entity].set_fields
        if setter is not None:
            setter(self._session, values, self._now, actor)

    def find_past_events(
        self, tokens: Sequence[Token], names: Sequence[str]
    ) -> Mapping[UUID, PastEvent]:
        """See `Effects.find_past_events`; blocks the dispatcher until the commit."""
        event_waits.block_dispatcher(self._session)
        return event_waits.find_past_events(self._session, tokens, names)

    def last_generations(self, run_ids: Sequence[UUID], step: str) -> Mapping[UUID, int]:
        """See `Effects.last_generations`."""
        return call_queue.last_generations(self._session, run_ids, step)

    def earlier_calls(self, token_ids: Sequence[UUID], step: str) -> Sequence[EarlierCall]:
        """See `Effects.earlier_calls`."""
        return call_queue.earlier_calls(self._session, token_ids, step)

    def mark_event_raised(self, calls: Sequence[EarlierCall]) -> None:
        """See `Effects.mark_event_raised`."""
        call_queue.mark_event_raised(self._session, [call.id for call in calls])

    def queue_calls(self, calls: Sequence[NewCall]) -> None:
        """See `Effects.queue_calls`."""
        self._new_calls.extend(calls)

    def retry_calls(self, calls: Sequence[NewCall]) -> None:
        """See `Effects.retry_calls`."""
        call_queue.retry_calls(self._session, calls, now=self._now)
