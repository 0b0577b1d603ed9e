"""Answering a question: one set-based statement, its sums per group and measure, and what is calculated from them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from openiom.inventory_visibility.configuration import LOCATION, SITE, InventoryConfiguration
from openiom.inventory_visibility.measures import Measure
from openiom.platform.bulk import fetch
from openiom.platform.database import to_json_text

from .asking import ORGANIZATION, Question

SCALE = 10_000
"""Sums travel as whole ten-thousandths, so that they add up exactly and cheaply."""
Group = tuple[str, ...]
Quantities = dict[str, dict[str, float]]


def quantities(
    session: Session, question: Question, configuration: InventoryConfiguration
) -> dict[Group, dict[Measure, int]]:
    """Physical measures of every group in ten-thousandths, where anything was ever posted, in the order shown.

    A group is (organization or '', product, *values of `group_by`).
    """
    columns, rest, values = _parts(question, configuration)
    rows = fetch(
        session,
        f"SELECT {', '.join(columns)}, b.data_source, b.measure, (sum(b.quantity) * {SCALE})::bigint"
        " FROM inventory_visibility.stock s JOIN inventory_visibility.measure_balance b ON b.stock_id = s.id"
        f" {rest} GROUP BY {', '.join(str(i + 1) for i in range(len(columns) + 2))}",
        values,
    )
    width = len(columns)
    groups: dict[Group, dict[Measure, int]] = {}
    for row in rows:
        key = row[:width]
        group = groups.get(key)
        if group is None:
            group = groups[key] = {}
        group[row[width], row[width + 1]] = row[width + 2]
    return {key: groups[key] for key in sorted(groups)}


def stock_of(session: Session, question: Question, configuration: InventoryConfiguration) -> dict[Group, list[int]]:
    """The stock rows behind every group, also those nothing was posted to yet, in the order shown."""
    columns, rest, values = _parts(question, configuration)
    rows = fetch(
        session,
        f"SELECT {', '.join(columns)}, array_agg(s.id) FROM inventory_visibility.stock s {rest}"
        f" GROUP BY {', '.join(str(i + 1) for i in range(len(columns)))}",
        values,
    )
    return {row[:-1]: row[-1] for row in sorted(rows)}


def _parts(question: Question, configuration: InventoryConfiguration) -> tuple[list[str], str, dict[str, Any]]:
    """The columns of a group, the joins and conditions on stock rows `s`, and their values."""
    expressions, values = _dimensions(question, configuration)
    where, more = _conditions(question, expressions)
    join, joined = _tuples(question, expressions)
    organization = "s.organization" if question.by_organization else "''"
    columns = [organization, "s.product", *(expressions[d] for d in question.group_by)]
    return columns, f"{join} WHERE {where}", {**values, **more, **joined}


def _dimensions(question: Question, configuration: InventoryConfiguration) -> tuple[dict[str, str], dict[str, Any]]:
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
    parts, values = ["s.organization = ANY(%(organizations)s::text[])"], {"organizations": list(question.organizations)}
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


class Calculator:
    """Adds the calculated measures to sums of physical ones.

    A calculated measure is shown where one of its terms is; what was never posted counts as zero.
    """

    def __init__(self, configuration: InventoryConfiguration) -> None:
        self._adds: dict[Measure, list[tuple[Measure, int]]] = {}
        for calculated, formula in configuration.calculated.items():
            for measure, sign in formula.items():
                self._adds.setdefault(measure, []).append((calculated, sign))

    def shown(self, physical: Mapping[Measure, int], *, return_negative: bool) -> Quantities:
        """{data source: {measure: number}} with calculated measures; without negative numbers unless asked for."""
        sums = dict(physical)
        get, adds = sums.get, self._adds
        for measure, units in physical.items():
            for calculated, sign in adds.get(measure, ()):
                sums[calculated] = get(calculated, 0) + sign * units
        out: Quantities = {}
        for (source, name), units in sums.items():
            if units < 0 and not return_negative:
                continue
            found = out.get(source)
            if found is None:
                found = out[source] = {}
            found[name] = units / SCALE
        return out


def shown_group(key: Group, question: Question, configuration: InventoryConfiguration) -> dict[str, Any]:
    """Product and dimensions of a group under lower-case base names; the organization where several are asked for."""
    dimensions = dict(zip(question.group_by, key[2:], strict=True))
    if question.by_organization:
        dimensions[ORGANIZATION] = key[0] or configuration.own_organization
    return {"productId": key[1], "dimensions": dimensions}


def answer_rows(
    groups: Mapping[Group, Mapping[Measure, int]], question: Question, configuration: InventoryConfiguration
) -> list[dict[str, Any]]:
    """The answer of a query, ordered by product and then by the dimensions shown."""
    shown = Calculator(configuration).shown
    out = []
    for key, physical in groups.items():
        found = shown(physical, return_negative=question.return_negative)
        if found:
            out.append({**shown_group(key, question, configuration), "quantities": found})
    return out


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
