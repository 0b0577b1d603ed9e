"""The timetable that calendar, carrier, pickup schedule and source documents describe."""

from datetime import UTC, datetime, time
from typing import Any

import pytest

from openiom.kernel import Invalid
from openiom.logistics import (
    ALWAYS_OPEN,
    KINDS,
    STANDARD_SERVICE,
    SourceTiming,
    read_timetable,
)
from openiom.platform.configuration import Configuration
from openiom.platform.database import Database

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CARRIER: dict[str, Any] = {
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


def apply(
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
        apply(database, configuration, "pickup_schedule", "pm", SCHEDULE)
    apply(database, configuration, "carrier", "ups", CARRIER)
    apply(database, configuration, "pickup_schedule", "pm", SCHEDULE)


def test_without_documents_every_source_is_always_open_and_the_standard_service_carries() -> None:
    found = read_timetable({})
    assert found.source_timings(["A"]) == [SourceTiming(ALWAYS_OPEN, None, None, 1, None)]
    assert found.service("ups", "ground") is STANDARD_SERVICE
    assert (found.sources, found.carriers, found.live_rates) == ({}, {}, {})


@pytest.mark.parametrize(
    ("carrier", "service", "expected"),
    [
        ("ups", "", "ground"),
        ("ups", "ground", "ground"),
        ("ups", "air", "air"),
        ("ups", "pigeon", "standard"),
        ("", "", "standard"),
        ("", "air", "standard"),
        ("fedex", "air", "standard"),
    ],
)
def test_a_service_is_found_by_its_name_and_else_is_the_first_one_of_the_carrier(
    carrier: str, service: str, expected: str
) -> None:
    air = {"name": "air", "title": "Air", "bands": [{"days": 1}], "rate_table": "express"}
    body = {"title": "UPS", "services": [*CARRIER["services"], air]}
    found = read_timetable({"carrier": {"ups": body}})
    assert found.service(carrier, service).name == expected
    assert [s.rate_table for s in found.carriers["ups"]] == ["", "express"]


def test_only_carriers_with_a_provider_instance_have_live_rates() -> None:
    live = {**CARRIER, "live_rates": "easypost"}
    found = read_timetable({"carrier": {"ups": CARRIER, "dhl": live}})
    assert found.live_rates == {"dhl": "easypost"}
    assert sorted(found.carriers) == ["dhl", "ups"]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({}, SourceTiming(ALWAYS_OPEN, None, None, 1, None)),
        ({"cutoff": "24:00"}, SourceTiming(ALWAYS_OPEN, None, None, 1, None)),
        ({"cutoff": ""}, SourceTiming(ALWAYS_OPEN, None, None, 1, None)),
        ({"cutoff": "00:05"}, SourceTiming(ALWAYS_OPEN, time(0, 5), None, 1, None)),
        ({"processing_hours": 0}, SourceTiming(ALWAYS_OPEN, None, 0.0, 1, None)),
        ({"processing_days": 0}, SourceTiming(ALWAYS_OPEN, None, None, 0, None)),
        ({"calendar": "gone", "pickup_schedule": "gone"}, SourceTiming()),
        ({"time_zone": ""}, SourceTiming()),
    ],
)
def test_the_timing_of_a_source_document(body: dict[str, Any], expected: SourceTiming) -> None:
    [found] = read_timetable({"source": {"A": body}}).source_timings(["A"])
    assert found == expected


def test_sources_that_differ_in_one_timing_field_do_not_share_a_timing() -> None:
    bodies: list[dict[str, Any]] = [
        {},
        {"cutoff": "11:00"},
        {"processing_hours": 3},
        {"processing_days": 3},
        {"time_zone": "Asia/Tokyo"},
        {"calendar": "short"},
        {"pickup_schedule": "pm"},
    ]
    found = read_timetable(
        {
            "calendar": {"short": {"title": "Short"}},
            "pickup_schedule": {"pm": SCHEDULE},
            "source": {str(n): body for n, body in enumerate(bodies)},
        }
    )
    assert len({id(timing) for timing in found.sources.values()}) == len(bodies)


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
    a, b, c, unknown = found.source_timings(["A", "B", "C", "nowhere"])
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
