"""Probing: a connection is green only after a real authenticated request, and is asked again on a schedule."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.orm import Session

from openiom.kernel import IomError, NotFound, ProviderError
from openiom.platform.batches import BatchResult
from openiom.platform.bulk import execute, fetch
from openiom.platform.clock import utc_now
from openiom.platform.database import Database
from openiom.platform.events import notify
from openiom.provider_contract import ProbeResult

from .instances import POLL_WAKE, PROBE_WAKE
from .registry import ProviderRegistry, acting

log = structlog.get_logger("probing")
LEASE = timedelta(minutes=2)
PROBE_EVERY = timedelta(minutes=15)
PROBE_AGAIN = timedelta(seconds=30)


@dataclass(frozen=True)
class ProbeWorker:
    """Proves due connections again: new ones at once, red ones every half minute, green ones every 15 minutes."""

    registry: ProviderRegistry
    kind: str = PROBE_WAKE

    def run_once(self, database: Database, *, limit: int, now: datetime) -> BatchResult:
        with database.unit_of_work() as session:
            due = fetch(
                session,
                "UPDATE providers.provider_instance SET next_probe_at = %s WHERE name = (SELECT name FROM"
                " providers.provider_instance WHERE active AND next_probe_at <= %s ORDER BY next_probe_at LIMIT 1"
                " FOR UPDATE SKIP LOCKED) RETURNING name",
                (now + LEASE, now),
            )
        if not due:
            return BatchResult(0, False)
        probe(self.registry, database, due[0][0], now=now)
        return BatchResult(1, True)


def probe(
    registry: ProviderRegistry, database: Database, instance: str, *, now: datetime | None = None
) -> ProbeResult | IomError:
    """A real authenticated request; green only when it succeeds and no scope is missing. Raises NotFound."""
    with database.reading() as session:
        found = fetch(
            session, "SELECT version FROM providers.provider_instance WHERE name = %s", (instance,)
        )
    if not found:
        raise NotFound(
            f"no provider instance {instance}", remedy="see the list of installed providers"
        )
    answer: ProbeResult | IomError
    doing = acting.set("probe")
    try:
        with database.reading() as session:
            opened = registry.open(session, instance)
        answer = opened.connector.probe()
    except IomError as error:
        answer = error
    except Exception as error:
        log.error("provider_broke", instance=instance, exc_info=error)
        answer = ProviderError(
            f"the provider's code broke: {type(error).__name__}: {error}"[:1000], where=instance
        )
    finally:
        acting.reset(doing)
    registry.calls.flush(database)
    with database.unit_of_work() as session:
        _probed(session, instance, found[0][0], answer, now or utc_now())
    return answer


def _probed(
    session: Session, instance: str, version: int, answer: ProbeResult | IomError, now: datetime
) -> None:
    """Keep the answer, unless the connection was changed while it was on its way: then it is about another one."""
    found = answer if isinstance(answer, ProbeResult) else ProbeResult(account="")
    error = "" if isinstance(answer, ProbeResult) else str(answer)[:2000].replace("\x00", " ")
    if found.missing_scopes:
        error = f"the credential lacks: {', '.join(found.missing_scopes)}. Grant them at {instance} and probe again"
    execute(
        session,
        "UPDATE providers.provider_instance SET state = %s, error = %s, account = %s, scopes = %s,"
        " missing_scopes = %s, probed_at = %s, next_probe_at = %s WHERE name = %s AND version = %s",
        (
            "red" if error else "green",
            error,
            found.account,
            list(found.scopes),
            list(found.missing_scopes),
            now,
            now + (PROBE_AGAIN if error else PROBE_EVERY),
            instance,
            version,
        ),
    )
    notify(session, POLL_WAKE)
