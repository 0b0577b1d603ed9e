"""A lease is renewed while its work runs, and no longer."""

import time
from datetime import datetime

import psycopg
import pytest

from openiom.platform.clock import utc_now
from openiom.platform.leases import HEARTBEAT_SECONDS, LEASE, heartbeat


def test_a_lease_is_renewed_while_the_block_runs() -> None:
    renewals: list[datetime] = []
    with heartbeat(renewals.append, seconds=0.05):
        time.sleep(0.4)

    count = len(renewals)
    time.sleep(0.2)

    assert count >= 3
    assert len(renewals) == count
    assert utc_now() < renewals[-1] <= utc_now() + LEASE


def test_a_failed_renewal_is_followed_by_the_next() -> None:
    renewals: list[datetime] = []

    def fail_once(until: datetime) -> None:
        renewals.append(until)
        if len(renewals) == 1:
            raise psycopg.OperationalError("connection lost")

    with heartbeat(fail_once, seconds=0.05):
        time.sleep(0.4)

    assert len(renewals) >= 2


def test_renewals_end_when_the_block_raises() -> None:
    renewals: list[datetime] = []

    def work() -> None:
        with heartbeat(renewals.append, seconds=0.02):
            time.sleep(0.1)
            raise ValueError("the work failed")

    with pytest.raises(ValueError, match="the work failed"):
        work()

    count = len(renewals)
    time.sleep(0.1)
    assert len(renewals) == count


def test_a_short_block_is_not_renewed() -> None:
    renewals: list[datetime] = []
    with heartbeat(renewals.append):
        pass

    assert renewals == []


def test_a_lease_survives_two_missed_renewals() -> None:
    assert LEASE.total_seconds() > 3 * HEARTBEAT_SECONDS
