"""Addresses are located offline, by the best part that is known."""

from typing import Any

import pytest

from openiom.platform import geocoding
from openiom.platform.geocoding import geocode, normalize_name, preload, zip_code

BELLEVUE = (47.6174, -122.1426)
SAO_PAULO = (-23.5475, -46.6361)
PORTLAND_ZIP = (43.6606, -70.2589)
PORTLAND = (43.6574, -70.2589)


def rounded(point: tuple[float, float] | None) -> tuple[float, float] | None:
    if point is None:
        return None
    return round(point[0], 4), round(point[1], 4)


@pytest.mark.parametrize(
    ("address", "point"),
    [
        ({"country": "US", "postal_code": "98007"}, BELLEVUE),
        ({"country": "us", "postal_code": " 98007-1234"}, BELLEVUE),
        ({"country": "US", "postal_code": "98007", "city": "Chicago"}, BELLEVUE),
        ({"country": "BR", "city": "São Paulo"}, SAO_PAULO),
        ({"country": "br", "city": "sao paulo"}, SAO_PAULO),
        ({"country": "BR", "city": "São Paulo", "postal_code": "98007"}, SAO_PAULO),
        ({"latitude": 1.5, "longitude": 2, "country": "US", "postal_code": "98007"}, (1.5, 2.0)),
        ({"latitude": 0, "longitude": 0}, (0.0, 0.0)),
        ({"latitude": 1.5, "country": "US", "postal_code": "98007"}, BELLEVUE),
        ({"latitude": "1.5", "longitude": "2", "country": "XX"}, None),
        ({"country": "XX", "city": "Nowhere"}, None),
        ({"country": "US", "postal_code": "4101"}, PORTLAND_ZIP),
        ({"country": "US", "postal_code": 4101}, PORTLAND_ZIP),
        ({"country": "US", "postal_code": "41011234"}, PORTLAND_ZIP),
        ({"country": "US", "city": "Portland", "state": "ME", "postal_code": "4101"}, PORTLAND_ZIP),
        ({"country": "US", "city": "Portland", "state": "ME"}, PORTLAND),
        ({"country": "US", "city": "PORTLAND", "state": "maine"}, PORTLAND),
        ({"country": "US", "city": "Springfield", "state": "VT"}, (43.3034, -72.4778)),
        ({"country": "US", "city": "Washington", "state": "D.C."}, (38.8951, -77.0364)),
        ({"country": "CA", "city": "Richmond", "state": "BC"}, (49.17, -123.1368)),
        ({"country": "AU", "city": "Newcastle", "state": "New South Wales"}, (-32.9295, 151.7801)),
        ({"city": "São Paulo"}, None),
        ({"country": None, "postal_code": None, "city": None}, None),
        ({}, None),
    ],
)
def test_the_best_known_part_of_an_address_locates_it(
    address: dict[str, Any], point: tuple[float, float] | None
) -> None:
    assert rounded(geocode(address)) == point


def test_an_unknown_city_is_located_in_its_country() -> None:
    point = geocode({"country": "BR", "city": "Vila que não existe"})

    assert point is not None
    assert -34 < point[0] < 6
    assert -74 < point[1] < -34


def test_an_unknown_zip_code_is_located_by_its_city() -> None:
    city = geocode({"country": "US", "city": "Chicago"})

    assert geocode({"country": "US", "postal_code": "00000", "city": "Chicago"}) == city


def test_the_largest_city_of_a_name_is_meant() -> None:
    point = geocode({"country": "US", "city": "Portland"})

    assert point is not None
    assert rounded(point) == (45.5234, -122.6762)


def test_an_unknown_town_is_located_in_its_state_and_not_in_another() -> None:
    point = geocode({"country": "US", "city": "Los Angeles", "state": "ME"})

    assert rounded(point) == (44.5649, -69.4311)


def test_a_state_that_does_not_exist_leaves_the_largest_city_of_the_name() -> None:
    point = geocode({"country": "US", "city": "Portland", "state": "Atlantis"})

    assert rounded(point) == (45.5234, -122.6762)


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("04101", "04101"),
        ("4101", "04101"),
        ("501", "00501"),
        (" 4101-1234 ", "04101"),
        ("041011234", "04101"),
        ("41011234", "04101"),
        ("98007-1234", "98007"),
        ("00000", "00000"),
        ("SW1A 1AA", "SW1A 1AA"),
        ("", ""),
    ],
)
def test_a_postal_code_gets_its_leading_zeros_back(written: str, code: str) -> None:
    assert zip_code(written) == code


@pytest.mark.parametrize(
    ("name", "normalized"),
    [
        ("São Paulo", "saopaulo"),
        ("  ST. LOUIS ", "stlouis"),
        ("Straße", "strasse"),
        ("L'Aquila", "laquila"),
        ("東京", "東京"),
        ("", ""),
    ],
)
def test_names_are_compared_without_accents_case_and_punctuation(
    name: str, normalized: str
) -> None:
    assert normalize_name(name) == normalized


def test_zip_codes_are_read_ahead_once() -> None:
    preload()
    before = geocoding._us_places.cache_info()
    preload()

    assert geocoding._us_places.cache_info().misses == before.misses
    assert len(geocoding._us_places().zip_codes) > 40_000
