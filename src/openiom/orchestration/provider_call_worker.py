"""
Outside work in two phases: claim with a lease and commit, call outside any transaction, record in another.

A worker that dies in between loses nothing: its lease runs out and the call is repeated with the same key, which
the other side recognises. A worker that outlives its lease cannot record: `attempts` tells its claim from the next.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from random import Random
from threading import Lock
from time import perf_counter
from typing import Any, Literal
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from openiom.kernel import IomError, ProviderDown
from openiom.platform.batches import BatchResult, is_transient, process_or_quarantine
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database, to_json_text
from openiom.platform.events import notify
from openiom.platform.leases import LEASE, heartbeat
from openiom.platform.write_behind import savepoint
from openiom.provider_contract import Call, CallResult, EventRequest, ProviderAction

from .compiled_flows import Engine
from .execution import CALLS_WAKE, STEPS_WAKE, carry, movable
from .tokens import Token, columns, from_row

log = structlog.get_logger("provider_calls")
LONGEST_DELAY_SECONDS = 900.0
MOST_WAITS = 1000  # being asked to wait is no failure, but not for ever
_MARGIN_SECONDS = 30
_ROUNDS = 4  # calls of one claim, as multiples of what may be in flight at once


# Whether the token still waits for the call; skipped and canceled ones do not, and theirs is not tried again.
_WANTED = (
    "EXISTS (SELECT 1 FROM orchestration.token t WHERE t.id = p.token_id AND t.step = p.step AND t.visit = p.visit"
    " AND t.state = 'waiting')"
)


@dataclass(frozen=True, slots=True)
class Claimed:
    """One row of the queue in our hands until the lease runs out."""

    id: int
    key: str
    entity: str
    entity_id: UUID
    flow: str
    token_id: UUID
    step: str
    visit: int
    payload: Mapping[str, Any]
    attempts: int
    max_attempts: int
    first_delay_seconds: float
    waits: int


@dataclass(frozen=True, slots=True)
class Settled:
    """What a call came to: final, or to be tried again at `due_at`."""

    row: Claimed
    state: Literal["done", "failed", "ready"]
    result: CallResult
    due_at: datetime
    error: dict[str, Any] | None
    waits: int = 0


@dataclass
class Busy:
    """Which (instance, action) the turns of this process are calling: one slow provider holds up one turn, and a
    vendor's limit on calls in flight is kept."""

    _lock: Lock = field(default_factory=Lock)
    _taken: set[str] = field(default_factory=set)

    def taken(self) -> list[str]:
        with self._lock:
            return list(self._taken)

    def take(self, group: str) -> bool:
        with self._lock:
            if group in self._taken:
                return False
            self._taken.add(group)
            return True

    def release(self, group: str) -> None:
        with self._lock:
            self._taken.discard(group)


