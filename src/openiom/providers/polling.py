"""Polling and probing: which instance is due, one machine at a time, pages stored with their checkpoint."""

from contextlib import closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import structlog
from sqlalchemy.orm import Session

from openiom.kernel import IomError, NotFound, ProviderDown, ProviderUnauthorized, Refused
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database
from openiom.platform.events import utc_now, wake
from openiom.platform.waves import Ran
from openiom.provider_contract import Probe, Puller

from .instances import POLL_WAKE, PROBE_WAKE
from .messages import Stored, store_messages
from .pipeline import Opened, Pipeline

log = structlog.get_logger("polling")
LEASE = timedelta(minutes=5)
PROBE_EVERY = timedelta(minutes=15)
PROBE_AGAIN = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=15)


@dataclass(frozen=True)
class PollTurn:
    """Polls the instance that is due; the lease keeps every other machine away while it runs."""

    pipeline: Pipeline
    kind: str = POLL_WAKE

    def run_once(self, database: Database, *, limit: int, now: datetime) -> Ran:
        with database.unit_of_work() as session:
            due = fetch(
                session,
                "UPDATE providers.provider_instance SET next_poll_at = %s, poll_asked = false WHERE name ="
                " (SELECT name FROM providers.provider_instance WHERE active AND state = 'green'"
                " AND (poll_asked OR (poll_seconds IS NOT NULL AND next_poll_at <= %s))"
                " ORDER BY next_poll_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING name",
                (now + LEASE, now),
            )
        if not due:
            return Ran(0, False)
        poll(self.pipeline, database, due[0][0])
        return Ran(1, True)


def poll(pipeline: Pipeline, database: Database, instance: str) -> Stored:
    """Pull every polled kind of an instance to its end. An outage is recorded on the instance, not raised."""
    new = duplicates = 0
    error: IomError | None = None
    with database.reading() as session:
        opened = pipeline.open(session, instance)
    for kind in [k.name for k in opened.provider.messages if k.polled]:
        try:
            stored = _pull(pipeline, database, opened, kind)
        except IomError as failure:
            error = failure
            log.info("poll_failed", instance=instance, kind=kind, error=str(failure))
            break
        new, duplicates = new + stored.new, duplicates + stored.duplicates
    pipeline.calls.flush(database)
    with database.unit_of_work() as session:
        _polled(session, instance, error, utc_now())
    return Stored(new, duplicates)


def _pull(pipeline: Pipeline, database: Database, opened: Opened, kind: str) -> Stored:
    new = duplicates = 0
    with database.reading() as session:
        checkpoint = _checkpoint(session, opened.name, kind)
    pages: Any = cast(Puller, opened.connector).pull(kind, checkpoint)
    with closing(pages):
        for page in pages:
            with database.unit_of_work() as session:
                now = utc_now()
                stored = store_messages(
                    session, opened.name, page.messages, now=now, limit_bytes=pipeline.message_limit_bytes
                )
                _keep_checkpoint(session, opened.name, kind, page.checkpoint, now)
            new, duplicates = new + stored.new, duplicates + stored.duplicates
    return Stored(new, duplicates)


def _checkpoint(session: Session, instance: str, kind: str) -> str:
    query = "SELECT value FROM providers.checkpoint WHERE instance = %s AND kind = %s"
    rows = fetch(session, query, (instance, kind))
    return rows[0][0] if rows else ""


def _keep_checkpoint(session: Session, instance: str, kind: str, value: str, now: datetime) -> None:
    execute(
        session,
        "INSERT INTO providers.checkpoint (instance, kind, value, at) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (instance, kind) DO UPDATE SET value = excluded.value, at = excluded.at",
        (instance, kind, value, now),
    )
    execute(
        session, "UPDATE providers.provider_instance SET next_poll_at = %s WHERE name = %s", (now + LEASE, instance)
    )


