"""Product search of the public inventory contract: nested conditions on fields and attributes.

A search is {productFilter, attributeFilter}; both must hold. A filter is {logicalOperator,
conditions, subFilters} with the operators And and Or, which join its conditions and sub-filters.
Text is compared without regard to case. GreaterEqual, LessEqual and Between compare numbers where
both sides are numbers.
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
FIELD_NAMES = (
    "Company, itemNumber, productSearchName, productType, productName, productDescription"
    " or a unit symbol"
)
COMPANY = "company"
AREAS = {
    "productattribute": "product",
    "dimensionattribute": "dimension",
    "batchattribute": "batch",
}
MAX_CONDITIONS = 200
MAX_DEPTH = 10
OPERATOR_NAMES = (
    "IsExactly, IsNot, Contains, DoesNotContain, BeginsWith, IsOneOf, GreaterEqual, LessEqual"
    " or Between"
)
_NUMBER_PATTERN = r"^\s*-?\d+(\.\d+)?\s*$"
_SEARCHED_FIELDS = {COMPANY, *COLUMNS}
_CONDITION_FIELDS = {"conditionoperator"}
_ATTRIBUTE_FIELDS = {
    "attributename",
    "attributetypename",
    "attributearea",
    "attributevalues",
    "conditionoperator",
}


@dataclass(frozen=True, slots=True)
class _Operator:
    """How an operator compares.

    `sql` is the comparison; `prefix` and `suffix` are put around the values of a LIKE.
    """

    sql: str
    prefix: str = ""
    suffix: str = ""

    @property
    def is_like(self) -> bool:
        return "LIKE" in self.sql

    @property
    def takes_list(self) -> bool:
        return self.sql.endswith(("ANY", "ALL"))


_OPERATORS = {
    "isexactly": _Operator("= ANY"),
    "isoneof": _Operator("= ANY"),
    "isnot": _Operator("<> ALL"),
    "contains": _Operator("LIKE ANY", "%", "%"),
    "doesnotcontain": _Operator("NOT LIKE ALL", "%", "%"),
    "beginswith": _Operator("LIKE ANY", "", "%"),
    "greaterequal": _Operator(">="),
    "lessequal": _Operator("<="),
    "between": _Operator("between"),
}


@dataclass
class _Statement:
    """The parameters of the conditions written so far; `organizations` answer for Company."""

    organizations: Sequence[str]
    parameters: list[Any] = field(default_factory=list)
    conditions: int = 0

    def count_condition(self, where: str) -> None:
        self.conditions += 1
        if self.conditions > MAX_CONDITIONS:
            raise TooLarge(
                f"more than {MAX_CONDITIONS} conditions",
                where=where,
                remedy="split the search into several",
            )


ConditionWriter = Callable[[_Statement, Mapping[str, Any], str], str]


def matching_products(
    session: Session, search: Any, *, organizations: Sequence[str], limit: int
) -> list[str]:
    """Return the numbers of the products that a search finds, in order.

    Every product belongs to every company, so a condition on Company is evaluated for the
    `organizations` of the query. Raises Invalid, and TooLarge for more than `limit` products.
    """
    filters = _lower_keys(search, "productSearch")
    unknown = set(filters) - {"productfilter", "attributefilter"}
    if unknown:
        raise _invalid_search(f"{min(unknown)} is not part of a search")
    if not filters:
        raise _invalid_search("contains no filter")

    statement = _Statement(organizations)
    clauses = []
    for name, write_condition in (
        ("productFilter", _product_condition),
        ("attributeFilter", _attribute_condition),
    ):
        node = filters.get(name.lower())
        if node is not None:
            where = f"productSearch.{name}"
            clauses.append(_filter(statement, node, write_condition, where=where, depth=1))

    rows = fetch(
        session,
        f"SELECT p.number FROM master_data.product p WHERE {' AND '.join(clauses)}"
        " ORDER BY p.number LIMIT %s",
        [*statement.parameters, limit + 1],
    )
    if len(rows) > limit:
        raise TooLarge(
            f"more than {limit} products match", where="productSearch", remedy="add conditions"
        )

    return [row[0] for row in rows]


def _invalid_search(what: str) -> Invalid:
    return Invalid(
        what, where="productSearch", remedy="send productFilter, attributeFilter or both"
    )


def _filter(
    statement: _Statement, node: Any, write_condition: ConditionWriter, *, where: str, depth: int
) -> str:
    """Return the SQL of one filter with its sub-filters."""
    fields = _lower_keys(node, where)
    if depth > MAX_DEPTH:
        raise TooLarge(f"filters nest deeper than {MAX_DEPTH}", where=where, remedy="flatten them")

    operator = _logical_operator(fields, where)
    clauses = []
    for i, condition in enumerate(_list(fields.get("conditions"), f"{where}.conditions")):
        place = f"{where}.conditions[{i}]"
        statement.count_condition(place)
        clauses.append(write_condition(statement, _lower_keys(condition, place), place))

    for i, child in enumerate(_list(fields.get("subfilters"), f"{where}.subFilters")):
        place = f"{where}.subFilters[{i}]"
        clauses.append(_filter(statement, child, write_condition, where=place, depth=depth + 1))

    if not clauses:
        raise Invalid(
            "has neither conditions nor subFilters", where=where, remedy="add a condition"
        )

    return "(" + f" {operator} ".join(clauses) + ")"


def _logical_operator(fields: Mapping[str, Any], where: str) -> str:
    given = fields.get("logicaloperator") or "And"
    operator = str(given).strip().upper()
    if operator not in ("AND", "OR"):
        raise Invalid(
            f"{given} is not a logical operator",
            where=f"{where}.logicalOperator",
            remedy="use And or Or",
        )

    return operator


def _product_condition(statement: _Statement, condition: Mapping[str, Any], where: str) -> str:
    """Return the SQL of a condition on one field of a product, or on Company."""
    name = _field_name(condition, where)
    values = _texts(condition[name], where)
    operator = _operator_name(condition, where)
    if name == COMPANY:
        return _company_condition(statement, operator, values, where)

    return _comparison(statement, COLUMNS[name], operator, values, where)


def _field_name(condition: Mapping[str, Any], where: str) -> str:
    """Return the one field a condition names. Raises Invalid for none, several or an unknown."""
    names = condition.keys() - _CONDITION_FIELDS
    if len(names) == 1 and names <= _SEARCHED_FIELDS:
        return names.pop()

    raise Invalid(
        "does not name exactly one field",
        where=where,
        remedy=f"name one of {FIELD_NAMES}",
    )


def _company_condition(
    statement: _Statement, operator: str, values: Sequence[str], where: str
) -> str:
    for organization in statement.organizations:
        if _company_matches(organization, operator, values, where):
            return "TRUE"

    return "FALSE"


def _attribute_condition(statement: _Statement, condition: Mapping[str, Any], where: str) -> str:
    """Return the SQL of a condition on an attribute of a product."""
    unknown = set(condition) - _ATTRIBUTE_FIELDS
    if unknown:
        raise _invalid_attribute(f"{min(unknown)} is not part of an attribute condition", where)

    name = _text(condition.get("attributename"), f"{where}.attributeName")
    if not name:
        raise _invalid_attribute("names no attribute", where)

    clauses = ["lower(a->>'name') = lower(%s)", "a->>'area' = %s"]
    statement.parameters += [name, _area(condition, where)]
    type_name = _text(condition.get("attributetypename"), f"{where}.attributeTypeName")
    if type_name:
        clauses.append("lower(a->>'type') = lower(%s)")
        statement.parameters.append(type_name)

    values = _texts(condition.get("attributevalues"), f"{where}.attributeValues")
    operator = _operator_name(condition, where)
    clauses.append(_comparison(statement, "a->>'value'", operator, values, where))
    return (
        f"EXISTS (SELECT 1 FROM jsonb_array_elements(p.attributes) a WHERE {' AND '.join(clauses)})"
    )


def _invalid_attribute(what: str, where: str) -> Invalid:
    remedy = "send attributeName, attributeValues and conditionOperator"
    return Invalid(what, where=where, remedy=remedy)


def _area(condition: Mapping[str, Any], where: str) -> str:
    given = _text(condition.get("attributearea"), f"{where}.attributeArea") or "ProductAttribute"
    if given.lower() not in AREAS:
        raise Invalid(
            f"there is no area {given}",
            where=f"{where}.attributeArea",
            remedy="use ProductAttribute, DimensionAttribute or BatchAttribute",
        )
    return AREAS[given.lower()]


def _operator_name(condition: Mapping[str, Any], where: str) -> str:
    given = condition.get("conditionoperator")
    name = str(given or "").strip().lower()
    if name not in _OPERATORS:
        raise Invalid(
            f"there is no operator {given}",
            where=f"{where}.conditionOperator",
            remedy=f"use {OPERATOR_NAMES}",
        )

    return name


def _comparison(
    statement: _Statement, column: str, operator_name: str, values: Sequence[str], where: str
) -> str:
    """Return SQL that compares `column`; several values of an equality mean any of them."""
    operator = _OPERATORS[operator_name]
    if operator.takes_list:
        statement.parameters.append([_pattern(operator, value) for value in values])
        return f"lower({column}) {operator.sql} (%s::text[])"

    needed = 2 if operator_name == "between" else 1
    if len(values) != needed:
        raise Invalid(
            f"has {len(values)} values, its operator needs {needed}",
            where=where,
            remedy="send two values for Between and one otherwise",
        )
    if operator_name != "between":
        return _bound(statement, column, operator.sql, values[0])

    lower = _bound(statement, column, ">=", values[0])
    upper = _bound(statement, column, "<=", values[1])
    return f"({lower} AND {upper})"


def _pattern(operator: _Operator, value: str) -> str:
    if not operator.is_like:
        return value.lower()
    escaped = value.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{operator.prefix}{escaped}{operator.suffix}"


def _bound(statement: _Statement, column: str, comparison: str, value: str) -> str:
    """Return SQL of an inequality: numeric where both sides are numbers, else by text."""
    if not _is_number(value):
        statement.parameters.append(value.lower())
        return f"lower({column}) {comparison} %s"

    statement.parameters.append(value.strip())
    return (
        f"CASE WHEN {column} ~ '{_NUMBER_PATTERN}'"
        f" THEN ({column})::numeric {comparison} %s::numeric ELSE FALSE END"
    )


def _is_number(value: str) -> bool:
    unsigned = value.strip().removeprefix("-")
    whole, point, fraction = unsigned.partition(".")
    if not whole.isdecimal() or not whole.isascii():
        return False
    return not point or (fraction.isdecimal() and fraction.isascii())


def _company_matches(organization: str, operator: str, values: Sequence[str], where: str) -> bool:
    """Return whether the organization of the query fulfills a condition on Company."""
    company = organization.lower()
    others = [value.lower() for value in values]
    answers = {
        "isexactly": company in others,
        "isoneof": company in others,
        "isnot": company not in others,
        "contains": any(other in company for other in others),
        "doesnotcontain": all(other not in company for other in others),
        "beginswith": company.startswith(tuple(others)),
    }
    if operator in answers:
        return answers[operator]

    raise Invalid(
        "companies cannot be ordered",
        where=where,
        remedy="use IsExactly, IsNot, IsOneOf, Contains, DoesNotContain or BeginsWith",
    )


def _texts(value: Any, where: str) -> list[str]:
    """Return a value or a list of values as texts. Raises Invalid for anything else."""
    values = value if isinstance(value, list) else [value]
    if not values or not all(map(_is_searchable, values)):
        raise _invalid_values(where)

    return list(map(str, values))


def _is_searchable(value: Any) -> bool:
    """Return whether a value is a text or a number that the database can compare."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    return "\x00" not in str(value)


def _invalid_values(where: str) -> Invalid:
    return Invalid("is not a list of texts", where=where, remedy='send ["value"]')


def _text(value: Any, where: str) -> str:
    """Return a text without surrounding blanks, or "" when it is absent."""
    if value is None:
        return ""
    if not isinstance(value, str) or "\x00" in value:
        raise Invalid("is not a text", where=where, remedy="send a text")
    return value.strip()


def _list(value: Any, where: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise Invalid("is not a list", where=where, remedy="send a list")
    return value


def _lower_keys(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Invalid("is not an object", where=where, remedy="send an object")
    return {name.lower(): child for name, child in value.items()}
