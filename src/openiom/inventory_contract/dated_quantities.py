"""Scheduled changes and available to promise by day, for the result of a query."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from openiom.inventory_visibility import (
    DateRange,
    Group,
    InventoryConfiguration,
    StockQuery,
    dated_quantities,
    group_fields,
    stock_of_groups,
)

from .response_writer import zero_quantities


def add_dates(
    session: Session,
    rows: Sequence[dict[str, Any]],
    query: StockQuery,
    dates: DateRange,
    configuration: InventoryConfiguration,
    *,
    now: datetime,
) -> list[dict[str, Any]]:
    """Return `rows` with `quantitiesByDate` and `atpQuantities`.

    Groups that only have scheduled changes are added.
    """
    groups = stock_of_groups(session, query, configuration)
    by_group = dated_quantities(
        session,
        list(groups.values()),
        configuration=configuration,
        today=now.date(),
        first=dates.first,
        last=dates.last,
    )
    row_by_key = {_key(row): row for row in rows}
    zeros = zero_quantities(configuration)

    result = []
    for group, dated in zip(groups, by_group, strict=True):
        empty = {**group_fields(group, query, configuration), "quantities": zeros}
        row = dict(row_by_key.get(_key(empty), empty))
        row["quantitiesByDate"] = dated.quantities_by_date
        row["atpQuantities"] = dated.atp_quantities
        result.append(row)

    return result


def _key(row: Mapping[str, Any]) -> Group:
    names = [f"{name}={value}" for name, value in sorted(row["dimensions"].items())]
    return (row["productId"], *names)