def _polled(session: Session, instance: str, error: IomError | None, now: datetime) -> None:
    """Note the outcome and set the next poll: at the interval, or later while the other side is down."""
    asked = error.retry_after if isinstance(error, ProviderDown) else None
    execute(
        session,
        "UPDATE providers.provider_instance SET last_poll_at = %(now)s, last_error = %(error)s,"
        " poll_failures = CASE WHEN %(error)s = '' THEN 0 ELSE poll_failures + 1 END,"
        " state = CASE WHEN %(red)s THEN 'red' ELSE state END, error = CASE WHEN %(red)s THEN %(error)s ELSE error END,"
        " next_probe_at = CASE WHEN %(red)s THEN %(now)s ELSE next_probe_at END,"
        " next_poll_at = %(now)s + CASE WHEN %(error)s = '' THEN make_interval(secs => coalesce(poll_seconds, 0))"
        " ELSE greatest(make_interval(secs => coalesce(%(asked)s::float8, 0)),"
        " least(%(longest)s, make_interval(secs => coalesce(poll_seconds, 5)) * power(2, least(poll_failures, 10))))"
        " END WHERE name = %(name)s",
        {  # type: ignore[arg-type]
            "now": now,
            "error": str(error)[:2000] if error else "",
            "red": isinstance(error, ProviderUnauthorized),
            "asked": asked,
            "longest": LONGEST_PAUSE,
            "name": instance,
        },
    )


def ask_poll(session: Session, instance: str) -> None:
    """Poll as soon as a worker is free. Raises NotFound, or Refused while the connection is not green."""
    rows = fetch(session, "SELECT state, active FROM providers.provider_instance WHERE name = %s", (instance,))
    if not rows:
        raise NotFound(f"no provider instance {instance}")
    state, active = rows[0]
    if not active or state != "green":
        why = "not active" if not active else f"its connection is {state}"
        raise Refused(f"{instance} cannot be polled: {why}", remedy="probe it, and mend what the probe says")
    execute(session, "UPDATE providers.provider_instance SET poll_asked = true WHERE name = %s", (instance,))
    wake(session, POLL_WAKE)


@dataclass(frozen=True)
class ProbeTurn:
    """Proves due connections again: new ones at once, red ones every half minute, green ones every 15 minutes."""

    pipeline: Pipeline
    kind: str = PROBE_WAKE

    def run_once(self, database: Database, *, limit: int, now: datetime) -> Ran:
        with database.unit_of_work() as session:
            due = fetch(
                session,
                "UPDATE providers.provider_instance SET next_probe_at = %s WHERE name = (SELECT name FROM"
                " providers.provider_instance WHERE active AND next_probe_at <= %s ORDER BY next_probe_at LIMIT 1"
                " FOR UPDATE SKIP LOCKED) RETURNING name",
                (now + LEASE, now),
            )
        if not due:
            return Ran(0, False)
        probe(self.pipeline, database, due[0][0])
        return Ran(1, True)


def probe(pipeline: Pipeline, database: Database, instance: str) -> Probe | IomError:
    """A real authenticated request; green only when it succeeds and no scope is missing."""
    with database.reading() as session:
        if not fetch(session, "SELECT 1 FROM providers.provider_instance WHERE name = %s", (instance,)):
            raise NotFound(f"no provider instance {instance}")
    answer: Probe | IomError
    try:
        with database.reading() as session:
            opened = pipeline.open(session, instance)
        answer = opened.connector.probe()
    except IomError as error:
        answer = error
    pipeline.calls.flush(database)
    with database.unit_of_work() as session:
        _probed(session, instance, answer, utc_now())
    return answer


def _probed(session: Session, instance: str, answer: Probe | IomError, now: datetime) -> None:
    found = answer if isinstance(answer, Probe) else Probe(account="")
    error = "" if isinstance(answer, Probe) else str(answer)[:2000]
    if found.missing_scopes:
        error = f"the credential lacks: {', '.join(found.missing_scopes)}"
    execute(
        session,
        "UPDATE providers.provider_instance SET state = %s, error = %s, account = %s, scopes = %s,"
        " missing_scopes = %s, probed_at = %s, next_probe_at = %s WHERE name = %s",
        (
            "red" if error else "green",
            error,
            found.account,
            list(found.scopes),
            list(found.missing_scopes),
            now,
            now + (PROBE_AGAIN if error else PROBE_EVERY),
            instance,
        ),
    )
    wake(session, POLL_WAKE)
