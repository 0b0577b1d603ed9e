"""Promises, delivery calendar and pickup options of a planned cart, without a database."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from tests.fulfillment_optimization.builders import place

from openiom.fulfillment_optimization.quotes.delivery_dates import (
    CALENDAR_DAYS,
    MOST_PICKUPS,
    PickupSource,
    Shipping,
    delivery_calendar,
    pickup_options,
    promise_row,
    promises_of,
)
from openiom.fulfillment_optimization.snapshot import PlanningSource, planning_source
from openiom.logistics import (
    Band,
    CalendarBody,
    CarrierService,
    PickupSchedule,
    SourceTiming,
    WorkingCalendar,
)

NEW_YORK = ZoneInfo("America/New_York")
FRIDAY = datetime(2026, 11, 20, 15, tzinfo=UTC)  # 10:00 in New York
GROUND = CarrierService(
    "ups", "ground", "Ground", (Band(300.0, "2", 1), Band(1500.0, "4", 3), Band(None, "8", 5))
)
WORKS = CalendarBody.model_validate({"title": "c", "time_zone": "America/New_York"}).calendar()
NEVER = replace(WORKS, closures=((date(2026, 1, 1), date(2030, 1, 1)),))


def local(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=NEW_YORK).astimezone(UTC)


def timing(calendar: WorkingCalendar = WORKS, hours: float = 0.0, **more: object) -> SourceTiming:
    return SourceTiming(calendar, processing_hours=hours, **more)  # type: ignore[arg-type]


def parcel(source: str = "SEA", km: float = 100.0, **more: object) -> Shipping:
    given = {"timing": timing(), "service": GROUND, **more}
    return Shipping(source, km, **given)  # type: ignore[arg-type]


def site(name: str, *capabilities: str) -> PlanningSource:
    return planning_source(place(name, 1.0, capabilities=list(capabilities)))


def store(
    name: str,
    *capabilities: str,
    km: float = 10.0,
    in_stock: bool = True,
    calendar: WorkingCalendar = WORKS,
    hours: float = 0.0,
    parcels_km: tuple[float, ...] = (),
) -> PickupSource:
    found = timing(calendar, hours)
    return PickupSource(site(name, *capabilities), found, km, in_stock, np.array(parcels_km))


@pytest.mark.parametrize(
    ("km", "expected", "latest", "confidence"),
    [
        (300.0, date(2026, 11, 23), date(2026, 11, 24), 0.9975),
        (300.1, date(2026, 11, 25), date(2026, 11, 26), 0.986),
        (1500.1, date(2026, 11, 27), date(2026, 11, 30), 0.9672),
    ],
)
def test_a_promise_has_window_confidence_and_distance(
    km: float, expected: date, latest: date, confidence: float
) -> None:
    [(shipping, made)] = promises_of([parcel(km=km)], FRIDAY)
    row = promise_row(shipping, made)
    assert (row.delivery.earliest, row.delivery.expected) == (expected, expected)
    assert (row.delivery.latest, row.confidence) == (latest, confidence)
    assert (row.source, row.carrier, row.service) == ("SEA", "ups", "ground")
    assert (row.ready_at, row.pickup_at, row.ship_date) == (FRIDAY, FRIDAY, date(2026, 11, 20))
    assert row.distance_km == round(km, 1)


def test_a_source_that_never_hands_over_promises_nothing() -> None:
    closed = parcel("CHI", timing=timing(NEVER))
    found = promises_of([closed, parcel("SEA")], FRIDAY)
    assert [shipping.source for shipping, _ in found] == ["SEA"]


def test_every_parcel_can_be_delivered_from_the_latest_expected_day_on() -> None:
    made = promises_of([parcel("SEA", 100.0), parcel("CHI", 1000.0)], FRIDAY)
    calendar = delivery_calendar(made, FRIDAY)
    assert len(calendar) == CALENDAR_DAYS
    assert [day.date for day in calendar] == [
        date(2026, 11, 20) + timedelta(days=n) for n in range(CALENDAR_DAYS)
    ]
    possible = [day.date for day in calendar if day.possible]
    assert possible[:4] == [
        date(2026, 11, 25),
        date(2026, 11, 26),
        date(2026, 11, 27),
        date(2026, 11, 30),
    ]


def test_a_day_must_be_one_that_every_service_delivers_on() -> None:
    all_week = replace(GROUND, moves=(True,) * 7, delivers=(True,) * 7)
    weekend = replace(GROUND, delivers=(False,) * 5 + (True, True))
    made = promises_of([parcel("SEA", service=all_week), parcel("CHI", service=weekend)], FRIDAY)
    possible = [day.date for day in delivery_calendar(made, FRIDAY) if day.possible]
    assert possible[:3] == [date(2026, 11, 28), date(2026, 11, 29), date(2026, 12, 5)]


def test_without_a_promise_no_day_is_possible() -> None:
    calendar = delivery_calendar([], FRIDAY)
    assert [day.possible for day in calendar] == [False] * CALENDAR_DAYS


def test_sources_with_the_whole_cart_hand_it_out_nearest_first() -> None:
    sources = [
        store("FAR", "pickup", km=90.04),
        store("NEAR", "pickup", "curbside", km=5.0, hours=2.0),
        store("SHORT", "pickup", km=1.0, in_stock=False),
        store("DEPOT", "ship", km=0.5),
        store("CLOSED", "pickup", km=2.0, calendar=NEVER),
    ]
    found = pickup_options(sources, [], FRIDAY)
    assert [(o.kind, o.source, o.distance_km) for o in found] == [
        ("bopis", "NEAR", 5.0),
        ("bopis", "FAR", 90.0),
        ("curbside", "NEAR", 5.0),
    ]
    assert [o.ready_at for o in found] == [
        local("2026-11-20T12:00"),
        FRIDAY,
        FRIDAY + timedelta(hours=2),
    ]


def test_a_customer_does_not_wait_for_the_carriers_pickup() -> None:
    schedule = PickupSchedule("ups", weekly=((), (), (), (), (1020,), (), ()))
    source = replace(store("SEA", "pickup"), timing=timing(pickup=schedule))
    assert pickup_options([source], [], FRIDAY)[0].ready_at == FRIDAY


def test_no_more_than_twenty_sources_of_a_kind_are_offered() -> None:
    sources = [store(f"S{n:02}", "pickup", km=float(n)) for n in range(MOST_PICKUPS + 5)]
    found = pickup_options(sources, [], FRIDAY)
    assert [o.source for o in found] == [f"S{n:02}" for n in range(MOST_PICKUPS)]


@pytest.mark.parametrize(
    ("parcels", "kms", "expected"),
    [
        ((("SEA", 0.0),), (100.0,), "2026-11-23T08:00"),
        ((("SEA", 0.0),), (1000.0,), "2026-11-25T08:00"),
        ((("SEA", 0.0), ("CHI", 0.0)), (100.0, 9000.0), "2026-11-27T08:00"),
        ((("SEA", 0.0), ("STORE", 0.0)), (100.0, 0.0), "2026-11-23T08:00"),
        ((("STORE", 26.0),), (0.0,), "2026-11-25T09:00"),
    ],
)
def test_ship_to_store_is_ready_when_the_store_opens_after_the_last_parcel(
    parcels: tuple[tuple[str, float], ...], kms: tuple[float, ...], expected: str
) -> None:
    shipping = [parcel(name, timing=timing(hours=hours)) for name, hours in parcels]
    target = store("STORE", "ship_to_store", km=3.0, in_stock=False, parcels_km=kms)
    [option] = pickup_options([target], shipping, FRIDAY)
    assert (option.kind, option.source, option.distance_km) == ("ship_to_store", "STORE", 3.0)
    assert option.ready_at == local(expected)


def test_ship_to_store_needs_every_parcel_and_a_store_that_opens() -> None:
    target = store("STORE", "ship_to_store", in_stock=False, parcels_km=(10.0, 10.0))
    leaves, stays = parcel("SEA"), parcel("CHI", timing=timing(NEVER))
    assert pickup_options([target], [leaves, stays], FRIDAY) == []
    assert len(pickup_options([target], [leaves, leaves], FRIDAY)) == 1
    closed = replace(target, timing=timing(NEVER))
    assert pickup_options([closed], [leaves, leaves], FRIDAY) == []


def test_a_store_with_the_whole_cart_needs_no_parcel_and_no_parcel_no_store() -> None:
    has_it = store("STORE", "ship_to_store", in_stock=True, parcels_km=(10.0,))
    assert pickup_options([has_it], [parcel()], FRIDAY) == []
    has_not = replace(has_it, in_stock=False)
    assert pickup_options([has_not], [], FRIDAY) == []


def test_work_after_the_cut_off_begins_on_the_next_working_day() -> None:
    late = replace(store("SEA", "pickup"), timing=timing(cutoff=time(9)))
    assert pickup_options([late], [], FRIDAY)[0].ready_at == local("2026-11-23T08:00")
