"""The step wave: claim tokens that are due, carry each through its segment, write everything in one transaction."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from openiom.platform.bulk import copy_rows, execute, fetch
from openiom.platform.database import Database, to_json_text
from openiom.platform.events import wake
from openiom.platform.held_back import savepoint
from openiom.platform.waves import Ran, process_or_park

from .merges import due_merges
from .provider_steps import store_outbound
from .running import Engine
from .steps import run_step
from .token_wave import StepCrashed, TokenWave, told
from .tokens import Token, claim, siblings, store

STEPS_WAKE = "orchestration.steps"
CALLS_WAKE = "orchestration.calls"


@dataclass
class StepWave:
    """A turn. One thread runs it at a time; any number of processes may."""

    engine: Engine
    kind: str = STEPS_WAKE

    def run_once(self, database: Database, *, limit: int, now: datetime) -> Ran:
        with database.unit_of_work() as session:
            claimed = claim(session, now=now, limit=limit)
            rows = self._claimable(session, claimed, now)
            if rows:
                process_or_park(session, rows, process=self._process, park=self._park, now=now)
            return Ran(len(rows), len(claimed) >= limit or len(rows) < len(claimed))

    def _claimable(self, session: Session, tokens: list[Token], now: datetime) -> list[Token]:
        """Without those of paused flows, which are held, and those whose journey another wave is moving."""
        flows = self.engine.flows.get(session, {t.version_id for t in tokens})
        paused = self._paused(session, {flows[t.version_id].name for t in tokens})
        if paused:
            held = [t for t in tokens if flows[t.version_id].name in paused]
            _hold(session, held)
            tokens = [t for t in tokens if flows[t.version_id].name not in paused]
        split = {t.journey_id for t in tokens if flows[t.version_id].splits}
        if not split:
            return tokens
        locked = {
            row[0]
            for row in fetch(
                session,
                "SELECT id FROM orchestration.journey WHERE id = ANY(%s) ORDER BY id FOR UPDATE SKIP LOCKED",
                (list(split),),
            )
        }
        return [t for t in tokens if t.journey_id not in split or t.journey_id in locked]

    @staticmethod
    def _paused(session: Session, names: set[str]) -> set[str]:
        """Paused flows. The second look locks, so that a resume waits until what is held here is committed."""
        query = "SELECT name FROM orchestration.flow WHERE paused AND name = ANY(%s)"
        found = [row[0] for row in fetch(session, query, (list(names),))] if names else []
        return {row[0] for row in fetch(session, f"{query} ORDER BY name FOR SHARE", (found,))} if found else set()

    def _wave(
        self, session: Session, tokens: Sequence[Token], now: datetime, stops: dict[str, StepCrashed]
    ) -> TokenWave:
        flows = self.engine.flows.get(session, {t.version_id for t in tokens})
        wave = TokenWave(session, self.engine, flows, now, run_step, stops)
        split = [t.journey_id for t in tokens if flows[t.version_id].splits]
        if split:
            for other in siblings(session, split, but=[t.id for t in tokens]):
                wave.siblings[other.journey_id].append(other)
            rows = fetch(
                session,
                "SELECT id, passed FROM orchestration.journey WHERE id = ANY(%s) AND passed <> '{}'",
                (split,),
            )
            wave.passed.update((journey, list(passed)) for journey, passed in rows)
        wave.take_in(replace(token, entries=[]) for token in tokens)
        return wave

    def _process(self, session: Session, tokens: Sequence[Token], now: datetime) -> None:
        self._carry(session, tokens, now, {})

    def _carry(self, session: Session, tokens: Sequence[Token], now: datetime, stops: dict[str, StepCrashed]) -> None:
        wave = self._wave(session, tokens, now, stops)
        wave.run()
        while due_merges(wave):
            wave.run()
        write(wave)

    def _park(self, session: Session, token: Token, error: Exception, now: datetime) -> None:
        """Carry the token as far as it gets, and stop it at the step that crashes."""
        stops: dict[str, StepCrashed] = {}
        while isinstance(error, StepCrashed) and error.step not in stops:
            stops[error.step] = error
            try:
                with savepoint(session):
                    self._carry(session, [token], now, stops)
                return
            except StepCrashed as other:
                error = other
        _stop_where_it_stands(session, token, error)


def write(wave: TokenWave) -> None:
    """Everything the wave decided, one statement a table."""
    session = wave.session
    outbound = store_outbound(wave)
    changed = [*wave.tokens, *wave.touched_siblings]
    store(session, changed)
    _write_journeys(wave, changed)
    results = [(t.journey_id, wave.now, to_json_text(t.entries)) for t in changed if t.entries]
    if results:
        copy_rows(session, "orchestration.step_result", ("journey_id", "at", "entries"), results)
    _write_tally(wave)
    if outbound:
        wake(session, CALLS_WAKE)


def _write_journeys(wave: TokenWave, changed: Sequence[Token]) -> None:
    session = wave.session
    failed = [t.journey_id for t in changed if t.state == "failed" and not t.gone]
    if failed:
        execute(
            session,
            "UPDATE orchestration.journey SET state = 'failed' WHERE id = ANY(%s) AND state = 'running'",
            (failed,),
        )
    ended = list({t.journey_id for t in changed if t.gone})
    if ended:
        execute(
            session,
            "UPDATE orchestration.journey j SET state = 'completed', finished_at = %s WHERE id = ANY(%s)"
            " AND NOT EXISTS (SELECT 1 FROM orchestration.token t WHERE t.journey_id = j.id)",
            (wave.now, ended),
        )
    if wave.newly_passed:
        execute(
            session,
            "UPDATE orchestration.journey j SET passed = j.passed || string_to_array(n.marks, ',')"
            " FROM unnest(%s::uuid[], %s::text[]) AS n(id, marks) WHERE j.id = n.id",
            (list(wave.newly_passed), [",".join(marks) for marks in wave.newly_passed.values()]),
        )


def _write_tally(wave: TokenWave) -> None:
    counts: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
    for (flow, step, port), number in wave.tally.items():
        counts[flow][step][port] = number
    if counts:
        rows = [(flow, wave.now, to_json_text(steps)) for flow, steps in counts.items()]
        copy_rows(wave.session, "orchestration.step_tally", ("flow", "at", "counts"), rows)


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
        "UPDATE orchestration.journey SET state = 'failed' WHERE id = %s AND state = 'running'",
        (token.journey_id,),
    )
