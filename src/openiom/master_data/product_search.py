"""
Finding products by what they are: names, types, units and attributes, in conditions that nest.

A search is {productFilter, attributeFilter}; both must hold. A filter is {logicalOperator: And | Or, conditions,
subFilters}; its conditions and sub-filters are joined by its operator. Words are compared without regard to case;
GreaterEqual, LessEqual and Between compare numbers where both sides are numbers.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from openiom.kernel import Invalid, TooLarge
from openiom.platform.bulk import fetch

COLUMNS = {
    "itemnumber": "p.number",
    "productsearchname": "p.search_name",
    "producttype": "p.product_type",
    "productname": "p.name",
    "productdescription": "p.description",
    "inventoryunitsymbol": "p.unit",
    "salesunitsymbol": "p.unit",
    "purchaseunitsymbol": "p.unit",
}
COMPANY = "company"
AREAS = {
    "productattribute": "product",
    "dimensionattribute": "dimension",
    "batchattribute": "batch",
}
MOST_CONDITIONS, DEEPEST = 200, 10
_NUMBER = r"^\s*-?\d+(\.\d+)?\s*$"
_CONDITION_FIELDS = {"conditionoperator"}
_ATTRIBUTE_FIELDS = {
    "attributename",
    "attributetypename",
    "attributearea",
    "attributevalues",
    "conditionoperator",
}


@dataclass
class _Statement:
    """Values of the conditions written so far, and what Company is compared with."""

    organizations: Sequence[str]
    values: list[Any] = field(default_factory=list)
    conditions: int = 0

    def count(self, where: str) -> None:
        self.conditions += 1
        if self.conditions > MOST_CONDITIONS:
            raise TooLarge(
                f"more than {MOST_CONDITIONS} conditions", where=where, remedy="search in parts"
            )


Write = Callable[[_Statement, Mapping[str, Any], str], str]


def matching_products(
    session: Session, search: Any, *, organizations: Sequence[str], most: int
) -> list[str]:
    """Numbers of the products a search finds, in order. Raises Invalid, and TooLarge when they are more than `most`.

    Every product belongs to every company, so a condition on Company is about the `organizations` asked for.
    """
    given = _folded(search, "productSearch")
    unknown = set(given) - {"productfilter", "attributefilter"}
    if unknown or not given:
        what = f"{min(unknown)} is not part of a search" if unknown else "holds no filter"
        raise Invalid(
            what, where="productSearch", remedy="send productFilter, attributeFilter or both"
        )
    statement = _Statement(organizations)
    parts = []
    for name, write in (
        ("productFilter", _product_condition),
        ("attributeFilter", _attribute_condition),
    ):
        if given.get(name.lower()) is not None:
            parts.append(
                _filter(
                    statement, given[name.lower()], write, where=f"productSearch.{name}", depth=1
                )
            )
    rows = fetch(
        session,
        f"SELECT p.number FROM master_data.product p WHERE {' AND '.join(parts)} ORDER BY p.number LIMIT %s",
        [*statement.values, most + 1],
    )
    if len(rows) > most:
        raise TooLarge(
            f"more than {most} products match", where="productSearch", remedy="add conditions"
        )
    return [row[0] for row in rows]


def _filter(statement: _Statement, node: Any, write: Write, *, where: str, depth: int) -> str:
    given = _folded(node, where)
    if depth > DEEPEST:
        raise TooLarge(f"filters nest deeper than {DEEPEST}", where=where, remedy="flatten them")
    operator = str(given.get("logicaloperator") or "And").strip().lower()
    if operator not in ("and", "or"):
        raise Invalid(
            f"{given['logicaloperator']} joins nothing",
            where=f"{where}.logicalOperator",
            remedy="And, Or",
        )
    parts = []
    for i, condition in enumerate(_list(given.get("conditions"), f"{where}.conditions")):
        at = f"{where}.conditions[{i}]"
        statement.count(at)
        parts.append(write(statement, _folded(condition, at), at))
    for i, child in enumerate(_list(given.get("subfilters"), f"{where}.subFilters")):
        parts.append(
            _filter(statement, child, write, where=f"{where}.subFilters[{i}]", depth=depth + 1)
        )
    if not parts:
        raise Invalid(
            "holds neither conditions nor subFilters", where=where, remedy="add a condition"
        )
    return "(" + f" {operator.upper()} ".join(parts) + ")"


def _product_condition(statement: _Statement, condition: Mapping[str, Any], where: str) -> str:
    named = [name for name in condition if name not in _CONDITION_FIELDS]
    if len(named) != 1 or (named[0] not in COLUMNS and named[0] != COMPANY):
        raise Invalid(
            "does not name exactly one field", where=where, remedy="name one of Company, " + _FIELDS
        )
    values = _texts(condition[named[0]], where)
    if named[0] == COMPANY:
        return (
            "TRUE"
            if any(_holds(condition, o, values, where) for o in statement.organizations)
            else "FALSE"
        )
    return _comparison(statement, COLUMNS[named[0]], _operator(condition, where), values, where)


_FIELDS = (
    "itemNumber, productSearchName, productType, productName, productDescription or a unit symbol"
)


def _attribute_condition(statement: _Statement, condition: Mapping[str, Any], where: str) -> str:
    unknown = set(condition) - _ATTRIBUTE_FIELDS
    name = _word(condition.get("attributename"), f"{where}.attributeName")
    if unknown or not name:
        what = (
            f"{min(unknown)} is no part of an attribute condition"
            if unknown
            else "names no attribute"
        )
        raise Invalid(
            what, where=where, remedy="send attributeName, attributeValues, conditionOperator"
        )
    area = (
        _word(condition.get("attributearea"), f"{where}.attributeArea") or "ProductAttribute"
    ).lower()
    if area not in AREAS:
        raise Invalid(
            f"there is no area {condition['attributearea']}",
            where=f"{where}.attributeArea",
            remedy="use ProductAttribute, DimensionAttribute or BatchAttribute",
        )
    clauses = ["lower(a->>'name') = lower(%s)", "a->>'area' = %s"]
    statement.values += [name, AREAS[area]]
    kind = _word(condition.get("attributetypename"), f"{where}.attributeTypeName")
    if kind:
        clauses.append("lower(a->>'type') = lower(%s)")
        statement.values.append(kind)
    values = _texts(condition.get("attributevalues"), f"{where}.attributeValues")
    clauses.append(
        _comparison(statement, "a->>'value'", _operator(condition, where), values, where)
    )
    return (
        f"EXISTS (SELECT 1 FROM jsonb_array_elements(p.attributes) a WHERE {' AND '.join(clauses)})"
    )


def _operator(condition: Mapping[str, Any], where: str) -> str:
    operator = str(condition.get("conditionoperator") or "").strip().lower()
    if operator not in _OPERATORS:
        raise Invalid(
            f"there is no operator {condition.get('conditionoperator')}",
            where=f"{where}.conditionOperator",
            remedy="use IsExactly, IsNot, Contains, DoesNotContain, BeginsWith, IsOneOf, GreaterEqual, LessEqual"
            " or Between",
        )
    return operator


_OPERATORS = {
    **{"isexactly": "= ANY", "isoneof": "= ANY", "isnot": "<> ALL"},
    **{"contains": "LIKE ANY", "doesnotcontain": "NOT LIKE ALL", "beginswith": "LIKE ANY"},
    **{"greaterequal": ">=", "lessequal": "<=", "between": "between"},
}


def _comparison(
    statement: _Statement, column: str, operator: str, values: Sequence[str], where: str
) -> str:
    """SQL that compares `column`; several values of an equality mean any of them."""
    compare = _OPERATORS[operator]
    if "LIKE" in compare or "= ANY" in compare or "<> ALL" in compare:
        before, after = ("%" if "contain" in operator else ""), ("%" if "LIKE" in compare else "")
        escaped = [_escaped(v) if "LIKE" in compare else v.lower() for v in values]
        statement.values.append([f"{before}{v}{after}" for v in escaped])
        return f"lower({column}) {compare} (%s::text[])"
    if len(values) != (2 if operator == "between" else 1):
        raise Invalid(
            "has not the values its operator needs",
            where=where,
            remedy="two for Between, one otherwise",
        )
    if operator == "between":
        low = _bound(statement, column, ">=", values[0])
        return f"({low} AND {_bound(statement, column, '<=', values[1])})"
    return _bound(statement, column, compare, values[0])


def _bound(statement: _Statement, column: str, compare: str, value: str) -> str:
    number = _number(value)
    if number is None:
        statement.values.append(value.lower())
        return f"lower({column}) {compare} %s"
    statement.values.append(number)
    return f"CASE WHEN {column} ~ '{_NUMBER}' THEN ({column})::numeric {compare} %s::numeric ELSE FALSE END"


def _number(value: str) -> str | None:
    try:
        float(value)
    except ValueError:
        return None
    return value.strip() if value.strip().lstrip("-").replace(".", "", 1).isdigit() else None


def _holds(
    condition: Mapping[str, Any], organization: str, values: Sequence[str], where: str
) -> bool:
    """The same comparison on paper, for the organization asked for."""
    own, others, operator = (
        organization.lower(),
        [v.lower() for v in values],
        _operator(condition, where),
    )
    if operator in ("isexactly", "isoneof"):
        return own in others
    if operator == "isnot":
        return own not in others
    if operator in ("contains", "doesnotcontain"):
        return any(v in own for v in others) is (operator == "contains")
    if operator == "beginswith":
        return own.startswith(tuple(others))
    raise Invalid(
        "Company has no order",
        where=where,
        remedy="use IsExactly, IsNot, IsOneOf, Contains or BeginsWith",
    )


def _escaped(value: str) -> str:
    return value.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _texts(value: Any, where: str) -> list[str]:
    given = value if isinstance(value, list) else [value]
    out = [str(v) for v in given if isinstance(v, str | int | float) and not isinstance(v, bool)]
    if not out or len(out) != len(given) or any("\x00" in v for v in out):
        raise Invalid("holds no list of texts", where=where, remedy='send ["value"]')
    return out


def _word(value: Any, where: str) -> str:
    """A text without blanks around it; '' when it is absent."""
    if not isinstance(value, str | None) or (value and "\x00" in value):
        raise Invalid("is not a text", where=where, remedy="send a text")
    return (value or "").strip()


def _list(value: Any, where: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Invalid("is not a list", where=where, remedy="send a list")
    return value


def _folded(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Invalid("is not an object", where=where, remedy="send an object")
    return {name.lower(): child for name, child in value.items()}
