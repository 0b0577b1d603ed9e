"""A lease is renewed while its work runs, and not a moment longer."""

import time
from datetime import datetime

import psycopg

from openiom.platform.clock import utc_now
from openiom.platform.leases import LEASE, heartbeat


def test_a_lease_is_renewed_while_the_block_runs_and_no_longer() -> None:
    beats: list[datetime] = []
    with heartbeat(beats.append, seconds=0.05):
        time.sleep(0.4)
    told = len(beats)
    time.sleep(0.2)

    assert told >= 3
    assert len(beats) == told
    assert utc_now() < beats[-1] <= utc_now() + LEASE


def test_a_beat_that_fails_is_followed_by_the_next() -> None:
    beats: list[datetime] = []

    def shaky(until: datetime) -> None:
        beats.append(until)
        if len(beats) == 1:
            raise psycopg.OperationalError("connection lost")

    with heartbeat(shaky, seconds=0.05):
        time.sleep(0.4)

    assert len(beats) >= 2
