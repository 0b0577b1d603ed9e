"""Addresses are located offline, by the best part that is known."""

from typing import Any

import pytest

from openiom.platform import geocoding
from openiom.platform.geocoding import geocode, normalize_name, preload

BELLEVUE = (47.6174, -122.1426)
SAO_PAULO = (-23.5475, -46.6361)


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
    before = geocoding._zip_codes.cache_info()
    preload()

    assert geocoding._zip_codes.cache_info().misses == before.misses
    assert len(geocoding._zip_codes()) > 40_000
