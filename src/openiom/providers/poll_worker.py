"""Polling: which instance is due, one machine at a time, pages stored with their checkpoint."""

from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any, cast
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from openiom.kernel import (
    IomError,
    NotFound,
    ProviderDown,
    ProviderError,
    ProviderUnauthorized,
    Refused,
    new_id,
)
from openiom.platform.batches import BatchResult, is_transient
from openiom.platform.bulk import execute, fetch
from openiom.platform.database import Database
from openiom.platform.events import notify, utc_now
from openiom.platform.leases import LEASE, heartbeat
from openiom.provider_contract import Puller

from .instances import POLL_WAKE, PROBE_WAKE
from .messages import StoreResult, store_messages
from .registry import ProviderInstance, ProviderRegistry, acting

log = structlog.get_logger("polling")
BETWEEN_NEWS = timedelta(
    seconds=1
)  # a burst of webhooks, many of them about our own pushes, is one poll a second
LONGEST_PAUSE = timedelta(minutes=15)


@dataclass(frozen=True)
class PollWorker:
    """Polls the instance that is due; the lease keeps every other machine away while it runs.

    A lease nobody renewed is a poll whose worker died, and a poll that failed is made again when its pause is over:
    also where nothing is polled by the clock, since what asked for it asks only once.
    """

    registry: ProviderRegistry
    kind: str = POLL_WAKE

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        lease = new_id()
        with database.unit_of_work() as session:
            due = fetch(
                session,
                f"UPDATE providers.provider_instance SET {_TAKE_LEASE} WHERE name ="
                " (SELECT name FROM providers.provider_instance WHERE active AND state = 'green'"
                " AND (poll_lease_until IS NULL OR poll_lease_until < %(now)s)"
                " AND (poll_lease IS NOT NULL OR (poll_asked AND (last_poll_at IS NULL OR last_poll_at <= %(lately)s))"
                " OR ((poll_seconds IS NOT NULL OR poll_failures > 0) AND next_poll_at <= %(now)s))"
                " ORDER BY next_poll_at LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING name",
                {"lease": lease, "until": now + LEASE, "now": now, "lately": now - BETWEEN_NEWS},
            )
        if not due:
            return BatchResult(0, False)
        _Poll(self.registry, database, due[0][0], lease, now).run()
        return BatchResult(1, True)


_TAKE_LEASE = "poll_lease = %(lease)s, poll_lease_until = %(until)s, poll_asked = false"


def poll(registry: ProviderRegistry, database: Database, instance: str) -> StoreResult:
    """Pull every polled kind of an instance to its end, now.

    An outage is recorded on the instance, not raised. Raises NotFound, or Refused while another worker polls it.
    """
    lease, now = new_id(), utc_now()
    with database.unit_of_work() as session:
        taken = fetch(
            session,
            f"UPDATE providers.provider_instance SET {_TAKE_LEASE} WHERE name = %(name)s"
            " AND (poll_lease_until IS NULL OR poll_lease_until < %(now)s) RETURNING name",
            {"lease": lease, "until": now + LEASE, "now": now, "name": instance},
        )
        if not taken:
            if not fetch(
                session, "SELECT 1 FROM providers.provider_instance WHERE name = %s", (instance,)
            ):
                raise NotFound(
                    f"no provider instance {instance}", remedy="see the list of installed providers"
                )
            raise Refused(
                f"{instance} is being polled already", remedy="wait until that poll has ended"
            )
    return _Poll(registry, database, instance, lease, now).run()