@dataclass
class ProviderCallWorker:
    """A turn. Several may run at once: in one process, sharing `busy`, and in many."""

    engine: Engine
    kind: str = CALLS_WAKE
    random: Random = field(default_factory=Random)
    busy: Busy = field(default_factory=Busy)

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        with database.unit_of_work() as session:
            _recover(session, now)
            group = self._group(session, now)
        if group is None:
            return BatchResult(0, False)
        instance, name = group
        try:
            return self._run(database, instance, name, limit=limit, now=now)
        finally:
            self.busy.release(f"{instance}/{name}")

    def _group(self, session: Session, now: datetime) -> tuple[str, str] | None:
        """The instance and action that has waited longest and that no other turn of this process is calling."""
        while True:
            head = fetch(
                session,
                "SELECT instance, action FROM orchestration.provider_call WHERE state = 'ready' AND due_at <= %s"
                " AND instance || '/' || action <> ALL(%s) ORDER BY due_at LIMIT 1",
                (now, self.busy.taken()),
            )
            if not head:
                return None
            if self.busy.take("/".join(head[0])):
                return head[0][0], head[0][1]

    def _run(
        self, database: Database, instance: str, name: str, *, limit: int, now: datetime
    ) -> BatchResult:
        with database.unit_of_work() as session:
            rows, action, refusal = self._claim(session, instance, name, now=now, limit=limit)
            latest = now + _longest(action, len(rows))
        if not rows:
            return BatchResult(0, False)
        started = perf_counter()
        if action is None:
            results: Sequence[CallResult] = [CallResult(row.key, error=refusal) for row in rows]
        else:
            calls = [Call(row.key, row.payload, row.attempts) for row in rows]
            with heartbeat(lambda until: _renew(database, rows, min(until, latest))):
                results = self._call(database, instance, action, calls)
        elapsed = perf_counter() - started
        finished = now + timedelta(seconds=elapsed)
        settled = settle(rows, results, now=finished, random=self.random)
        with database.unit_of_work() as session:
            recording = _Recording(self.engine, instance, name, action, round(elapsed * 1000), now)
            process_or_quarantine(
                session, settled, process=recording.record, park=recording.park, now=finished
            )
            recording.go_on(session, finished)
        return BatchResult(len(rows), True)

    def _claim(
        self, session: Session, instance: str, name: str, *, now: datetime, limit: int
    ) -> tuple[list[Claimed], ProviderAction | None, ProviderDown | None]:
        """Lease due rows of one instance and action."""
        action, refusal = self._action(session, instance, name)
        start_inline = action.batch * action.concurrency if action else limit
        # However small the waves have become: less than what may be in flight at once would leave the vendor idle.
        most = max(start_inline, min(limit, _ROUNDS * start_inline))
        most = max(most // action.batch * action.batch, 1) if action else most
        paused = _hold_paused(session, instance, name)
        rows = fetch(
            session,
            "UPDATE orchestration.provider_call p SET state = 'leased', lease_until = %s, attempts = attempts + 1"
            " WHERE id IN (SELECT id FROM orchestration.provider_call WHERE state = 'ready' AND instance = %s"
            " AND action = %s AND due_at <= %s ORDER BY due_at, id LIMIT %s FOR UPDATE SKIP LOCKED)"
            " RETURNING id, key, entity, entity_id, flow, token_id, step, visit, payload, attempts, max_attempts,"
            " first_delay_seconds, waits",
            (now + LEASE, instance, name, now, most),
        )
        if paused and not rows:
            notify(session, CALLS_WAKE)
        return [Claimed(*row) for row in rows], action, refusal

    def _action(
        self, session: Session, instance: str, name: str
    ) -> tuple[ProviderAction | None, ProviderDown | None]:
        try:
            return self.engine.outside.action(session, instance, name), None
        except IomError as error:
            return None, ProviderDown(error.what, where=error.where, remedy=error.remedy)

    def _call(
        self, database: Database, instance: str, action: ProviderAction, calls: Sequence[Call]
    ) -> Sequence[CallResult]:
        """Never raises but for what ends the process: an unknown outcome is one to ask about again."""
        try:
            return self.engine.outside.call(database, instance, action, calls)
        except Exception as error:
            log.error("call_crashed", instance=instance, action=action.name, error=str(error)[:500])
            what = error.what if isinstance(error, IomError) else f"{type(error).__name__}: {error}"
            remedy = error.remedy if isinstance(error, IomError) else ""
            down = ProviderDown(what, where=instance, remedy=remedy)
            return [CallResult(call.key, error=down) for call in calls]


def _longest(action: ProviderAction | None, rows: int) -> timedelta:
    """How long a call may take before it counts as hung, and its lease is no longer renewed."""
    if action is None:
        return LEASE
    rounds = max(1, ceil(rows / (action.batch * action.concurrency)))
    return timedelta(seconds=action.timeout_seconds * rounds + _MARGIN_SECONDS)


def _renew(database: Database, rows: Sequence[Claimed], until: datetime) -> None:
    """Hold on to what this turn is calling for; rows that another worker took over are not ours any more."""
    with database.unit_of_work() as session:
        execute(
            session,
            "UPDATE orchestration.provider_call p SET lease_until = greatest(p.lease_until, %s)"
            " FROM unnest(%s::bigint[], %s::int[]) AS n(id, attempts)"
            " WHERE p.id = n.id AND p.state = 'leased' AND p.attempts = n.attempts",
            (until, [row.id for row in rows], [row.attempts for row in rows]),
        )


def settle(
    rows: Sequence[Claimed], results: Sequence[CallResult], *, now: datetime, random: Random
) -> list[Settled]:
    """Decide for each row: done, failed for good, or again later."""
    by_key = {result.key: result for result in results}
    out = []
    for row in rows:
        silence = ProviderDown(
            "the provider gave no answer for this call", remedy="it is asked again"
        )
        result = by_key.get(row.key) or CallResult(row.key, error=silence)
        error = result.error
        if error is None:
            out.append(Settled(row, "done", result, now, None))
            continue
        waits = row.waits + (isinstance(error, ProviderDown) and error.retry_after is not None)
        again = (
            error.retry == "later"
            and row.attempts - waits < row.max_attempts
            and waits < MOST_WAITS
        )
        delay = timedelta(seconds=delay_seconds(row, error, random) if again else 0)
        kept = {
            "what": error.what,
            "where": error.where,
            "why": f"attempt {row.attempts - row.waits} of {row.max_attempts}",
            "remedy": error.remedy,
            "code": error.code,
        }
        out.append(Settled(row, "ready" if again else "failed", result, now + delay, kept, waits))
    return out


def delay_seconds(row: Claimed, error: Exception, random: Random) -> float:
    """Doubled with every attempt and spread by a quarter; never before the other side wants to hear of us."""
    delay = min(
        LONGEST_DELAY_SECONDS,
        row.first_delay_seconds * 2.0 ** min(row.attempts - row.waits - 1, 30),
    )
    delay *= random.uniform(0.75, 1.25)
    asked = error.retry_after if isinstance(error, ProviderDown) else None
    return max(delay, asked or 0.0)


def _recover(session: Session, now: datetime) -> None:
    """Put back rows whose worker died: the same call again, under the same key."""
    back = execute(
        session,
        "UPDATE orchestration.provider_call p SET lease_until = NULL, due_at = %s,"
        f" state = CASE WHEN {_WANTED} THEN 'ready' ELSE 'canceled' END"
        " WHERE id IN (SELECT id FROM orchestration.provider_call WHERE state = 'leased' AND lease_until < %s"
        " FOR UPDATE SKIP LOCKED)",
        (now, now),
    )
    if back:
        log.warning("leases_expired", rows=back)


def _hold_paused(session: Session, instance: str, action: str) -> int:
    """Set aside due calls of paused flows. Locks the flow, so that a resume sees what is held here."""
    paused = fetch(
        session, "SELECT name FROM orchestration.flow WHERE paused ORDER BY name FOR SHARE"
    )
    if not paused:
        return 0
    return execute(
        session,
        "UPDATE orchestration.provider_call SET state = 'held' WHERE id IN (SELECT id FROM"
        " orchestration.provider_call WHERE state = 'ready' AND instance = %s AND action = %s AND flow = ANY(%s)"
        " FOR UPDATE SKIP LOCKED)",
        (instance, action, [row[0] for row in paused]),
    )


@dataclass(frozen=True)
class _Recording:
    """The second transaction: results into the queue, events on the entities, tokens on their way."""

    engine: Engine
    instance: str
    name: str
    action: ProviderAction | None
    ms: int
    since: datetime  # when the turn began: tokens are due by then, so they keep their place in the queue
    told: set[UUID] = field(default_factory=set)  # tokens of which a call has come to its end

    def record(self, session: Session, settled: Sequence[Settled], now: datetime) -> None:
        _lock(session, settled)
        ours = self._store(session, settled, announced=True)
        final = [s for s in settled if s.row.id in ours and s.state != "ready"]
        self._announce(session, final, now)
        self.told.update(s.row.token_id for s in final)

    def go_on(self, session: Session, now: datetime) -> None:
        """Tokens whose calls are all over take their next steps here; what cannot is left to the step wave."""
        if not self.told:
            return
        try:
            with savepoint(session):
                tokens, _ = movable(self.engine, session, returned(session, self.told))
                if tokens:
                    carry(self.engine, session, tokens, now)
        except Exception as error:
            if is_transient(error):
                raise
            log.info("left_to_the_step_wave", error=str(error)[:500])
        else:
            self.told.difference_update(t.id for t in tokens)
        if move_on(session, list(self.told), now=self.since):
            notify(session, STEPS_WAKE)

    def park(self, session: Session, settled: Settled, error: Exception, now: datetime) -> None:
        """The call stands as it came out; announcing it failed, so its token stops here. Reprocess announces again."""
        _lock(session, [settled])
        if settled.row.id not in self._store(session, [settled], announced=False):
            return
        what = f"the call came back, but telling {settled.row.entity} failed: {type(error).__name__}: {error}"
        problem = {
            "what": what[:2000],
            "where": settled.row.step,
            "why": "the outcome of the call is kept",
            "remedy": "correct the cause and reprocess; the call is not repeated",
            "step": settled.row.step,
        }
        rows = fetch(
            session,
            "UPDATE orchestration.token SET state = 'failed', due_at = NULL, error = %s::jsonb"
            " WHERE id = %s AND state = 'waiting' RETURNING run_id",
            (to_json_text(problem), settled.row.token_id),
        )
        execute(
            session,
            "UPDATE orchestration.flow_run SET state = 'failed' WHERE id = ANY(%s) AND state = 'running'",
            ([row[0] for row in rows],),
        )

    def _store(self, session: Session, settled: Sequence[Settled], *, announced: bool) -> set[int]:
        """Write the outcomes, and that the final ones are told in the same savepoint; the ids still ours to write."""
        rows = fetch(
            session,
            "UPDATE orchestration.provider_call p SET due_at = n.due_at, lease_until = NULL,"
            f" state = CASE WHEN n.state <> 'ready' OR {_WANTED} THEN n.state ELSE 'canceled' END,"
            " response = n.response::jsonb, external_id = n.external_id, error = n.error::jsonb, ms = %s,"
            " waits = n.waits, announced = %s AND n.state <> 'ready',"
            " finished_at = CASE WHEN n.state = 'ready' THEN NULL ELSE n.at END"
            " FROM unnest(%s::bigint[], %s::int[], %s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::text[],"
            " %s::timestamptz[], %s::int[]) AS n(id, attempts, state, due_at, response, external_id, error, at, waits)"
            " WHERE p.id = n.id AND p.state = 'leased' AND p.attempts = n.attempts RETURNING p.id",
            (
                self.ms,
                announced and self.action is not None,
                [s.row.id for s in settled],
                [s.row.attempts for s in settled],
                [s.state for s in settled],
                [s.due_at for s in settled],
                [to_json_text(s.result.response) if s.result.response else None for s in settled],
                [s.result.external_id for s in settled],
                [to_json_text(s.error) if s.error else None for s in settled],
                [s.due_at for s in settled],
                [s.waits for s in settled],
            ),
        )
        return {row[0] for row in rows}

    def _announce(self, session: Session, final: Sequence[Settled], now: datetime) -> None:
        """Raise what the action says it raises. A refused event changes nothing about the call: it happened."""
        if self.action is None:
            return
        told: dict[tuple[str, str], list[EventRequest]] = {}
        for s in final:
            event = self.action.succeeded if s.state == "done" else self.action.failed
            data: dict[str, Any] = {"instance": self.instance, "action": self.name}
            if s.result.external_id:
                data["external_id"] = s.result.external_id
            if s.error:
                data["error"] = s.error["what"]
            reason = s.error["what"] if s.error else ""
            if event:
                told.setdefault((s.row.entity, s.row.flow), []).append(
                    EventRequest(s.row.entity_id, event, data, reason)
                )
        for (entity, flow), raises in told.items():
            self.engine.entity(entity).raise_many(session, raises, now, f"flow:{flow}")


def _lock(session: Session, settled: Sequence[Settled]) -> None:
    """The tokens, in the one order: of two recorders with the last rows of one token, the second sees the first."""
    fetch(
        session,
        "SELECT id FROM orchestration.token WHERE id = ANY(%s) ORDER BY id FOR UPDATE",
        (list({s.row.token_id for s in settled}),),
    )


_OVER = """
WITH over AS (
    SELECT p.token_id, bool_or(p.state = 'failed') AS failed, max(p.ms) AS ms, count(*) AS calls,
           array_remove(array_agg(nullif(p.external_id, '') ORDER BY p.id), NULL) AS external_ids,
           string_agg(DISTINCT p.error ->> 'what', '; ') FILTER (WHERE p.state = 'failed') AS reason,
           max(p.attempts) AS attempts
    FROM orchestration.provider_call p
    JOIN orchestration.token t ON t.id = p.token_id AND t.step = p.step AND t.visit = p.visit
    WHERE p.token_id = ANY(%s) AND t.state = 'waiting'
    GROUP BY p.token_id
    HAVING bool_and(p.state IN ('done', 'failed', 'canceled'))
)
"""
_ARRIVED = """jsonb_build_object(
    'port', CASE WHEN o.failed THEN 'failed' ELSE 'succeeded' END, 'reason', coalesce(o.reason, ''), 'ms', o.ms,
    'details', jsonb_build_object('calls', o.calls, 'attempts', o.attempts, 'external_ids', to_jsonb(o.external_ids)))
"""
_MOVE_ON = f"""{_OVER}
UPDATE orchestration.token t SET state = 'ready', due_at = %s, arrived = {_ARRIVED}
FROM over o WHERE t.id = o.token_id
"""


def returned(session: Session, token_ids: Collection[UUID]) -> list[Token]:
    """Those of these tokens, which are locked, whose calls are all final, with how they came out."""
    query = f"{_OVER} SELECT {columns('t')}, {_ARRIVED} FROM orchestration.token t JOIN over o ON o.token_id = t.id"
    found = []
    for *row, arrived in fetch(session, f"{query} ORDER BY t.id", (list(token_ids),)):
        token = from_row(row)
        token.state, token.arrived = "ready", arrived
        found.append(token)
    return found


def move_on(session: Session, token_ids: Sequence[UUID], *, now: datetime) -> int:
    """Tokens whose calls are all final are ready, by `failed` if any failed; returns how many."""
    return execute(session, _MOVE_ON, (list(token_ids), now)) if token_ids else 0
