"""Polls: one process at a time per instance; each page is stored together with its checkpoint."""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter
from typing import NamedTuple, cast
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from openiom.kernel import IomError, ProviderUnauthorized, Refused, new_id
from openiom.platform.batches import BatchResult
from openiom.platform.bulk import execute, fetch_as
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.events import notify
from openiom.platform.installation import IS_LIVE
from openiom.platform.leases import LEASE, heartbeat
from openiom.platform.retry import is_transient
from openiom.provider_contract import MessagePage, Puller

from .call_log import requests_for
from .instance_state import get_state
from .instances import POLL_WAKE, PROBE_WAKE
from .mapping_rules import poll_pause, printable, unexpected_error
from .messages import StoreResult, store_messages
from .registry import ProviderInstance, ProviderRegistry

log = structlog.get_logger("polling")
MIN_REQUESTED_INTERVAL = timedelta(seconds=1)
"""Between requested polls: a burst of webhooks, many about our own changes, is one poll."""
POLLS_AT_ONCE = 4
"""Instances that a worker process polls at the same time."""
LONGEST_POLL_SECONDS = 300.0
"""A poll that lasts longer ends with its page, and continues from there at the next poll."""

_SET_LEASE = """
UPDATE providers.provider_instance
SET poll_lease = %(lease)s, poll_lease_until = %(until)s, poll_requested = false
"""
_CLAIM_DUE = f"""
{_SET_LEASE}
WHERE name = (
  SELECT name FROM providers.provider_instance
  WHERE active AND paused_at IS NULL AND state = 'green' AND {IS_LIVE}
    AND (poll_lease_until IS NULL OR poll_lease_until < %(now)s)
    AND (poll_lease IS NOT NULL
      OR (poll_requested AND (last_poll_at IS NULL OR last_poll_at <= %(recently)s))
      OR ((poll_seconds IS NOT NULL OR poll_failures > 0) AND next_poll_at <= %(now)s))
  ORDER BY next_poll_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING name
"""
_CLAIM_ONE = f"""
{_SET_LEASE}
WHERE name = %(name)s AND (poll_lease_until IS NULL OR poll_lease_until < %(now)s)
RETURNING name
"""
_STORE_CHECKPOINT = """
INSERT INTO providers.checkpoint (instance, kind, value, recorded_at)
VALUES (%(instance)s, %(kind)s, %(value)s, %(now)s)
ON CONFLICT (instance, kind)
DO UPDATE SET value = excluded.value, recorded_at = excluded.recorded_at
"""
_READ_SCHEDULE = """
SELECT poll_seconds, poll_failures FROM providers.provider_instance
WHERE name = %(name)s AND poll_lease = %(lease)s FOR UPDATE
"""
_RECORD_POLL = """
UPDATE providers.provider_instance
SET last_poll_at = %(now)s, last_error = %(error)s, poll_lease = NULL, poll_lease_until = NULL,
    poll_failures = %(failures)s, next_poll_at = %(next_poll_at)s
WHERE name = %(name)s
"""
_TURN_RED = """
UPDATE providers.provider_instance
SET state = 'red', error = %(error)s, red_since = coalesce(red_since, %(now)s),
    next_probe_at = %(now)s
WHERE name = %(name)s
"""


class _ClaimedInstance(NamedTuple):
    name: str


class _Checkpoint(NamedTuple):
    value: str


class _Schedule(NamedTuple):
    poll_seconds: int | None
    poll_failures: int


def poll_workers(registry: ProviderRegistry) -> list["PollWorker"]:
    """Return the workers of a process, so that a slow instance does not delay the others."""
    return [PollWorker(registry) for _ in range(POLLS_AT_ONCE)]


