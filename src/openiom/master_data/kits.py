"""Kits, kept taken apart: whoever sells one asks for its parts in one look, however deep it is nested."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from sqlalchemy.orm import Session

from openiom.kernel import Invalid, Problem
from openiom.platform.bulk import copy_rows, execute, fetch

from .decisions import explode

_LOCK = 0x696F6D02  # one number of ours among PostgreSQL's advisory locks


def kit_parts(session: Session, products: Iterable[str]) -> dict[str, dict[str, int]]:
    """Those of `products` that are kits: how many of which products one unit is made of."""
    parts: dict[str, dict[str, int]] = defaultdict(dict)
    rows = fetch(
        session,
        "SELECT kit, product, quantity FROM master_data.kit_part WHERE kit = ANY(%s)",
        (sorted(set(products)),),
    )
    for kit, product, quantity in rows:
        parts[kit][product] = quantity
    return dict(parts)


def refresh_kits(session: Session, changed: Mapping[str, bool]) -> set[str]:
    """Take all kits apart again when one of the changed products is a kit now or was one before.

    Returns the products that are made of something else than before. Raises Invalid for a ring, and for parts that are
    no products.
    """
    names = list(changed)
    if not any(changed.values()) and not _were_kits(session, names):
        return set()
    execute(session, "SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
    kits: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    rows = fetch(
        session,
        "SELECT p.number, c.product, c.quantity, k.number IS NOT NULL FROM master_data.product p"
        " CROSS JOIN jsonb_to_recordset(p.components) AS c(product text, quantity int)"
        " LEFT JOIN master_data.product k ON k.number = c.product WHERE p.components <> '[]'",
    )
    unknown = [
        Problem(f"product {r[0]}, components", f"there is no product {r[1]}")
        for r in rows
        if not r[3]
    ]
    if unknown:
        raise Invalid(
            "these kits cannot be made", problems=unknown, remedy="create the components first"
        )
    for kit, product, quantity, _ in rows:
        kits[kit][product] += quantity
    parse_id = explode(kits)
    before: dict[str, dict[str, int]] = defaultdict(dict)
    for kit, product, quantity in fetch(
        session, "DELETE FROM master_data.kit_part RETURNING kit, product, quantity"
    ):
        before[kit][product] = quantity
    parts = [
        (kit, product, quantity)
        for kit, leaves in parse_id.items()
        for product, quantity in leaves.items()
    ]
    copy_rows(session, "master_data.kit_part", ("kit", "product", "quantity"), parts)
    return {
        kit
        for kit in parse_id.keys() | before.keys()
        if dict(parse_id.get(kit, {})) != before.get(kit, {})
    }


def _were_kits(session: Session, names: list[str]) -> bool:
    query = (
        "SELECT 1 FROM master_data.kit_part WHERE kit = ANY(%s)"
        " UNION ALL SELECT 1 FROM master_data.kit_part WHERE product = ANY(%s) LIMIT 1"
    )
    return bool(fetch(session, query, (names, names)))


def kits_with(session: Session, products: Iterable[str]) -> set[str]:
    """Kits that one of these products is, at any depth, a part of."""
    query = "SELECT DISTINCT kit FROM master_data.kit_part WHERE product = ANY(%s)"
    return {row[0] for row in fetch(session, query, (sorted(set(products)),))}
