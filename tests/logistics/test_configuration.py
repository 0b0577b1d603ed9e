"""The documents calendar, carrier and pickup schedule: defaults, limits and error texts."""

from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import BaseModel, ValidationError

from openiom.logistics import (
    Band,
    CalendarBody,
    CarrierBody,
    HolidayRule,
    PickupScheduleBody,
)
from openiom.logistics.configuration import minutes_of

NINE_TO_FIVE = {"opens": "09:00", "closes": "17:00"}
OPEN_BAND = "bands: leave up_to_km of the last band, and only of that one, empty"


def error(body: type[BaseModel], given: dict[str, Any]) -> tuple[str, str]:
    """The place and the text of the only error."""
    with pytest.raises(ValidationError) as caught:
        body.model_validate({"title": "t", **given})
    (found,) = caught.value.errors()
    return ".".join(map(str, found["loc"])), found["msg"].removeprefix("Value error, ")


def service(*limits: float | None, **more: Any) -> dict[str, Any]:
    bands = [{"up_to_km": limit, "zone": "z", "days": 1} for limit in limits]
    return {"name": "ground", "title": "Ground", "bands": bands, **more}


@pytest.mark.parametrize(
    ("text", "minutes"), [("00:00", 0), ("00:59", 59), ("13:05", 785), ("24:00", 1440)]
)
def test_a_wall_time_is_minutes_after_midnight(text: str, minutes: int) -> None:
    assert minutes_of(text) == minutes


@pytest.mark.parametrize("text", ["24:01", "25:00", "9:00", "09:60", "0900", ""])
def test_a_wall_time_is_written_with_four_digits(text: str) -> None:
    hours = {"monday": [{"opens": text, "closes": "24:00"}]}
    place, message = error(CalendarBody, {"hours": hours})
    assert place == "hours.monday.0.opens"
    assert message.startswith("String should match pattern")


@pytest.mark.parametrize(
    ("given", "place", "text"),
    [
        (
            {"hours": {"monday": [{"opens": "09:00", "closes": "09:00"}]}},
            "hours.monday.0",
            "closes before it opens; enter hours past midnight on the next day",
        ),
        (
            {"hours": {"monday": [NINE_TO_FIVE, {"opens": "16:59", "closes": "18:00"}]}},
            "",
            "hours of monday overlap",
        ),
        (
            {"openings": [{"date": "2026-12-24", "hours": [NINE_TO_FIVE, NINE_TO_FIVE]}]},
            "",
            "hours of 2026-12-24 overlap",
        ),
        (
            {"closures": [{"from": "2026-12-25", "to": "2026-12-24"}]},
            "closures.0",
            "ends before it begins",
        ),
        (
            {"holidays": [{"country": "ZZ"}]},
            "holidays.0",
            "no public holidays are known for ZZ; use closures",
        ),
        (
            {"time_zone": "Berlin"},
            "time_zone",
            "Berlin is not a time zone; use a name such as Europe/Berlin",
        ),
    ],
)
def test_a_calendar_that_contradicts_itself(given: dict[str, Any], place: str, text: str) -> None:
    assert error(CalendarBody, given) == (place, text)


def test_an_unknown_subdivision_is_refused_with_the_known_ones() -> None:
    place, text = error(CalendarBody, {"holidays": [{"country": "US", "subdivision": "XX"}]})
    assert place == "holidays.0"
    assert text.startswith("US has no subdivision XX; known: [")
    assert "'CA'" in text


def test_the_calendar_of_a_document() -> None:
    given = {
        "title": "c",
        "time_zone": "Europe/Berlin",
        "hours": {
            "monday": [
                {"opens": "13:00", "closes": "17:00"},
                {"opens": "08:00", "closes": "13:00"},
            ],
            "sunday": [],
        },
        "holidays": [{"country": "DE", "subdivision": "BY"}, {"country": "US"}],
        "closures": [{"from": "2026-12-24", "to": "2026-12-31", "reason": "Year end"}],
        "openings": [{"date": "2026-12-26", "hours": [NINE_TO_FIVE]}],
    }
    found = CalendarBody.model_validate(given).calendar()
    assert found.zone == ZoneInfo("Europe/Berlin")
    assert found.weekly == (((480, 780), (780, 1020)), (), (), (), (), (), ())
    assert found.holidays == (HolidayRule("DE", "BY"), HolidayRule("US"))
    assert found.closures == ((date(2026, 12, 24), date(2026, 12, 31)),)
    assert found.openings == {date(2026, 12, 26): ((540, 1020),)}


