"""Where sources are and how long they take to prepare an order, for other packages."""

from collections.abc import Collection
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch_as


class SourceLocation(NamedTuple):
    """A source's title, location and postal address; `processing_days` from order to shipment."""

    name: str
    title: str
    latitude: float
    longitude: float
    address: dict[str, Any]
    processing_days: int


def source_places(session: Session, names: Collection[str]) -> dict[str, SourceLocation]:
    """Return the sources that exist among these names."""
    rows = fetch_as(
        session,
        SourceLocation,
        f"SELECT {', '.join(SourceLocation._fields)} FROM fulfillment_optimization.source"
        " WHERE name = ANY(%s)",
        (sorted(names),),
    )
    return {row.name: row for row in rows}
