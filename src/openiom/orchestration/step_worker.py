"""The step wave: claim tokens that are due and carry each through its segment, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from openiom.platform.batches import BatchResult, process_or_quarantine
from openiom.platform.bulk import execute
from openiom.platform.database import Database, to_json_text
from openiom.platform.write_behind import savepoint

from .compiled_flows import Engine
from .execution import STEPS_WAKE, carry, movable
from .token_batch import StepCrashed, told
from .tokens import Token, claim


@dataclass
class StepWorker:
    """A turn. One thread runs it at a time; any number of processes may."""

    engine: Engine
    kind: str = STEPS_WAKE

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        with database.unit_of_work() as session:
            claimed = claim(session, now=now, limit=limit)
            rows, paused = movable(self.engine, session, claimed)
            if paused:
                _hold(session, paused)
            if rows:
                process_or_quarantine(
                    session, rows, process=self._process, park=self._park, now=now
                )
            return BatchResult(len(rows), len(claimed) >= limit or len(rows) < len(claimed))

    def _process(self, session: Session, tokens: Sequence[Token], now: datetime) -> None:
        carry(self.engine, session, tokens, now)

    def _park(self, session: Session, token: Token, error: Exception, now: datetime) -> None:
        """Carry the token as far as it gets, and stop it at the step that crashes."""
        stops: dict[str, StepCrashed] = {}
        while isinstance(error, StepCrashed) and error.step not in stops:
            stops[error.step] = error
            try:
                with savepoint(session):
                    carry(self.engine, session, [token], now, stops)
                return
            except StepCrashed as other:
                error = other
        _stop_where_it_stands(session, token, error)


def _hold(session: Session, tokens: Sequence[Token]) -> None:
    """Set aside until the flow is resumed; a wait or delay that was over stays over."""
    execute(
        session,
        "UPDATE orchestration.token SET state = 'held', due_at = NULL,"
        " arrived = CASE WHEN state = 'waiting' THEN '{\"due\": true}' ELSE arrived END WHERE id = ANY(%s)",
        ([t.id for t in tokens],),
    )


def _stop_where_it_stands(session: Session, token: Token, error: Exception) -> None:
    where, remedy = told(error)
    problem = {
        "what": str(error)[:2000],
        "where": where or token.step,
        "why": f"the wave failed with {type(error).__name__}",
        "remedy": remedy or "correct the cause and reprocess",
        "step": token.step,
    }
    execute(
        session,
        "UPDATE orchestration.token SET state = 'failed', due_at = NULL, awaits = NULL, error = %s::jsonb"
        " WHERE id = %s",
        (to_json_text(problem), token.id),
    )
    execute(
        session,
        "UPDATE orchestration.flow_run SET state = 'failed' WHERE id = %s AND state = 'running'",
        (token.run_id,),
    )
