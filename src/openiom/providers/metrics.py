"""Figures of the providers package for monitoring; each costs the same however much is stored."""

from datetime import datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch, fetch_as, fetch_column

_PARKED_TOTALS = """
SELECT currency, sum(total_amount)::text AS amount, count(*) AS orders FROM (
    SELECT DISTINCT ON (instance, kind, key) total_amount, currency FROM (
        SELECT id, instance, kind, key, total_amount, currency FROM providers.message
        WHERE state = 'parked' ORDER BY id DESC LIMIT %s) parked
    WHERE total_amount IS NOT NULL
    ORDER BY instance, kind, key, id DESC) latest
GROUP BY currency ORDER BY orders DESC, currency
"""


class CallCount(NamedTuple):
    """Calls of one instance in the last five minutes, by outcome."""

    instance: str
    ok: bool
    calls: int


def queue_depths(session: Session) -> dict[str, int]:
    """Return how many messages wait in the inbox and how many are parked."""
    [(received, parked)] = fetch(
        session,
        "SELECT (SELECT count(*) FROM providers.message WHERE state = 'received'),"
        " (SELECT count(*) FROM providers.message WHERE state = 'parked')",
    )
    return {"inbox": received, "parked_messages": parked}


def count_parked(session: Session, *, limit: int) -> int:
    """Return how many messages are parked, at most `limit`."""
    [(parked,)] = fetch(
        session,
        "SELECT count(*) FROM (SELECT FROM providers.message WHERE state = 'parked' LIMIT %s) m",
        (limit,),
    )
    return int(parked)


def oldest_parked(session: Session) -> datetime | None:
    """Return when the parked message was received that was stored first, None without one."""
    received = fetch_column(
        session,
        "SELECT received_at FROM providers.message WHERE state = 'parked' ORDER BY id LIMIT 1",
    )
    return received[0] if received else None


class ParkedTotal(NamedTuple):
    """The parked orders of one currency: their number and their money."""

    currency: str
    amount: str
    orders: int


def parked_totals(session: Session, *, limit: int) -> list[ParkedTotal]:
    """Return what parked orders cost by currency, most orders first.

    At most `limit` messages are considered; of several of one order, the latest counts.
    """
    return fetch_as(session, ParkedTotal, _PARKED_TOTALS, (limit,))


def recent_calls(session: Session) -> list[CallCount]:
    """Return the calls of the last five minutes by instance and outcome."""
    rows = fetch(
        session,
        "SELECT instance, coalesce(status < 400, false), count(*) FROM providers.outbound_request"
        " WHERE started_at > now() - interval '5 minutes' GROUP BY 1, 2 ORDER BY 1, 2",
    )
    return [CallCount(*row) for row in rows]
