"""Start flow runs in the transaction that emitted the event, without waiting for the dispatcher.

An order then goes from its message to the outbound queue in one transaction. This is an
optimization: a paused flow, or a step that crashes for one subject of the batch, is rolled back and
left to the dispatcher and the step worker, which read the same events after the commit.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from openiom.orchestration.engine import Engine
from openiom.orchestration.token import Token
from openiom.platform.events import events_in_transaction

from .execution import execute_tokens, in_savepoint, lock_executable
from .flow_runs import active_flows, start_runs, trigger_events
from .token_store import insert_tokens


def start_inline(engine: Engine) -> Callable[[Session, datetime], None]:
    """Return the function an intake calls at the end of its transaction.

    It raises only transient database errors.
    """

    def start(session: Session, now: datetime) -> None:
        in_savepoint(session, lambda: _start(engine, session, now), left_to="dispatcher")

    return start


def _start(engine: Engine, session: Session, now: datetime) -> None:
    flows = active_flows(engine, session)
    if not flows:
        return
    events = events_in_transaction(session, trigger_events(flows))
    if events:
        tokens = start_runs(engine, session, flows, events, now=now)
        _execute_or_insert(engine, session, tokens, now)


def _execute_or_insert(
    engine: Engine, session: Session, tokens: Sequence[Token], now: datetime
) -> None:
    """Execute the tokens that can be executed now; insert the others for the step worker."""
    ready: list[Token] = []
    inserted: list[Token] = []
    for token in tokens:
        (ready if token.state == "ready" else inserted).append(token)

    executable, paused = lock_executable(engine, session, ready)
    insert_tokens(session, [*inserted, *paused])
    execute_tokens(engine, session, executable, now)
