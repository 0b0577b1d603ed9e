"""Products and customers as a store keeps them. Version 1."""

from decimal import Decimal

from pydantic import BaseModel, ConfigDict, Field


class ProductDocument(BaseModel):
    """One sellable product. `number` is how orders name it: its SKU."""

    model_config = ConfigDict(extra="forbid")

    external_id: str = ""
    number: str = Field(min_length=1)
    name: str = Field(min_length=1)
    description: str = ""
    weight_kg: Decimal | None = Field(None, ge=0)
    list_price: Decimal | None = Field(None, ge=0)


class AccountDocument(BaseModel):
    """One customer of the store, a company or a person."""

    model_config = ConfigDict(extra="forbid")

    external_id: str = Field(min_length=1)
    name: str = Field(min_length=1)
    company: str = ""
    email: str = ""
    phone: str = ""
