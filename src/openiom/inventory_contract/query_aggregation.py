"""Answering a question: one set-based statement, its sums per group and measure, and what is calculated from them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from openiom.inventory_visibility import LOCATION, SITE, InventoryConfiguration, Measure
from openiom.platform.bulk import fetch
from openiom.platform.database import to_json_text

from .query_parser import ORGANIZATION, Question

SCALE = 10_000
"""Sums travel as whole ten-thousandths, so that they add up exactly and cheaply."""
MANY_ROWS = 20_000
"""Up to so many stock rows are added up here; beyond that the database groups them before they travel."""
_BETWEEN = "\x1f"
Group = tuple[str, ...]
Shape = tuple[Measure, ...]
"""The physical measures that were ever posted to a group; most groups of an answer have the same ones."""


@dataclass
class Sums:
    """Groups of one shape and their quantities in ten-thousandths, as written: numbers with blanks between."""

    keys: list[Group] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


def quantities(
    session: Session, question: Question, configuration: InventoryConfiguration
) -> dict[Shape, Sums]:
    """Physical measures of every group, where anything was ever posted, by shape.

    A group is (organization or '', product, *values of `group_by`).
    """
    columns, rest, values = _parts(question, configuration)
    # Measured with 100 products at 20 locations: one text a stock row is half the work of a row a measure.
    rows = fetch(
        session,
        f"SELECT {', '.join(columns)}, m.shape, m.sums FROM inventory_visibility.stock s CROSS JOIN LATERAL"
        f" (SELECT string_agg(b.data_source || E'{_BETWEEN}' || b.measure, E'{_BETWEEN}') AS shape,"
        f" string_agg((b.quantity * {SCALE})::bigint::text, ' ') AS sums"
        f" FROM inventory_visibility.measure_balance b WHERE b.stock_id = s.id) m {rest} LIMIT {MANY_ROWS + 1}",
        values,
    )
    if len(rows) > MANY_ROWS:
        return _of_dicts(_grouped(session, columns, rest, values))
    return _by_shape(rows)


def _by_shape(rows: Sequence[tuple[Any, ...]]) -> dict[Shape, Sums]:
    """Rows of (*group, shape, sums) by shape; rows of one group are added up."""
    found: dict[Group, tuple[str, str]] = {}
    several: dict[Group, dict[Measure, int]] = {}
    for row in rows:
        if row[-1] is None:
            continue
        key = row[:-2]
        if key in found:
            if key not in several:
                several[key] = _read(*found[key])
            _add(several[key], _read(row[-2], row[-1]))
        else:
            found[key] = row[-2:]
    out: dict[Shape, Sums] = {}
    shapes: dict[str, Sums] = {}
    for key, (shape, text) in found.items():
        if key in several:
            continue
        sums = shapes.get(shape)
        if sums is None:
            sums = shapes[shape] = out.setdefault(_shape(shape), Sums())
        sums.keys.append(key)
        sums.texts.append(text)
    for shape_of, more in _of_dicts(several).items():
        sums = out.setdefault(shape_of, Sums())
        sums.keys += more.keys
        sums.texts += more.texts
    return out


def _shape(text: str) -> Shape:
    names = text.split(_BETWEEN)
    return tuple(zip(names[::2], names[1::2], strict=True))


def _read(shape: str, text: str) -> dict[Measure, int]:
    return dict(zip(_shape(shape), map(int, text.split()), strict=True))


def _add(into: dict[Measure, int], more: Mapping[Measure, int]) -> None:
    for measure, units in more.items():
        into[measure] = into.get(measure, 0) + units


def _of_dicts(groups: Mapping[Group, Mapping[Measure, int]]) -> dict[Shape, Sums]:
    out: dict[Shape, Sums] = {}
    for key, physical in groups.items():
        shape = tuple(sorted(physical))
        sums = out.setdefault(shape, Sums())
        sums.keys.append(key)
        sums.texts.append(" ".join(str(physical[measure]) for measure in shape))
    return out


def _grouped(
    session: Session, columns: Sequence[str], rest: str, values: Mapping[str, Any]
) -> dict[Group, dict[Measure, int]]:
    """The same sums, grouped by the database."""
    rows = fetch(
        session,
        f"SELECT {', '.join(columns)}, b.data_source, b.measure, (sum(b.quantity) * {SCALE})::bigint"
        " FROM inventory_visibility.stock s JOIN inventory_visibility.measure_balance b ON b.stock_id = s.id"
        f" {rest} GROUP BY {', '.join(str(i + 1) for i in range(len(columns) + 2))}",
        values,
    )
    groups: dict[Group, dict[Measure, int]] = {}
    for row in rows:
        groups.setdefault(row[:-3], {})[row[-3], row[-2]] = row[-1]
    return groups


def stock_of(
    session: Session, question: Question, configuration: InventoryConfiguration
) -> dict[Group, list[int]]:
    """The stock rows behind every group, where anything was ever posted or scheduled, in the order shown."""
    columns, rest, values = _parts(question, configuration)
    rows = fetch(
        session,
        f"SELECT {', '.join(columns)}, array_agg(s.id) FROM inventory_visibility.stock s {rest}"
        " AND (EXISTS (SELECT 1 FROM inventory_visibility.measure_balance b WHERE b.stock_id = s.id)"
        " OR EXISTS (SELECT 1 FROM inventory_visibility.schedule_balance d WHERE d.stock_id = s.id))"
        f" GROUP BY {', '.join(str(i + 1) for i in range(len(columns)))}",
        values,
    )
    return {row[:-1]: row[-1] for row in sorted(rows)}


def _parts(
    question: Question, configuration: InventoryConfiguration
) -> tuple[list[str], str, dict[str, Any]]:
    """The columns of a group, the joins and conditions on stock rows `s`, and their values."""
    expressions, values = _dimensions(question, configuration)
    where, more = _conditions(question, expressions)
    join, joined = _tuples(question, expressions)
    organization = "s.organization" if question.by_organization else "''"
    columns = [organization, "s.product", *(expressions[d] for d in question.group_by)]
    return columns, f"{join} WHERE {where}", {**values, **more, **joined}


def _dimensions(
    question: Question, configuration: InventoryConfiguration
) -> tuple[dict[str, str], dict[str, Any]]:
    """SQL of every dimension the question names: its value, '' where a stock row has none."""
    names = {*question.group_by, *question.filters, *question.keys, SITE, LOCATION}
    out = {name: f"coalesce(s.dimension_values->>'{name}', '')" for name in names}
    out[LOCATION], out[ORGANIZATION] = "s.source", "s.organization"
    if "" not in question.organizations:
        return out, {}
    # An own location's rows leave their site out; it is said where the configuration says it.
    out[SITE] = (
        "coalesce(s.dimension_values->>'siteid', CASE WHEN s.organization = ''"
        " THEN coalesce(%(sites)s::jsonb->>s.source, s.source) ELSE '' END)"
    )
    return out, {"sites": to_json_text(dict(configuration.sites))}


def _conditions(question: Question, expressions: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    parts, values = (
        ["s.organization = ANY(%(organizations)s::text[])"],
        {"organizations": list(question.organizations)},
    )
    if question.products is not None:
        parts.append("s.product = ANY(%(products)s::text[])")
        values["products"] = list(question.products)
    for name, accepted in question.filters.items():
        parts.append(f"{expressions[name]} = ANY(%({name})s::text[])")
        values[name] = list(accepted)
    if LOCATION in question.keys:
        parts.append("s.source = ANY(%(locations)s::text[])")
        at = question.keys.index(LOCATION)
        values["locations"] = sorted({row[at] for row in question.values})
    return " AND ".join(parts), values


def _tuples(question: Question, expressions: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    if not question.keys:
        return "", {}
    columns = {f"k{i}": [row[i] for row in question.values] for i in range(len(question.keys))}
    lists = ", ".join(f"%({name})s::text[]" for name in columns)
    on = " AND ".join(f"{expressions[key]} = k.k{i}" for i, key in enumerate(question.keys))
    names = ", ".join(columns)
    # DISTINCT: a tuple given twice must not count twice.
    return f"JOIN (SELECT DISTINCT * FROM unnest({lists}) AS u({names})) k ON {on}", columns


def shown_group(
    key: Group, question: Question, configuration: InventoryConfiguration
) -> dict[str, Any]:
    """Product and dimensions of a group under lower-case base names; the organization where several are asked for."""
    dimensions = dict(zip(question.group_by, key[2:], strict=True))
    if question.by_organization:
        dimensions[ORGANIZATION] = key[0] or configuration.own_organization
    return {"productId": key[1], "dimensions": dimensions}


def locations_of(session: Session, question: Question) -> list[str]:
    """Every location a question without locations reaches, sorted: what version 2.0 pages through."""
    asked: Iterable[str]
    if LOCATION in question.keys:
        at = question.keys.index(LOCATION)
        asked = {row[at] for row in question.values}
    elif question.filters.get(LOCATION):
        asked = question.filters[LOCATION]
    else:
        products: Sequence[str] = question.products or ()
        rows = fetch(
            session,
            "SELECT DISTINCT source FROM inventory_visibility.stock WHERE organization = ANY(%s::text[])"
            " AND product = ANY(%s::text[])",
            (list(question.organizations), list(products)),
        )
        asked = [row[0] for row in rows]
    return sorted(set(asked))
