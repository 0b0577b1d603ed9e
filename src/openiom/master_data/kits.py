"""Kits, stored exploded into their parts, so that one query finds the parts at any depth."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlalchemy.orm import Session

from openiom.kernel import Invalid, Problem
from openiom.platform.bulk import copy_rows, execute, fetch, fetch_as

from .decisions import explode

_ADVISORY_LOCK = 0x696F6D02
PART_COLUMNS = ("kit", "product", "quantity")
Parts = dict[str, dict[str, int]]


@dataclass(slots=True)
class _PartRow:
    kit: str
    product: str
    quantity: int


@dataclass(slots=True)
class _ComponentRow:
    kit: str
    product: str
    quantity: int
    exists: bool


def kit_parts(session: Session, products: Iterable[str]) -> Parts:
    """Return the kits among `products`, each with the units of every part in one unit of it."""
    rows = fetch_as(
        session,
        _PartRow,
        "SELECT kit, product, quantity FROM master_data.kit_part WHERE kit = ANY(%s)",
        (sorted(set(products)),),
    )
    return _by_kit(rows)


def kits_with(session: Session, products: Iterable[str]) -> set[str]:
    """Return the kits that contain one of `products` at any depth."""
    query = "SELECT DISTINCT kit FROM master_data.kit_part WHERE product = ANY(%s)"
    return {row[0] for row in fetch(session, query, (sorted(set(products)),))}


def refresh_kits(session: Session, changed: Mapping[str, bool]) -> set[str]:
    """Explode all kits again if one of the changed products is or was a kit or a part of one.

    `changed` says of each changed product whether it is a kit now. Returns the kits whose parts
    differ from before. Raises Invalid for a cycle, and for components that are not products.
    """
    names = list(changed)
    if not any(changed.values()) and not _concern_kits(session, names):
        return set()

    execute(session, "SELECT pg_advisory_xact_lock(%s)", (_ADVISORY_LOCK,))
    after = explode(_components(session))
    deleted = fetch_as(
        session, _PartRow, "DELETE FROM master_data.kit_part RETURNING kit, product, quantity"
    )
    before = _by_kit(deleted)

    copy_rows(session, "master_data.kit_part", PART_COLUMNS, _part_rows(after))
    return {kit for kit in after.keys() | before.keys() if after.get(kit) != before.get(kit)}


def _components(session: Session) -> Parts:
    """Return the direct components of every kit. Raises Invalid for unknown components."""
    rows = fetch_as(
        session,
        _ComponentRow,
        "SELECT p.number AS kit, c.product, c.quantity, k.number IS NOT NULL AS exists"
        " FROM master_data.product p"
        " CROSS JOIN jsonb_to_recordset(p.components) AS c(product text, quantity int)"
        " LEFT JOIN master_data.product k ON k.number = c.product WHERE p.components <> '[]'",
    )
    problems = []
    for row in rows:
        if not row.exists:
            where = f"product {row.kit}, components"
            problems.append(Problem(where, f"there is no product {row.product}"))

    if problems:
        raise Invalid(
            "the components of these kits are incomplete",
            problems=problems,
            remedy="create the components first",
        )

    kits: Parts = defaultdict(lambda: defaultdict(int))
    for row in rows:
        kits[row.kit][row.product] += row.quantity

    return kits


def _part_rows(kits: Parts) -> list[tuple[str, str, int]]:
    rows = []
    for kit, parts in kits.items():
        for product, quantity in parts.items():
            rows.append((kit, product, quantity))

    return rows


def _by_kit(rows: Iterable[_PartRow]) -> Parts:
    kits: Parts = defaultdict(dict)
    for row in rows:
        kits[row.kit][row.product] = row.quantity
    return dict(kits)


def _concern_kits(session: Session, names: list[str]) -> bool:
    """Return whether one of these products is a kit or a part of one."""
    query = (
        "SELECT 1 FROM master_data.kit_part WHERE kit = ANY(%s)"
        " UNION ALL SELECT 1 FROM master_data.kit_part WHERE product = ANY(%s) LIMIT 1"
    )
    return bool(fetch(session, query, (names, names)))
