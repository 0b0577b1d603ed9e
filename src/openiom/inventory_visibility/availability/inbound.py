"""Scheduled supply of the own stock, for plans of future days."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date

from sqlalchemy.orm import Session

from openiom.inventory_visibility.configuration import inventory_configuration
from openiom.inventory_visibility.measures import ProductSource
from openiom.platform.bulk import fetch

from .projection import formula_of


def inbound(
    session: Session, products: Collection[str], *, first: date, last: date
) -> dict[date, dict[ProductSource, int]]:
    """Return the whole units scheduled to arrive by day and (product, source).

    Scheduled demand is left out.
    """
    formula = formula_of(inventory_configuration(session))
    rows = fetch(
        session,
        "SELECT s.product, s.source, b.day, b.data_source, b.measure, b.quantity::float8"
        " FROM inventory_visibility.schedule_balance b"
        " JOIN inventory_visibility.stock s ON s.id = b.stock_id"
        " WHERE s.product = ANY(%s) AND s.organization = '' AND s.dimensions = ''"
        " AND b.day BETWEEN %s AND %s AND b.quantity <> 0 ORDER BY b.day, s.product, s.source",
        (sorted(products), first, last),
    )

    sums: dict[tuple[date, str, str], float] = defaultdict(float)
    for product, source, day, data_source, measure, quantity in rows:
        signed = formula.get((data_source, measure), 0) * quantity
        if signed > 0:
            sums[day, product, source] += signed

    found: dict[date, dict[ProductSource, int]] = defaultdict(dict)
    for (day, product, source), quantity in sums.items():
        whole_units = int(quantity)
        if whole_units:
            found[day][product, source] = whole_units

    return dict(found)