@dataclass(frozen=True)
class PollWorker:
    """Polls the instance that is due; a lease excludes every other process meanwhile.

    An expired lease belongs to a poll whose process ended; it is polled again. So is a failed poll
    after its pause, also of an instance without an interval: a poll is requested only once.
    """

    registry: ProviderRegistry
    kind: str = POLL_WAKE

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Poll the instance that is due first."""
        lease = new_id()
        parameters = {
            "lease": lease,
            "until": now + LEASE,
            "now": now,
            "recently": now - MIN_REQUESTED_INTERVAL,
        }

        with database.unit_of_work() as session:
            claimed = fetch_as(session, _ClaimedInstance, _CLAIM_DUE, parameters)

        if not claimed:
            return BatchResult(0, False)

        _Poll(self.registry, database, claimed[0].name, lease, now).run()
        return BatchResult(1, True)


def poll(registry: ProviderRegistry, database: Database, instance: str) -> StoreResult:
    """Poll every polled message kind of an instance now.

    An error of the provider is recorded on the instance, not raised. Raise `NotFound`, or
    `Refused` while another process polls the instance.
    """
    lease, now = new_id(), utc_now()
    parameters = {"lease": lease, "until": now + LEASE, "now": now, "name": instance}

    with database.unit_of_work() as session:
        get_state(session, instance)
        if not fetch_as(session, _ClaimedInstance, _CLAIM_ONE, parameters):
            raise Refused(
                f"{instance} is being polled already", remedy="wait until that poll has ended"
            )

    return _Poll(registry, database, instance, lease, now).run()


@dataclass
class _Poll:
    """One poll under a lease. `stored` counts the committed messages, also after an error."""

    registry: ProviderRegistry
    database: Database
    instance: str
    lease: UUID
    started_at: datetime
    stored: StoreResult = StoreResult(0, 0)
    _start: float = field(default_factory=perf_counter)

    def now(self) -> datetime:
        """Return the time of the poll's start, moved on by the time passed since."""
        return self.started_at + timedelta(seconds=perf_counter() - self._start)

    def run(self) -> StoreResult:
        """Poll, record the outcome and return the number of stored messages."""
        try:
            with requests_for("poll"):
                error = self._pull_all()
        finally:
            self.registry.calls.flush(self.database)

        with self.database.unit_of_work() as session:
            _record_poll(session, self.instance, self.lease, error, self.now())

        return self.stored

    def _pull_all(self) -> IomError | None:
        """Store the pages of every polled kind. Return the error that ended the poll early."""
        try:
            with self.database.reading() as session:
                opened = self.registry.open(session, self.instance)

            for kind in opened.provider.messages:
                if kind.polled:
                    with heartbeat(self._renew_lease):
                        self._pull(opened, kind.name)
        except IomError as error:
            log.info("poll_failed", instance=self.instance, error=str(error)[:500])
            return error
        except Exception as error:
            if is_transient(error):
                raise

            log.error("provider_failed", instance=self.instance, exc_info=error)
            return unexpected_error(error, self.instance)

        return None

    def _renew_lease(self, until: datetime) -> None:
        """Extend the lease while a page is being fetched."""
        with self.database.unit_of_work() as session:
            execute(
                session,
                "UPDATE providers.provider_instance"
                " SET poll_lease_until = greatest(poll_lease_until, %s)"
                " WHERE name = %s AND poll_lease = %s",
                (until, self.instance, self.lease),
            )

    def _pull(self, opened: ProviderInstance, kind: str) -> None:
        """Store every page after the checkpoint, each in one transaction with its checkpoint."""
        with self.database.reading() as session:
            checkpoint = _read_checkpoint(session, self.instance, kind)
        pages: Iterator[MessagePage] = cast(Puller, opened.connector).pull(kind, checkpoint)
        with _closing(pages):
            for page in pages:
                self._store_page(kind, page)
                if self._is_overdue():
                    self._continue_later()
                    return

    def _is_overdue(self) -> bool:
        return perf_counter() - self._start > LONGEST_POLL_SECONDS

    def _continue_later(self) -> None:
        """Have the instance polled again as soon as a worker is free."""
        with self.database.unit_of_work() as session:
            request_poll_soon(session, self.instance)

    def _store_page(self, kind: str, page: MessagePage) -> None:
        limit = self.registry.message_limit_bytes
        with self.database.unit_of_work() as session:
            now = self.now()
            _claim_page(session, self.instance, self.lease, now)
            stored = store_messages(
                session, self.instance, page.messages, now=now, limit_bytes=limit
            )
            parameters = {
                "instance": self.instance,
                "kind": kind,
                "value": page.checkpoint,
                "now": now,
            }
            execute(session, _STORE_CHECKPOINT, parameters)

        self.stored = self.stored + stored


@contextmanager
def _closing(pages: Iterator[MessagePage]) -> Iterator[None]:
    """Close a generator of pages at the end of the block; other iterators have nothing to close."""
    try:
        yield
    finally:
        if isinstance(pages, Generator):
            pages.close()


def _claim_page(session: Session, instance: str, lease: UUID, now: datetime) -> None:
    """Extend the lease for a page. Raise `Refused` when another process has taken over."""
    extended = execute(
        session,
        "UPDATE providers.provider_instance SET poll_lease_until = %s"
        " WHERE name = %s AND poll_lease = %s",
        (now + LEASE, instance, lease),
    )
    if not extended:
        raise Refused(
            f"another process polls {instance} now",
            remedy="nothing to do; it continues from the checkpoint",
        )


def _read_checkpoint(session: Session, instance: str, kind: str) -> str:
    query = "SELECT value FROM providers.checkpoint WHERE instance = %s AND kind = %s"
    rows = fetch_as(session, _Checkpoint, query, (instance, kind))
    return rows[0].value if rows else ""


def _record_poll(
    session: Session, instance: str, lease: UUID, error: IomError | None, now: datetime
) -> None:
    """Record the outcome, release the lease and schedule the next poll.

    Record nothing when another process has taken over the lease.
    """
    identity = {"name": instance, "lease": lease}
    refused = isinstance(error, ProviderUnauthorized)

    for schedule in fetch_as(session, _Schedule, _READ_SCHEDULE, identity):
        failures = schedule.poll_failures + 1 if error else 0
        pause = poll_pause(schedule.poll_seconds, failures, error)
        parameters = {
            "name": instance,
            "now": now,
            "error": printable(str(error), 2000) if error else "",
            "failures": failures,
            "next_poll_at": now + timedelta(seconds=pause),
        }
        execute(session, _RECORD_POLL, parameters)
        if refused:
            execute(session, _TURN_RED, parameters)

    notify(session, PROBE_WAKE if refused else POLL_WAKE)


def request_poll(session: Session, instance: str) -> None:
    """Have a worker poll an instance soon.

    Raise `NotFound`, or `Refused` while it is paused or the connection is not green.
    """
    state = get_state(session, instance)
    if state.paused:
        raise Refused(
            f"{instance} cannot be polled: it is paused", remedy="resume it; it is polled then"
        )

    if not state.active or state.state != "green":
        reason = f"its connection is {state.state}" if state.active else "it is not active"
        raise Refused(
            f"{instance} cannot be polled: {reason}",
            remedy="probe it, and correct what the probe reports",
        )

    execute(
        session,
        "UPDATE providers.provider_instance SET poll_requested = true WHERE name = %s",
        (instance,),
    )
    notify(session, POLL_WAKE)


def request_poll_soon(session: Session, instance: str) -> None:
    """Have a worker poll an instance that announced changes, unless its last poll failed.

    After a failure the next poll waits for its pause.
    """
    execute(
        session,
        "UPDATE providers.provider_instance SET poll_requested = true"
        " WHERE name = %s AND poll_failures = 0",
        (instance,),
    )
    notify(session, POLL_WAKE)
