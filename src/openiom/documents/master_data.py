"""Products and customers as a store records them. Version 1."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class ProductDocument(BaseModel):
    """A sellable product. `number` is the SKU by which orders refer to it."""

    model_config = ConfigDict(extra="forbid")

    external_id: str = ""
    number: str = Field(min_length=1)
    name: str = Field(min_length=1)
    description: str = ""
    weight_kg: Decimal | None = Field(None, ge=0)
    list_price: Decimal | None = Field(None, ge=0)


class AccountDocument(BaseModel):
    """A customer of the store, a company or a person."""

    model_config = ConfigDict(extra="forbid")

    external_id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    company: str = ""
    email: str = ""
    phone: str = ""
