"""The dated part of a query's answer: scheduled changes and what can be promised by day."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from openiom.inventory_visibility import InventoryConfiguration, dated_quantities

from .query_aggregation import Group, shown_group, stock_of
from .query_parser import Question


def add_dates(
    session: Session,
    rows: Sequence[dict[str, Any]],
    question: Question,
    configuration: InventoryConfiguration,
    *,
    now: datetime,
) -> list[dict[str, Any]]:
    """`rows` with `quantitiesByDate` and `atpQuantities`; groups that only have scheduled changes are added."""
    assert question.dates is not None
    groups = stock_of(session, question, configuration)
    promised = dated_quantities(
        session,
        list(groups.values()),
        configuration=configuration,
        today=now.date(),
        first=question.dates.first,
        last=question.dates.last,
    )
    known = {_key(row): row for row in rows}
    out = []
    for group, dates in zip(groups, promised, strict=True):
        empty = {**shown_group(group, question, configuration), "quantities": {}}
        row = known.get(_key(empty), empty)
        out.append(
            {
                **row,
                "quantitiesByDate": dates.quantities_by_date,
                "atpQuantities": dates.atp_quantities,
            }
        )
    return out


def _key(row: Mapping[str, Any]) -> Group:
    return (
        row["productId"],
        *(f"{name}={value}" for name, value in sorted(row["dimensions"].items())),
    )
