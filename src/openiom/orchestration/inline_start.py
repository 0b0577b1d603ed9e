"""
Flow runs that begin in the transaction that told their event: an order goes from its message to the outbound queue
without being put down, found and locked again in between.

It is a short cut, never the only way. What cannot take it (a paused flow, a step that crashes for one of the wave) is
left as if it had not been tried: the dispatcher reads the same events after the commit, begins what has not begun, and
the step wave tells the bad one from the good.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from sqlalchemy.orm import Session

from openiom.platform.events import events_in_transaction
from openiom.platform.retry import is_transient
from openiom.platform.write_behind import savepoint

from .compiled_flows import Engine, FactsOfWave
from .dispatcher import active_flows, choose
from .execution import carry, movable
from .flow_runs import open_flow_runs
from .tokens import insert

log = structlog.get_logger("orchestration")


def start_inline(engine: Engine) -> Callable[[Session, datetime], None]:
    """What an intake calls at its end, in its own transaction. Raises only what waiting may cure."""

    def begin(session: Session, now: datetime) -> None:
        try:
            with savepoint(session):
                _begin(engine, session, now)
        except Exception as error:
            if is_transient(error):
                raise
            log.info("left_to_the_dispatcher", error=str(error)[:500])

    return begin


def _begin(engine: Engine, session: Session, now: datetime) -> None:
    flows = active_flows(engine, session)
    triggers = {flow.document.trigger.event for flow in flows}
    events = events_in_transaction(session, triggers) if triggers else []
    if not events:
        return
    wanted = choose(flows, events, FactsOfWave(session, engine.catalog.entities))
    tokens = open_flow_runs(session, wanted, now=now)
    ready, _ = movable(engine, session, [t for t in tokens if t.state == "ready"])
    going = {t.id for t in ready}
    insert(session, [t for t in tokens if t.id not in going])
    if ready:
        carry(engine, session, ready, now)
