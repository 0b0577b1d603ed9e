"""Fields of a row of the orders list: their SQL expressions and their titles as columns."""

from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class ListColumn:
    """The SQL expression of a field, over `orders.order o` and `orders.order_state s`.

    A field with a title is a text column that users can show; the others have columns that the
    user interface renders in its own way.
    """

    expression: str
    title: str = ""


def select_list(row: type[BaseModel]) -> str:
    """Return the expressions of a row's fields, each named after its field."""
    return ",\n".join([f"{column.expression} AS {name}" for name, column in _columns(row)])


def column_titles(row: type[BaseModel]) -> dict[str, str]:
    """Return the titles of the text columns of a row, by field."""
    return {name: column.title for name, column in _columns(row) if column.title}


def _columns(row: type[BaseModel]) -> Iterator[tuple[str, ListColumn]]:
    for name, field in row.model_fields.items():
        for metadata in field.metadata:
            if isinstance(metadata, ListColumn):
                yield name, metadata
