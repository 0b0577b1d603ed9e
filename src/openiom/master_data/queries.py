"""Reads of master data: which names exist, what an unknown key may mean, and the catalog."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from openiom.kernel import Invalid, NotFound
from openiom.platform.bulk import fetch, fetch_as
from openiom.platform.sort_keys import TEXT_PATTERN, SortKey, SortKeys
from openiom.platform.trigrams import contains_indexed

from .decisions import Candidate, Match, UnitConversion, best_matches
from .models import PART_TEXT
from .schemas import AccountRow, NamedRow, ProductDetail, ProductRow


class _Table(NamedTuple):
    key: str
    label: str
    codes: tuple[str, ...] = ()


TABLES = {
    "unit": _Table("name", "title"),
    "currency": _Table("code", "title"),
    "price_list": _Table("name", "title"),
    "account": _Table("name", "title", ("email", "company")),
    "product": _Table("number", "name", ("sku",)),
}
KEYS = {name: table.key for name, table in TABLES.items()}
MAX_SMALL_TABLE_ROWS = 500
MAX_PRODUCT_CANDIDATES = 40
MAX_SEARCH_WORDS = 8
PREFIX_LETTERS = 4
_MATCHES_NOTHING = "zzzznoword"
_PRODUCT_COLUMNS = ", ".join(ProductRow.model_fields)
_PRODUCT_DETAIL_COLUMNS = ", ".join(ProductDetail.model_fields)
_ACCOUNT_COLUMNS = ", ".join(AccountRow.model_fields)


def existing_names(session: Session, table: str, names: Collection[str]) -> set[str]:
    """Return those of `names` that exist in unit, currency, price_list, account or product."""
    return existing_names_by_table(session, {table: names})[table]


def existing_names_by_table(
    session: Session, names: Mapping[str, Collection[str]]
) -> dict[str, set[str]]:
    """Return the names that exist by table, for several tables in one query."""
    found: dict[str, set[str]] = {table: set() for table in names}
    selects, parameters = [], []
    for table, values in names.items():
        if values:
            selects.append(_select_names(table))
            parameters.append(sorted(set(values)))

    if selects:
        for table, name in fetch(session, " UNION ALL ".join(selects), parameters):
            found[table].add(name)

    return found


def _select_names(table: str) -> str:
    key = _table(table).key
    return (
        f"SELECT '{table}' AS table_name, {key} AS name FROM master_data.{table}"
        f" WHERE {key} = ANY(%s)"
    )


def suggest_matches(
    session: Session, table: str, values: Sequence[str], *, limit: int = 3
) -> dict[str, list[Match]]:
    """Return for each unknown value the records it may mean.

    The best match is first; scores are from 0 to 1.
    """
    unknown = sorted(set(values))
    if table == "product":
        candidates = _product_candidates(session, unknown)
    else:
        every_row = _all_candidates(session, table)
        candidates = dict.fromkeys(unknown, every_row)

    return {value: best_matches(value, candidates[value], limit=limit) for value in unknown}


@dataclass(slots=True)
class _CandidateRow:
    internal: str
    label: str
    codes: list[str]
    value: str = ""

    def candidate(self) -> Candidate:
        return Candidate(self.internal, self.label, tuple(filter(None, self.codes)))


def _all_candidates(session: Session, name: str) -> list[Candidate]:
    """Return the rows of a small table, at most `MAX_SMALL_TABLE_ROWS`, by name."""
    table = _table(name)
    codes = f"ARRAY[{', '.join(table.codes)}]::text[]"
    rows = fetch_as(
        session,
        _CandidateRow,
        f"SELECT {table.key} AS internal, {table.label} AS label, {codes} AS codes"
        f" FROM master_data.{name} ORDER BY {table.key} LIMIT {MAX_SMALL_TABLE_ROWS}",
    )
    return [row.candidate() for row in rows]


def _product_candidates(session: Session, values: Sequence[str]) -> dict[str, list[Candidate]]:
    """Return products that share a code, a prefix or a word with each value.

    A few dozen products per value, each found through an index.
    """
    columns = "number, name, sku"
    word_queries = []
    for value in values:
        words = [f"{word}:*" for word in _search_words(value)]
        word_queries.append(" | ".join(words) or _MATCHES_NOTHING)

    prefixes = [like_prefix(value[:PREFIX_LETTERS]) for value in values]
    rows = fetch_as(
        session,
        _CandidateRow,
        "SELECT a.value, p.number AS internal, p.name AS label, ARRAY[p.sku] AS codes"
        " FROM unnest(%s::text[], %s::text[], %s::text[]) AS a(value, words, prefix)"
        " CROSS JOIN LATERAL ("
        f"(SELECT {columns} FROM master_data.product WHERE lower(sku) = lower(a.value)"
        f" LIMIT {MAX_PRODUCT_CANDIDATES})"
        f" UNION (SELECT {columns} FROM master_data.product WHERE lower(number) LIKE a.prefix"
        f" ORDER BY number LIMIT {MAX_PRODUCT_CANDIDATES})"
        f" UNION (SELECT {columns} FROM master_data.product"
        " WHERE search @@ to_tsquery('simple', a.words)"
        " ORDER BY ts_rank(search, to_tsquery('simple', a.words)) DESC, number"
        f" LIMIT {MAX_PRODUCT_CANDIDATES})) p",
        (list(values), word_queries, prefixes),
    )
    candidates: dict[str, list[Candidate]] = {value: [] for value in values}

    for row in rows:
        candidates[row.value].append(row.candidate())

    return candidates


def _search_words(text: str) -> list[str]:
    """Return the first words of `text`, case-folded, without punctuation."""
    separated = "".join(c if c.isalnum() else " " for c in text.casefold())
    return separated.split()[:MAX_SEARCH_WORDS]


def like_prefix(text: str) -> str:
    """Return a LIKE pattern for texts that start with `text`, in lower case."""
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{escaped}%"


def unit_conversions(session: Session) -> dict[str, UnitConversion]:
    """Return the conversion of every unit by its name, for `convert` and `steps_per_step`."""
    rows = fetch(session, "SELECT name, unit_group, factor, decimals FROM master_data.unit")
    conversions = {}
    for name, unit_group, factor, decimals in rows:
        conversions[name] = UnitConversion(unit_group, Decimal(factor), decimals)
    return conversions


def stock_units(session: Session, products: Collection[str]) -> dict[str, str]:
    """Return the unit in which stock of each of these products is kept, of those that exist."""
    query = "SELECT number, unit FROM master_data.product WHERE number = ANY(%s)"
    return dict(fetch(session, query, (sorted(set(products)),)))


@dataclass(slots=True)
class ProductFacts:
    """What sourcing, promises and pages need of a product. Weight in kilograms."""

    number: str
    name: str
    unit: str
    currency: str
    weight_kg: float | None
    preorder_eligible: bool
    launch_date: date | None


def product_facts(session: Session, numbers: Iterable[str]) -> dict[str, ProductFacts]:
    """Return the facts of the products that exist, by product number."""
    rows = fetch_as(
        session,
        ProductFacts,
        "SELECT number, name, unit, currency, weight_kg::float8 AS weight_kg,"
        " preorder_eligible, launch_date FROM master_data.product WHERE number = ANY(%s)",
        (sorted(set(numbers)),),
    )
    return {row.number: row for row in rows}


def upcoming_launches(session: Session, *, today: date) -> dict[str, date]:
    """Return the launch date of preorder products that are launched after `today`."""
    rows = fetch(
        session,
        "SELECT number, launch_date FROM master_data.product"
        " WHERE preorder_eligible AND launch_date > %s",
        (today,),
    )
    return {number: launch for number, launch in rows}


_NUMBER = SortKey[ProductRow]("number", str, lambda row: row.number)

PRODUCT_SORT_KEYS = SortKeys(
    {
        "number": _NUMBER,
        "name": SortKey("lower(name)", str, lambda row: row.name, "lower(%s)", TEXT_PATTERN),
        "sku": SortKey("lower(sku)", str, lambda row: row.sku, "lower(%s)"),
    },
    noun="products",
    ties=(_NUMBER,),
)


def list_products(
    session: Session,
    *,
    search: str,
    after: tuple[Any, ...] | None,
    limit: int,
    sort: str = "number",
) -> list[ProductRow]:
    """Return products in the order of `sort`; `after` is the sort key of the last row shown.

    `search` matches the start of a number or name, a whole SKU, the start of any word, or any part
    of these with three characters or more.
    """
    conditions = ["TRUE"]
    parameters: list[object] = []
    sorted_by = PRODUCT_SORT_KEYS.parse(sort)
    if after:
        condition, parameters = sorted_by.after(after)
        conditions = [condition]

    if search.strip():
        prefix = like_prefix(search.strip())
        words = " & ".join(f"{word}:*" for word in _search_words(search))
        found = (
            "SELECT number FROM master_data.product WHERE lower(number) LIKE %s"
            " UNION SELECT number FROM master_data.product WHERE lower(name) LIKE %s"
            " UNION SELECT number FROM master_data.product WHERE lower(sku) = lower(%s)"
            " UNION SELECT number FROM master_data.product"
            " WHERE %s <> '' AND search @@ to_tsquery('simple', %s)"
        )
        parameters += [prefix, prefix, search.strip(), words, words]
        part = contains_indexed(PART_TEXT, [search.strip()])
        if part:
            found += f" UNION SELECT number FROM master_data.product WHERE {part.sql}"
            parameters += part.parameters

        conditions.append(f"number IN ({found})")

    return fetch_as(
        session,
        ProductRow,
        f"SELECT {_PRODUCT_COLUMNS} FROM master_data.product"
        f" WHERE {' AND '.join(conditions)} ORDER BY {sorted_by.order_by} LIMIT %s",
        (*parameters, limit),
    )


def get_product(session: Session, number: str) -> ProductDetail:
    """Return one product. Raises NotFound."""
    rows = fetch_as(
        session,
        ProductDetail,
        f"SELECT {_PRODUCT_DETAIL_COLUMNS} FROM master_data.product WHERE number = %s",
        (number,),
    )
    if not rows:
        raise NotFound(
            f"there is no product {number}",
            where="number",
            remedy="look it up in the list of products",
        )

    return rows[0]


def list_names(session: Session, table: str, *, after: str | None, limit: int) -> list[NamedRow]:
    """Return units, currencies or price lists by name, starting after the name `after`."""
    key, label, _ = _table(table)
    return fetch_as(
        session,
        NamedRow,
        f"SELECT {key} AS name, {label} AS title FROM master_data.{table}"
        f" WHERE %s::text IS NULL OR {key} > %s ORDER BY {key} LIMIT %s",
        (after, after, limit),
    )


def list_accounts(
    session: Session, *, search: str, after: str | None, limit: int
) -> list[AccountRow]:
    """Return accounts by name, starting after the name `after`.

    `search` matches any part of the name, title or e-mail address.
    """
    pattern = f"%{like_prefix(search)}" if search else "%"
    return fetch_as(
        session,
        AccountRow,
        f"SELECT {_ACCOUNT_COLUMNS} FROM master_data.account"
        " WHERE (lower(name) LIKE %s OR lower(title) LIKE %s OR lower(email) LIKE %s)"
        " AND (%s::text IS NULL OR name > %s) ORDER BY name LIMIT %s",
        (pattern, pattern, pattern, after, after, limit),
    )


def _table(name: str) -> _Table:
    if name not in TABLES:
        raise Invalid(
            f"there is no table {name}",
            where="table",
            remedy="use one of " + ", ".join(sorted(TABLES)),
        )
    return TABLES[name]


def product_names(session: Session, numbers: Iterable[str]) -> dict[str, str]:
    """Return the names of the products that exist, by product number."""
    rows = fetch(
        session,
        "SELECT number, name FROM master_data.product WHERE number = ANY(%s)",
        (sorted(set(numbers)),),
    )
    return {number: name for number, name in rows}


def products_named_like(session: Session, search: str) -> list[str]:
    """Return the numbers of the products whose name contains `search`, in any case."""
    rows = fetch(
        session,
        "SELECT number FROM master_data.product WHERE lower(name) LIKE %s ORDER BY number",
        (f"%{like_prefix(search)}",),
    )
    return [number for (number,) in rows]
