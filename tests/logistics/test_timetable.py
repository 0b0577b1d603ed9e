"""Calendars, carriers and pickup schedules are documents; their parsed form is kept until one of them changes."""

from datetime import UTC, datetime, time
from typing import Any

import pytest

from openiom.fulfillment_optimization import KINDS
from openiom.kernel import Invalid
from openiom.logistics import STANDARD_SERVICE, timetable
from openiom.logistics.timetable import read_timetable
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
SEATTLE = {"city": "Seattle", "state": "WA", "postal_code": "98101", "country": "US"}
CARRIER = {
    "title": "UPS",
    "services": [{"name": "ground", "title": "Ground", "bands": [{"days": 3}]}],
}
SCHEDULE = {
    "title": "Afternoon",
    "carrier": "ups",
    "pickups": [{"weekdays": ["monday"], "at": "16:00"}],
}


@pytest.fixture
def configuration() -> Configuration:
    found = Configuration()
    found.register(*KINDS)
    return found


def put(
    database: Database, configuration: Configuration, kind: str, name: str, body: dict[str, Any]
) -> None:
    with database.unit_of_work() as session:
        configuration.apply(
            session, [{"kind": kind, "name": name, "body": body}], at=NOW, actor="test"
        )


def test_a_pickup_schedule_names_a_carrier_that_exists(
    database: Database, configuration: Configuration
) -> None:
    with pytest.raises(Invalid, match="no carrier named ups"):
        put(database, configuration, "pickup_schedule", "pm", SCHEDULE)
    put(database, configuration, "carrier", "ups", CARRIER)
    put(database, configuration, "pickup_schedule", "pm", SCHEDULE)


def test_the_timetable_is_parsed_again_exactly_when_a_document_of_it_changed(
    database: Database, configuration: Configuration
) -> None:
    put(database, configuration, "source", "SEA", {"title": "Seattle", "address": SEATTLE})
    with database.reading() as session:
        first, again = timetable(session), timetable(session)
    assert first is again
    assert first.service("ups") is STANDARD_SERVICE
    put(database, configuration, "carrier", "ups", CARRIER)
    with database.reading() as session:
        changed = timetable(session)
    assert changed.service("ups").bands[0].days == 3
    with database.unit_of_work() as session:
        configuration.remove(session, [("carrier", "ups")], at=NOW, actor="test")
    with database.reading() as session:
        assert timetable(session).service("ups") is STANDARD_SERVICE


def test_a_source_has_the_calendar_cut_off_and_pickups_its_document_names() -> None:
    hours = {"monday": [{"opens": "09:00", "closes": "12:00"}]}
    source = {
        "calendar": "short",
        "cutoff": "11:30",
        "processing_hours": 2,
        "pickup_schedule": "pm",
    }
    found = read_timetable(
        {
            "calendar": {"short": {"title": "Short", "hours": hours}},
            "pickup_schedule": {"pm": SCHEDULE},
            "carrier": {"ups": CARRIER},
            "source": {
                "A": source,
                "B": dict(source),
                "C": {"time_zone": "Asia/Tokyo", "processing_days": 3},
            },
        }
    )
    a, b, c, unknown = found.of(["A", "B", "C", "nowhere"])
    assert a is b
    assert (a.cutoff, a.processing_hours, a.calendar.weekly[0]) == (
        time(11, 30),
        2.0,
        ((540, 720),),
    )
    assert a.pickup is not None
    assert a.pickup.weekly[0] == (960,)
    assert (str(c.calendar.zone), c.processing_days, c.pickup, c.cutoff) == (
        "Asia/Tokyo",
        3,
        None,
        None,
    )
    assert unknown.processing_days == 1