@dataclass
class _Poll:
    """One poll under a lease; `stored` counts what has been committed so far, also when it ends in an error."""

    registry: ProviderRegistry
    database: Database
    instance: str
    lease: UUID
    began: datetime
    stored: StoreResult = StoreResult(0, 0)
    _since: float = field(default_factory=perf_counter)

    def now(self) -> datetime:
        return self.began + timedelta(seconds=perf_counter() - self._since)

    def run(self) -> StoreResult:
        error: IomError | None = None
        doing = acting.set("poll")
        try:
            with self.database.reading() as session:
                opened = self.registry.open(session, self.instance)
            for kind in [k.name for k in opened.provider.messages if k.polled]:
                with heartbeat(self._hold):
                    self._pull(opened, kind)
        except IomError as failure:
            error = failure
            log.info("poll_failed", instance=self.instance, error=str(failure)[:500])
        except Exception as failure:
            if is_transient(failure):
                raise
            log.error("provider_broke", instance=self.instance, exc_info=failure)
            what = f"the provider's code broke: {type(failure).__name__}: {failure}"[:1000]
            error = ProviderError(what, where=self.instance)
        finally:
            acting.reset(doing)
            self.registry.calls.flush(self.database)
        with self.database.unit_of_work() as session:
            _polled(session, self.instance, self.lease, error, self.now())
        return self.stored

    def _hold(self, until: datetime) -> None:
        """While a page takes its time, nobody else polls."""
        with self.database.unit_of_work() as session:
            execute(
                session,
                "UPDATE providers.provider_instance SET poll_lease_until = greatest(poll_lease_until, %s)"
                " WHERE name = %s AND poll_lease = %s",
                (until, self.instance, self.lease),
            )

    def _pull(self, opened: ProviderInstance, kind: str) -> None:
        """Every page after the checkpoint. Page and checkpoint are stored together, or neither."""
        with self.database.reading() as session:
            checkpoint = _checkpoint(session, self.instance, kind)
        pages: Any = cast(Puller, opened.connector).pull(kind, checkpoint)
        limit = self.registry.message_limit_bytes
        with closing(pages):
            for page in pages:
                with self.database.unit_of_work() as session:
                    now = self.now()
                    _renew(session, self.instance, self.lease, now)
                    new = store_messages(
                        session, self.instance, page.messages, now=now, limit_bytes=limit
                    )
                    _keep_checkpoint(session, self.instance, kind, page.checkpoint, now)
                self.stored = StoreResult(
                    self.stored.new + new.new, self.stored.duplicates + new.duplicates
                )


def _renew(session: Session, instance: str, lease: UUID, now: datetime) -> None:
    """Hold the lease for another page. Raises Refused when it ran out and another worker took over."""
    heartbeat = execute(
        session,
        "UPDATE providers.provider_instance SET poll_lease_until = %s WHERE name = %s AND poll_lease = %s",
        (now + LEASE, instance, lease),
    )
    if not heartbeat:
        raise Refused(
            f"another worker polls {instance} now",
            remedy="nothing to do; it goes on from the checkpoint",
        )


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


def _polled(
    session: Session, instance: str, lease: UUID, error: IomError | None, now: datetime
) -> None:
    """Note the outcome, free the lease, set the next poll: at the interval, or later while the other side is down."""
    asked = error.retry_after if isinstance(error, ProviderDown) else None
    red = isinstance(error, ProviderUnauthorized)
    execute(
        session,
        "UPDATE providers.provider_instance SET last_poll_at = %(now)s, last_error = %(error)s,"
        " poll_lease = NULL, poll_lease_until = NULL,"
        " poll_failures = CASE WHEN %(error)s = '' THEN 0 ELSE poll_failures + 1 END,"
        " state = CASE WHEN %(red)s THEN 'red' ELSE state END, error = CASE WHEN %(red)s THEN %(error)s ELSE error END,"
        " next_probe_at = CASE WHEN %(red)s THEN %(now)s ELSE next_probe_at END,"
        " next_poll_at = %(now)s + CASE WHEN %(error)s = '' THEN make_interval(secs => coalesce(poll_seconds, 0))"
        " ELSE greatest(make_interval(secs => coalesce(%(asked)s::float8, 0)),"
        " least(%(longest)s, make_interval(secs => coalesce(poll_seconds, 5)) * power(2, least(poll_failures, 10))))"
        " END WHERE name = %(name)s AND poll_lease = %(lease)s",
        {
            "now": now,
            "error": str(error)[:2000].replace("\x00", " ") if error else "",
            "red": red,
            "asked": asked,
            "longest": LONGEST_PAUSE,
            "name": instance,
            "lease": lease,
        },
    )
    notify(session, PROBE_WAKE if red else POLL_WAKE)


def request_poll(session: Session, instance: str) -> None:
    """Poll as soon as a worker is free. Raises NotFound, or Refused while the connection is not green."""
    rows = fetch(
        session,
        "SELECT state, active FROM providers.provider_instance WHERE name = %s",
        (instance,),
    )
    if not rows:
        raise NotFound(
            f"no provider instance {instance}", remedy="see the list of installed providers"
        )
    state, active = rows[0]
    if not active or state != "green":
        why = "not active" if not active else f"its connection is {state}"
        raise Refused(
            f"{instance} cannot be polled: {why}", remedy="probe it, and mend what the probe says"
        )
    execute(
        session,
        "UPDATE providers.provider_instance SET poll_asked = true WHERE name = %s",
        (instance,),
    )
    notify(session, POLL_WAKE)


def announce_news(session: Session, instance: str) -> None:
    """The other side says it has news: poll soon, but not while it has asked us to wait after a failure."""
    execute(
        session,
        "UPDATE providers.provider_instance SET poll_asked = true WHERE name = %s AND poll_failures = 0",
        (instance,),
    )
    notify(session, POLL_WAKE)
