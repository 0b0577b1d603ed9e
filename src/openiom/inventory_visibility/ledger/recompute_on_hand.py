"""Recomputes on hand of all stock rows after the formula in the configuration changed."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from sqlalchemy.orm import Session

from openiom.inventory_visibility.columns import split_pairs
from openiom.inventory_visibility.events import publish_inventory_changed
from openiom.inventory_visibility.locks import lock_families
from openiom.inventory_visibility.measures import Family, Formula
from openiom.platform.bulk import execute, fetch_as

from .measure_intake import rebalancing_entries
from .posting import formula_entry, post

CAUSE = "configuration"
DOCUMENT = "inventory_configuration"
CHUNK = 2_000


class _Difference(NamedTuple):
    """A stock row whose measures add up to `delta` more than its on hand."""

    organization: str
    product: str
    source: str
    stock_id: int
    delta: Decimal

    @property
    def family(self) -> Family:
        return self.organization, self.product, self.source


def recompute_on_hand(session: Session, formula: Formula, *, now: datetime, actor: str) -> int:
    """Post the difference between on hand and what the measures add up to by `formula`.

    Stock is locked against all other changes until the transaction ends, because a formula applies
    to all rows or to none. Resulting shortages are posted as overdraft. Publishes
    `inventory.changed`.

    Returns:
        The number of stock rows that moved.
    """
    execute(session, "LOCK TABLE inventory_visibility.stock IN EXCLUSIVE MODE")
    differences = fetch_as(
        session,
        _Difference,
        "SELECT s.organization, s.product, s.source, s.id AS stock_id,"
        " computed.units - s.on_hand AS delta"
        " FROM inventory_visibility.stock s"
        " JOIN LATERAL ("
        " SELECT coalesce(sum(b.quantity * f.sign), 0) AS units"
        " FROM inventory_visibility.measure_balance b"
        " JOIN unnest(%s::text[], %s::text[], %s::int[]) AS f(data_source, measure, sign)"
        " USING (data_source, measure) WHERE b.stock_id = s.id) computed"
        " ON computed.units <> s.on_hand"
        " ORDER BY s.organization, s.product, s.source, s.id",
        (*split_pairs(formula.supply), list(formula.supply.values())),
    )

    for start in range(0, len(differences), CHUNK):
        _post_differences(session, differences[start : start + CHUNK], now=now, actor=actor)

    own = {(d.product, d.source) for d in differences if not d.organization}
    publish_inventory_changed(session, own, cause=CAUSE, document=DOCUMENT, now=now, actor=actor)
    return len(differences)


def _post_differences(
    session: Session, differences: Sequence[_Difference], *, now: datetime, actor: str
) -> None:
    """Post some differences, and rebalance the families they belong to."""
    documents = dict.fromkeys((d.family for d in differences), DOCUMENT)
    families = lock_families(session, list(documents))

    entries = []
    levels = {}
    for family in families.values():
        for level, row in family.rows.items():
            levels[row.id] = level

    for difference in differences:
        families[difference.family].add_supply(levels[difference.stock_id], difference.delta)
        entries.append(formula_entry(difference.stock_id, difference.delta, CAUSE, DOCUMENT))

    entries += rebalancing_entries(families, documents, CAUSE)
    post(session, entries, now=now, actor=actor)
