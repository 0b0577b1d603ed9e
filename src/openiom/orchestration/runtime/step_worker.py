"""The step worker: claims due tokens and executes them, in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from openiom.orchestration.engine import Engine
from openiom.orchestration.token import Token
from openiom.platform.batches import BatchResult, process_or_quarantine
from openiom.platform.database import Database
from openiom.platform.write_behind import savepoint

from .execution import execute_tokens, lock_executable
from .token_batch import StepCrashed, place_and_remedy
from .token_store import claim_due_tokens, fail_tokens, hold_tokens
from .wakes import STEPS_WAKE


@dataclass
class StepWorker:
    """A worker. One thread of a process runs it; any number of processes may."""

    engine: Engine
    kind: str = STEPS_WAKE

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Execute the tokens that have been due for longest."""
        with database.unit_of_work() as session:
            claimed = claim_due_tokens(session, now=now, limit=limit)
            executable, paused = lock_executable(self.engine, session, claimed)
            if paused:
                hold_tokens(session, paused)

            if executable:
                process_or_quarantine(
                    session, executable, process=self._process, park=self._park, now=now
                )

        more = len(claimed) >= limit or len(executable) < len(claimed)
        return BatchResult(len(executable), more)

    def _process(self, session: Session, tokens: Sequence[Token], now: datetime) -> None:
        execute_tokens(self.engine, session, tokens, now)

    def _park(self, session: Session, token: Token, error: Exception, now: datetime) -> None:
        """Execute the token as far as possible and stop it at the step that crashes."""
        crashes: dict[str, StepCrashed] = {}
        while isinstance(error, StepCrashed) and error.step not in crashes:
            crashes[error.step] = error
            try:
                with savepoint(session):
                    execute_tokens(self.engine, session, [token], now, crashes)

                return
            except StepCrashed as next_crash:
                error = next_crash

        _fail_in_place(session, token, error)


def _fail_in_place(session: Session, token: Token, error: Exception) -> None:
    """Stop a token at the step at which it is, with the error of its batch."""
    where, remedy = place_and_remedy(error)
    problem = {
        "what": str(error)[:2000],
        "where": where or token.step,
        "why": f"the batch failed with {type(error).__name__}",
        "remedy": remedy or "correct the cause and reprocess",
        "step": token.step,
    }
    fail_tokens(session, [token.id], problem, states=["ready", "waiting"])
