"""Addresses are placed without asking anybody."""

import pytest

from openiom.platform.geocoding import geocode


@pytest.mark.parametrize(
    ("address", "point"),
    [
        ({"country": "US", "postal_code": "98007"}, (47.6174, -122.1426)),
        ({"country": "US", "postal_code": "98007-1234"}, (47.6174, -122.1426)),
        ({"country": "BR", "city": "São Paulo"}, (-23.5475, -46.6361)),
        ({"country": "BR", "city": "sao paulo"}, (-23.5475, -46.6361)),
        ({"latitude": 1.5, "longitude": 2, "country": "US", "postal_code": "98007"}, (1.5, 2.0)),
        ({"country": "XX", "city": "Nowhere"}, None),
        ({}, None),
    ],
)
def test_the_best_known_part_of_an_address_places_it(
    address: dict[str, object], point: object
) -> None:
    found = geocode(address)
    assert (found and tuple(round(c, 4) for c in found)) == point


def test_an_unknown_city_is_placed_in_its_country() -> None:
    found = geocode({"country": "BR", "city": "Vila que não existe"})
    assert found is not None
    assert -34 < found[0] < 6
    assert -74 < found[1] < -34
