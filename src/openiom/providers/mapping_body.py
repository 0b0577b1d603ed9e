"""The document of a mapping: one external key and our name for it."""

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from .mapping_rules import Lookup

KIND = "mapping"
WILDCARD = "*"
"""A mapping of * to * means that every external value of the field is already our name."""
Table = Literal[
    "account", "contact", "price_list", "product", "unit", "unit_group", "warehouse", "currency"
]
DOCUMENT_KINDS = {
    "account": "account",
    "currency": "currency",
    "price_list": "price_list",
    "product": "product",
    "unit": "unit",
    "warehouse": "source",
}
"""Table -> the kind of the documents whose names are our names in it."""


class MappingBody(BaseModel):
    """One external key. `scope_name` is an instance or mapping group, empty for the default.

    Value `*` with internal `*` maps every key of the table and field to itself.
    """

    model_config = ConfigDict(extra="forbid")

    table: Table
    field: str = Field(min_length=1, max_length=200)
    value: str = Field(max_length=500)
    internal: str = Field(min_length=1, max_length=200)
    scope: Literal["instance", "group", "default"] = "default"
    scope_name: str = ""

    @model_validator(mode="after")
    def _check_consistency(self) -> Self:
        if (self.scope == "default") != (self.scope_name == ""):
            raise ValueError(
                "scope_name names the instance or group, and is empty for the default scope"
            )
        if (self.value == WILDCARD) != (self.internal == WILDCARD):
            raise ValueError("* maps to * only: every key is already our name")
        return self

    @property
    def table_name(self) -> str:
        """The table, by the name of its column."""
        return self.table

    @property
    def lookup(self) -> Lookup:
        """The lookup that this mapping answers."""
        return Lookup(self.table, self.field, self.value)

    @property
    def document_name(self) -> str:
        """The logical name of the document of a mapping."""
        scope = "default"
        if self.scope != "default":
            scope = f"{self.scope}:{self.scope_name}"
        return f"{self.table}/{scope}/{self.field}={self.value}"
