"""Supply that is scheduled to arrive: what plans of days to come may count on."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from sqlalchemy.orm import Session

from openiom.inventory_visibility.configuration import inventory_configuration
from openiom.inventory_visibility.reservations.requests import Key
from openiom.platform.bulk import fetch

from .projection import formula_of


def inbound(
    session: Session, products: Collection[str], *, first: date, last: date
) -> dict[date, dict[Key, int]]:
    """Whole units scheduled to arrive on each of these days, by (product, source); demand schedules are left out."""
    formula = formula_of(inventory_configuration(session))
    found: dict[date, dict[Key, float]] = defaultdict(lambda: defaultdict(float))
    for product, source, day, data_source, measure, quantity in fetch(
        session,
        "SELECT s.product, s.source, b.day, b.data_source, b.measure, b.quantity"
        " FROM inventory_visibility.schedule_balance b JOIN inventory_visibility.stock s ON s.id = b.stock_id"
        " WHERE s.product = ANY(%s) AND s.organization = '' AND s.dimensions = '' AND b.day BETWEEN %s AND %s"
        " AND b.quantity <> 0 ORDER BY b.day, s.product, s.source",
        (sorted(products), first, last),
    ):
        signed = formula.get((data_source, measure), 0) * float(quantity)
        if signed > 0:
            found[day][product, source] += signed
    return {
        day: {key: int(units) for key, units in rows.items() if units >= 1}
        for day, rows in found.items()
    }
