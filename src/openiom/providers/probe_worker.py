"""Probes: a connection is green only after a real authenticated request, repeated on a schedule."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import structlog
from sqlalchemy.orm import Session

from openiom.kernel import IomError
from openiom.platform.batches import BatchResult
from openiom.platform.bulk import execute, fetch_as
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.events import notify
from openiom.platform.installation import IS_LIVE
from openiom.provider_contract import ProbeResult

from .call_log import requests_for
from .instance_state import get_state
from .instances import POLL_WAKE, PROBE_WAKE
from .mapping_rules import connection_state, unexpected_error
from .registry import ProviderRegistry

log = structlog.get_logger("probing")
LEASE = timedelta(minutes=2)
GREEN_INTERVAL = timedelta(minutes=15)
RED_INTERVAL = timedelta(seconds=30)
_CLAIM = f"""
UPDATE providers.provider_instance SET next_probe_at = %(until)s
WHERE name = (
  SELECT name FROM providers.provider_instance
  WHERE active AND next_probe_at <= %(now)s AND {IS_LIVE}
  ORDER BY next_probe_at LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING name
"""
_RECORD = """
UPDATE providers.provider_instance
SET state = %(state)s, error = %(error)s, account = %(account)s,
    scopes = %(scopes)s, missing_scopes = %(missing_scopes)s,
    red_since = CASE WHEN %(state)s = 'red' THEN coalesce(red_since, %(now)s) END,
    probed_at = %(now)s, next_probe_at = %(next_probe_at)s
WHERE name = %(name)s AND version = %(version)s
"""


class _ClaimedInstance(NamedTuple):
    name: str


@dataclass(frozen=True)
class ProbeWorker:
    """Probes connections that are due.

    New ones are due at once, red ones every 30 seconds, green ones every 15 minutes.
    """

    registry: ProviderRegistry
    kind: str = PROBE_WAKE

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        """Probe the connection that is due first."""
        with database.unit_of_work() as session:
            parameters = {"until": now + LEASE, "now": now}
            claimed = fetch_as(session, _ClaimedInstance, _CLAIM, parameters)
        if not claimed:
            return BatchResult(0, False)
        probe(self.registry, database, claimed[0].name, now=now)
        return BatchResult(1, True)


def probe(
    registry: ProviderRegistry, database: Database, instance: str, *, now: datetime | None = None
) -> ProbeResult | IomError:
    """Make a real authenticated request, record its result and return it. Raise `NotFound`."""
    with database.reading() as session:
        version = get_state(session, instance).version

    with requests_for("probe"):
        result = _probe(registry, database, instance)

    registry.calls.flush(database)
    with database.unit_of_work() as session:
        _record_probe(session, instance, version, result, now or utc_now())

    return result


def _probe(registry: ProviderRegistry, database: Database, instance: str) -> ProbeResult | IomError:
    try:
        with database.reading() as session:
            opened = registry.open(session, instance)

        return opened.connector.probe()
    except IomError as error:
        return error
    except Exception as error:
        log.error("provider_failed", instance=instance, exc_info=error)
        return unexpected_error(error, instance)


def _record_probe(
    session: Session, instance: str, version: int, result: ProbeResult | IomError, now: datetime
) -> None:
    """Record a result, unless the connection was changed during the request."""
    found = connection_state(result, instance)
    interval = GREEN_INTERVAL if found.state == "green" else RED_INTERVAL
    execute(
        session,
        _RECORD,
        {
            "state": found.state,
            "error": found.error,
            "account": found.account,
            "scopes": found.scopes,
            "missing_scopes": found.missing_scopes,
            "now": now,
            "next_probe_at": now + interval,
            "name": instance,
            "version": version,
        },
    )
    notify(session, POLL_WAKE)
