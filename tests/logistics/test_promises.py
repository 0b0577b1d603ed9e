"""A promise: ready, picked up, shipped, delivered, and how sure that is."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from openiom.logistics import (
    STANDARD_SERVICE,
    CalendarBody,
    CarrierBody,
    CarrierService,
    PickupSchedule,
    PickupScheduleBody,
    SourceTiming,
    WorkingCalendar,
    lateness_days,
    next_pickup,
    on_time_chance,
    promise,
    transit_of,
)

NEW_YORK = ZoneInfo("America/New_York")
DAYS = ["monday", "tuesday", "wednesday", "thursday", "friday"]


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def works(**more: object) -> WorkingCalendar:
    body = {"title": "c", "time_zone": "America/New_York", **more}
    return CalendarBody.model_validate(body).calendar()


def schedule(*times: tuple[str, str], rule: str = "") -> PickupSchedule:
    pickups = [{"weekdays": DAYS if day == "*" else [day], "at": at} for day, at in times]
    return PickupScheduleBody.model_validate(
        {"title": "p", "carrier": "ups", "pickups": pickups, "rule": rule}
    ).schedule()


def ground(**more: object) -> CarrierService:
    service = {
        "name": "ground",
        "title": "Ground",
        "bands": [
            {"up_to_km": 300, "zone": "2", "days": 1},
            {"up_to_km": 1500, "zone": "4", "days": 3},
            {"zone": "8", "days": 5},
        ],
        **more,
    }
    return CarrierBody.model_validate(
        {"title": "UPS", "services": [service], "holidays": [{"country": "US"}]}
    ).to_services("ups")[0]


def test_goods_leave_with_the_first_pickup_after_they_are_ready() -> None:
    twice = schedule(("*", "11:00"), ("*", "16:30"))
    assert next_pickup(twice, works(), local("2026-11-20T11:01")) == local("2026-11-20T16:30")
    assert next_pickup(twice, works(), local("2026-11-20T11:00")) == local("2026-11-20T11:00")
    assert next_pickup(twice, works(), local("2026-11-20T16:31")) == local("2026-11-23T11:00")


def test_a_pickup_outside_working_hours_is_passed_over_and_one_at_closing_time_is_not() -> None:
    assert next_pickup(
        schedule(("*", "18:00"), ("*", "09:00")), works(), local("2026-11-20T10:00")
    ) == local("2026-11-23T09:00")
    assert next_pickup(schedule(("*", "17:00")), works(), local("2026-11-20T10:00")) == local(
        "2026-11-20T17:00"
    )


def test_a_schedule_whose_pickups_never_meet_the_working_hours_gives_the_next_working_day() -> None:
    never = schedule(("sunday", "12:00"))
    assert next_pickup(never, works(), local("2026-11-20T10:00")) == local("2026-11-23T08:00")


def test_a_holiday_moves_the_pickup_to_the_next_working_day() -> None:
    closed = works(holidays=[{"country": "US"}])
    assert next_pickup(schedule(("*", "16:00")), closed, local("2026-11-25T16:30")) == local(
        "2026-11-27T16:00"
    )


def test_a_recurrence_rule_says_when_the_carrier_calls() -> None:
    rule = schedule(rule="FREQ=WEEKLY;INTERVAL=2;BYDAY=TU;BYHOUR=16;BYMINUTE=30;BYSECOND=0")
    first = next_pickup(rule, works(), local("2026-11-16T09:00"))
    assert first is not None
    second = next_pickup(rule, works(), local("2026-11-18T09:00"))
    assert second is not None
    assert (first, second) == (local("2026-11-17T16:30"), local("2026-12-01T16:30"))


def test_a_distance_on_the_edge_of_a_band_belongs_to_the_nearer_band() -> None:
    band, days = transit_of(ground(), np.array([0.0, 300.0, 300.1, 1500.0, 9000.0]))
    assert (band.tolist(), days.tolist()) == ([0, 0, 1, 1, 2], [1, 1, 3, 3, 5])


def test_a_promise_adds_processing_pickup_and_transit_by_working_days() -> None:
    source = SourceTiming(works(), time(14), 4.0, 1, schedule(("*", "16:30")))
    made = promise(source, km=1000, now=local("2026-11-20T10:00"), service=ground())
    assert made is not None
    assert (made.ready_at, made.pickup_at) == (local("2026-11-20T14:00"), local("2026-11-20T16:30"))
    assert (made.ship_date, made.earliest, made.delivery_date, made.latest) == (
        date(2026, 11, 20),
        date(2026, 11, 25),
        date(2026, 11, 25),
        date(2026, 11, 27),
    )
    assert (made.zone, made.carrier, made.service) == ("4", "ups", "ground")


def test_the_ship_date_is_the_local_day_of_the_pickup() -> None:
    late = works(hours={d: [{"opens": "08:00", "closes": "24:00"}] for d in DAYS})
    made = promise(
        SourceTiming(late, None, 0.0, 0, schedule(("*", "23:00"))),
        km=10,
        now=local("2026-11-19T22:00"),
        service=ground(),
    )
    assert made is not None
    assert made.pickup_at == datetime(2026, 11, 20, 4, tzinfo=UTC)
    assert made.ship_date == date(2026, 11, 19)


def test_transit_over_the_end_of_the_year_skips_the_holiday_and_the_weekend() -> None:
    made = promise(
        SourceTiming(works(), None, 0.0, 0), km=200, now=local("2026-12-31T10:00"), service=ground()
    )
    assert made is not None
    assert (made.ship_date, made.delivery_date) == (date(2026, 12, 31), date(2027, 1, 4))


def test_a_service_that_delivers_on_saturdays_arrives_on_one() -> None:
    week = [*DAYS, "saturday"]
    made = promise(
        SourceTiming(works(), None, 0.0, 0),
        km=200,
        now=local("2026-11-20T10:00"),
        service=ground(moves=week, delivers=week),
    )
    assert made is not None
    assert made.delivery_date == date(2026, 11, 21)


def test_a_service_may_be_early_but_never_before_one_day_of_transit() -> None:
    quick = ground(early_days=2)
    source = SourceTiming(works(), None, 0.0, 0)
    near, far = (
        promise(source, km=km, now=local("2026-11-16T10:00"), service=quick) for km in (10, 9000)
    )
    assert near is not None
    assert far is not None
    assert (near.earliest, near.delivery_date) == (date(2026, 11, 17), date(2026, 11, 17))
    assert (far.earliest, far.delivery_date) == (date(2026, 11, 19), date(2026, 11, 23))


@pytest.mark.parametrize(
    ("days", "slip", "late_by", "chance"),
    [
        (0, 0.05, 0, 1.0),
        (1, 0.05, 0, 0.95),
        (1, 0.05, 1, 0.9975),
        (3, 0.1, 1, 0.9477),
        (5, 0.0, 0, 1.0),
    ],
)
def test_confidence_is_the_chance_that_no_more_transit_days_slip(
    days: int, slip: float, late_by: int, chance: float
) -> None:
    assert on_time_chance(days, slip, late_by) == pytest.approx(chance, abs=1e-12)


def test_a_source_that_never_opens_promises_nothing() -> None:
    closed = works(closures=[{"from": "2026-01-01", "to": "2030-12-31"}])
    assert (
        promise(
            SourceTiming(closed), km=10, now=local("2026-11-20T10:00"), service=STANDARD_SERVICE
        )
        is None
    )


@given(
    km=st.lists(st.floats(0, 12_000), min_size=3, max_size=3),
    minute=st.integers(0, 500_000),
    wanted=st.dates(date(2026, 1, 1), date(2027, 6, 1)),
)
def test_lateness_of_many_orders_equals_the_promise_of_each_source(
    km: list[float], minute: int, wanted: date
) -> None:
    now = datetime.fromtimestamp(1_767_225_600 + minute * 60, UTC)
    closed = works(closures=[{"from": "2025-01-01", "to": "2030-12-31"}])
    sources = [
        SourceTiming(works(), time(14), 4.0, 1, schedule(("*", "16:30"))),
        SourceTiming(works(holidays=[{"country": "US"}]), None, None, 2),
        SourceTiming(closed),
    ]
    found = lateness_days(sources, np.array([km, km]), [wanted, None], now=now, service=ground())
    made = [promise(s, km=d, now=now, service=ground()) for s, d in zip(sources, km, strict=True)]
    expected = [
        3650.0 if p is None else float(max(0, (p.delivery_date - wanted).days)) for p in made
    ]
    assert found.tolist() == [expected, [0.0, 0.0, 0.0]]


@pytest.mark.parametrize(
    ("bands", "says"),
    [
        ([{"up_to_km": 300, "days": 1}], "the last band"),
        ([{"days": 1}, {"days": 2}], "the last band"),
        ([{"up_to_km": 300, "days": 1}, {"up_to_km": 200, "days": 2}, {"days": 3}], "must ascend"),
    ],
)
def test_bands_that_leave_a_distance_out_are_refused(
    bands: list[dict[str, object]], says: str
) -> None:
    with pytest.raises(ValidationError, match=says):
        CarrierBody.model_validate(
            {"title": "c", "services": [{"name": "g", "title": "G", "bands": bands}]}
        )


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "give pickups, a rule, or both"),
        ({"rule": "FREQ=SECONDLY;BYHOUR=9"}, "FREQ must be"),
        ({"rule": "FREQ=DAILY;BYHOUR=soon"}, "rule"),
        ({"rule": "DTSTART:20240101T090000Z\nRRULE:FREQ=DAILY;BYHOUR=9"}, "offset"),
        ({"rule": "FREQ=DAILY"}, "BYHOUR"),
        ({"pickups": [{"weekdays": ["monday"], "at": "24:00"}]}, "next day"),
    ],
)
def test_a_pickup_schedule_that_says_no_time_is_refused(body: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        PickupScheduleBody.model_validate({"title": "p", "carrier": "ups", **body})
