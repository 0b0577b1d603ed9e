"""Reads: which names exist, what an unknown one may have meant, and the catalog."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal

from sqlalchemy.orm import Session

from openiom.kernel import Invalid, NotFound
from openiom.platform.bulk import fetch

from .decisions import Candidate, UnitFactor, best
from .schemas import AccountRow, NamedRow, ProductDetail, ProductRow

KEYS = {
    "unit": "name",
    "currency": "code",
    "price_list": "name",
    "account": "name",
    "product": "number",
}
_LABELS = {
    "unit": "title",
    "currency": "title",
    "price_list": "title",
    "account": "title",
    "product": "name",
}
_FEW = 500
_CANDIDATES = 40
_NO_WORD = "zzzznoword"


def known(session: Session, table: str, names: Collection[str]) -> set[str]:
    """Those of `names` that exist in unit, currency, price_list, account or product."""
    return known_many(session, {table: names})[table]


def known_many(session: Session, names: Mapping[str, Collection[str]]) -> dict[str, set[str]]:
    """The same for several tables in one query: table to the names that exist."""
    found: dict[str, set[str]] = {table: set() for table in names}
    asked = {table: sorted(set(values)) for table, values in names.items() if values}
    if not asked:
        return found
    parts = [
        f"SELECT '{table}', {_key(table)} FROM master_data.{table} WHERE {_key(table)} = ANY(%s)"
        for table in asked
    ]
    for table, name in fetch(session, " UNION ALL ".join(parts), list(asked.values())):
        found[table].add(name)
    return found


def suggest(
    session: Session, table: str, values: Sequence[str], *, most: int = 3
) -> dict[str, list[tuple[str, str, float]]]:
    """What each unknown `value` may have meant: (internal, label, score from 0 to 1), likeliest first."""
    wanted = sorted(set(values))
    if table == "product":
        return {v: best(v, c, most=most) for v, c in _product_candidates(session, wanted).items()}
    key = _key(table)
    codes = "email, company" if table == "account" else "NULL, NULL"
    rows = fetch(
        session,
        f"SELECT {key}, {_LABELS[table]}, {codes} FROM master_data.{table} ORDER BY {key} LIMIT {_FEW}",
    )
    candidates = [Candidate(r[0], r[1], tuple(c for c in r[2:] if c)) for r in rows]
    return {value: best(value, candidates, most=most) for value in wanted}


def _product_candidates(session: Session, values: Sequence[str]) -> dict[str, list[Candidate]]:
    """Products that share a code, a beginning or a word with each value; a few dozen each, through indexes."""
    out: dict[str, list[Candidate]] = {value: [] for value in values}
    words = [" | ".join(f"{w}:*" for w in _plain_words(value)[:8]) or _NO_WORD for value in values]
    prefixes = [_like_prefix(value[:4]) for value in values]
    rows = fetch(
        session,
        "SELECT a.value, p.number, p.name, p.sku FROM unnest(%s::text[], %s::text[], %s::text[])"
        " AS a(value, words, prefix) CROSS JOIN LATERAL ("
        f"(SELECT number, name, sku FROM master_data.product WHERE lower(sku) = lower(a.value) LIMIT {_CANDIDATES})"
        " UNION (SELECT number, name, sku FROM master_data.product WHERE lower(number) LIKE a.prefix"
        f" ORDER BY number LIMIT {_CANDIDATES})"
        " UNION (SELECT number, name, sku FROM master_data.product WHERE search @@ to_tsquery('simple', a.words)"
        f" ORDER BY ts_rank(search, to_tsquery('simple', a.words)) DESC, number LIMIT {_CANDIDATES})) p",
        (list(values), words, prefixes),
    )
    for value, number, name, sku in rows:
        out[value].append(Candidate(number, name, (sku,) if sku else ()))
    return out


def _plain_words(text: str) -> list[str]:
    return "".join(c if c.isalnum() else " " for c in text.casefold()).split()


def _like_prefix(text: str) -> str:
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"


def unit_factors(session: Session) -> dict[str, UnitFactor]:
    """Every unit's group and factor, for `convert`."""
    rows = fetch(session, "SELECT name, unit_group, factor FROM master_data.unit")
    return {name: UnitFactor(group, Decimal(factor)) for name, group, factor in rows}


