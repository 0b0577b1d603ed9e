"""Stock reported by a source system. Version 1."""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from openiom.kernel import Moment

from .order import KeyDocument


class StockItemDocument(BaseModel):
    """The quantity of one product at one source, in the stock unit of the product."""

    model_config = ConfigDict(extra="forbid")

    product: str | KeyDocument
    source: str
    quantity: Decimal


class StockDocument(BaseModel):
    """A stock report. Mode `set` gives the whole on-hand quantity, `change` a difference."""

    model_config = ConfigDict(extra="forbid")

    mode: Literal["set", "change"]
    at: Moment
    reference: str
    items: list[StockItemDocument] = Field(min_length=1, max_length=10_000)