def test_of_two_openings_of_one_day_the_later_in_the_document_counts() -> None:
    opening = {"date": "2026-12-26", "hours": [NINE_TO_FIVE]}
    short = {"date": "2026-12-26", "hours": [{"opens": "09:00", "closes": "10:00"}]}
    found = CalendarBody.model_validate({"title": "c", "openings": [opening, short]}).calendar()
    assert found.openings == {date(2026, 12, 26): ((540, 600),)}


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ((None,), ""),
        ((300.0, None), ""),
        ((300.0, 300.1, None), ""),
        ((300.0,), OPEN_BAND),
        ((None, None), OPEN_BAND),
        ((None, 300.0), OPEN_BAND),
        ((300.0, 200.0, 900.0), OPEN_BAND),
        ((300.0, 300.0, None), "bands: up_to_km must ascend"),
        ((300.0, 200.0, None), "bands: up_to_km must ascend"),
    ],
)
def test_bands_ascend_and_only_the_last_has_no_limit(
    limits: tuple[float | None, ...], text: str
) -> None:
    given = {"services": [service(*limits)]}
    if text:
        assert error(CarrierBody, given) == ("services.0", text)
    else:
        (found,) = CarrierBody.model_validate({"title": "t", **given}).to_services("ups")
        assert found.bands == tuple(Band(limit, "z", 1) for limit in limits)


def test_services_of_one_carrier_have_distinct_names() -> None:
    given = {"services": [service(None), service(None)]}
    assert error(CarrierBody, given) == ("", "services: names must be unique")


def test_the_services_of_a_document() -> None:
    given = {
        "title": "UPS",
        "services": [
            service(None, moves=["monday", "sunday"], delivers=["saturday"], early_days=1),
            service(None, name="air", spread_days=2, slip=0.5, rate_table="air"),
        ],
        "holidays": [{"country": "US"}],
    }
    ground, air = CarrierBody.model_validate(given).to_services("ups")
    assert (ground.carrier, ground.name, ground.title) == ("ups", "ground", "Ground")
    assert ground.moves == (True, False, False, False, False, False, True)
    assert ground.delivers == (False, False, False, False, False, True, False)
    assert (ground.early_days, ground.spread_days, ground.slip) == (1, 1, 0.05)
    assert (air.name, air.spread_days, air.slip, air.rate_table) == ("air", 2, 0.5, "air")
    assert air.moves == air.delivers == (True,) * 5 + (False,) * 2
    assert ground.holidays == air.holidays == (HolidayRule("US"),)


@pytest.mark.parametrize(
    ("given", "place", "text"),
    [
        ({}, "", "give pickups, a rule, or both"),
        ({"rule": "BYHOUR=9"}, "", "rule: FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY"),
        (
            {"rule": "FREQ=HOURLY;BYHOUR=9"},
            "",
            "rule: FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY",
        ),
        ({"rule": "FREQ=DAILY"}, "", "rule: BYHOUR must give the hour of the pickup"),
        (
            {"pickups": [{"weekdays": ["monday"], "at": "24:00"}]},
            "pickups.0",
            "use 00:00 of the next day",
        ),
    ],
)
def test_a_schedule_needs_pickups(given: dict[str, Any], place: str, text: str) -> None:
    assert error(PickupScheduleBody, {"carrier": "ups", **given}) == (place, text)


def test_the_schedule_of_a_document() -> None:
    given = {
        "title": "p",
        "carrier": "ups",
        "pickups": [
            {"weekdays": ["monday", "sunday"], "at": "16:30"},
            {"weekdays": ["monday"], "at": "09:00"},
            {"weekdays": ["monday"], "at": "16:30"},
        ],
        "rule": "freq=weekly;byday=tu;byhour=16",
    }
    found = PickupScheduleBody.model_validate(given).schedule()
    assert found.weekly == ((540, 990), (), (), (), (), (), (990,))
    assert (found.carrier, found.rule, found.zone) == ("ups", given["rule"], None)
    zoned = PickupScheduleBody.model_validate({**given, "time_zone": "Asia/Tokyo"}).schedule()
    assert zoned.zone == ZoneInfo("Asia/Tokyo")