def list_products(
    session: Session, *, search: str, after: list[str] | None, limit: int
) -> list[ProductRow]:
    """Products by number; `search` matches the start of a number, name or SKU, or any whole word's beginning."""
    where, values = ["TRUE"], list[object]()
    if search:
        prefix = _like_prefix(search.strip())
        words = " & ".join(f"{w}:*" for w in _plain_words(search)[:8])
        where.append(
            "number IN (SELECT number FROM master_data.product WHERE lower(number) LIKE %s"
            " UNION SELECT number FROM master_data.product WHERE lower(name) LIKE %s"
            " UNION SELECT number FROM master_data.product WHERE lower(sku) = lower(%s)"
            " UNION SELECT number FROM master_data.product WHERE %s <> '' AND search @@ to_tsquery('simple', %s))"
        )
        values += [prefix, prefix, search.strip(), words, words]
    if after:
        where.append("number > %s")
        values += after
    columns = ", ".join(_PRODUCT_ROW)
    rows = fetch(
        session,
        f"SELECT {columns} FROM master_data.product WHERE {' AND '.join(where)} ORDER BY number LIMIT %s",
        (*values, limit),
    )
    return [ProductRow(**dict(zip(_PRODUCT_ROW, row, strict=True))) for row in rows]


_PRODUCT_ROW = tuple(ProductRow.model_fields)
_PRODUCT = tuple(ProductDetail.model_fields)


def get_product(session: Session, number: str) -> ProductDetail:
    """One product. Raises NotFound."""
    rows = fetch(
        session,
        f"SELECT {', '.join(_PRODUCT)} FROM master_data.product WHERE number = %s",
        (number,),
    )
    if not rows:
        raise NotFound(
            f"no product {number}", where="number", remedy="look it up in the list of products"
        )
    return ProductDetail(**dict(zip(_PRODUCT, rows[0], strict=True)))


def list_names(
    session: Session, table: str, *, after: list[str] | None, limit: int
) -> list[NamedRow]:
    """Units, currencies or price lists by name."""
    key = _key(table)
    rows = fetch(
        session,
        f"SELECT {key}, {_LABELS[table]} FROM master_data.{table} WHERE %s::text IS NULL OR {key} > %s"
        f" ORDER BY {key} LIMIT %s",
        (after[0] if after else None, after[0] if after else None, limit),
    )
    return [NamedRow(name=name, title=title) for name, title in rows]


def list_accounts(
    session: Session, *, search: str, after: list[str] | None, limit: int
) -> list[AccountRow]:
    """Accounts by name; `search` matches part of the name, title or e-mail."""
    like = f"%{_like_prefix(search)}" if search else "%"
    names = tuple(AccountRow.model_fields)
    rows = fetch(
        session,
        f"SELECT {', '.join(names)} FROM master_data.account WHERE (lower(name) LIKE %s OR lower(title) LIKE %s"
        " OR lower(email) LIKE %s) AND (%s::text IS NULL OR name > %s) ORDER BY name LIMIT %s",
        (like, like, like, after[0] if after else None, after[0] if after else None, limit),
    )
    return [AccountRow(**dict(zip(names, row, strict=True))) for row in rows]


def _key(table: str) -> str:
    if table not in KEYS:
        raise Invalid(
            f"there is no table {table}",
            where="table",
            remedy="use one of " + ", ".join(sorted(KEYS)),
        )
    return KEYS[table]


def launch_dates(session: Session, *, after: date) -> dict[str, date]:
    """Return the launch dates after a day of products that may be ordered before their launch."""
    rows = fetch(
        session,
        "SELECT number, launch_date FROM master_data.product"
        " WHERE preorder_eligible AND launch_date > %s",
        (after,),
    )
    return dict(rows)
