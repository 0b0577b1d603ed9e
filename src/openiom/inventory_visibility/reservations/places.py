"""Where a soft reservation may reserve: at the stock key it names, or at every location."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from openiom.inventory_visibility.availability.hierarchy import (
    Level,
    LockedStockRow,
    StockFamily,
    levels_of,
    shortage_text,
)
from openiom.inventory_visibility.locks import Families
from openiom.inventory_visibility.measures import ZERO, StockKey, dimension_text

SITE = "siteid"
SiteOf = Callable[[str], str]
"""Returns the site of an own location."""


@dataclass(frozen=True, slots=True)
class Place:
    """A stock key at which a request may reserve, with its levels, the coarsest first."""

    key: StockKey
    levels: Sequence[Level]

    def locked(self, families: Families) -> tuple[StockFamily, LockedStockRow]:
        """Return the locked family and row of this key."""
        family = families[self.key.family]
        return family, family.rows[self.levels[-1]]

    def free(self, families: Families) -> Decimal:
        """Return the units that fit every level here, at least zero."""
        family = families[self.key.family]
        return max(ZERO, min(map(family.free, self.levels)))


def place_of(
    key: StockKey, dimensions: Mapping[str, str], hierarchy: Sequence[str], *, site: str = ""
) -> Place:
    """Return the place of a key; stock of a location does not store its `site`.

    Raises:
        ValueError: The dimensions are not the beginning of the hierarchy without a gap.
    """
    levels = levels_of(dimensions, hierarchy)
    if site and dimensions.get(SITE) == site:
        stored = {name: value for name, value in dimensions.items() if name != SITE}
        key = key._replace(dimensions=dimension_text(stored))
        levels = [level - {(SITE, site)} for level in levels]

    return Place(key, levels)


def refusal(families: Families, places: Sequence[Place], quantity: Decimal) -> str:
    """Return why a quantity does not fit these places together, or ''.

    Each level is counted over all places, so that a shortage at one location reduces what may be
    reserved at all of them.
    """
    if len(places) == 1:
        (place,) = places
        return families[place.key.family].refusal(place.levels, quantity)

    available = ZERO
    for place in places:
        available += place.free(families)

    for depth in range(len(places[0].levels)):
        at_level = ZERO
        for place in places:
            at_level += families[place.key.family].free(place.levels[depth])

        available = min(available, at_level)

    return shortage_text(available, "all locations", quantity) if quantity > available else ""


def split(
    families: Families, places: Sequence[Place], quantity: Decimal
) -> list[tuple[Place, Decimal]]:
    """Return the units to reserve at each place, first where the most are free.

    Units that are free at no place are reserved at the first one.
    """
    if len(places) == 1:
        return [(places[0], quantity)]

    by_free = sorted(places, key=lambda place: -place.free(families))
    parts: dict[int, Decimal] = {}
    missing = quantity
    for number, place in enumerate(by_free):
        units = min(missing, place.free(families))
        parts[number] = units
        missing -= units

    parts[0] += missing
    return [(by_free[number], units) for number, units in parts.items() if units]
