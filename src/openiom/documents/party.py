"""Addresses and customers."""

from pydantic import BaseModel, ConfigDict, Field


class AddressDocument(BaseModel):
    """A postal address. `country` is ISO 3166-1 alpha-2; `state` as its country writes it."""

    model_config = ConfigDict(extra="forbid")

    name: str = ""
    company: str = ""
    line1: str = ""
    line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    country: str = Field("", pattern="^([A-Z]{2})?$")
    phone: str = ""
    email: str = ""
    latitude: float | None = Field(None, ge=-90, le=90)
    longitude: float | None = Field(None, ge=-180, le=180)


class CustomerDocument(BaseModel):
    """A customer. `group` is the customer group to which stock may be allocated."""

    model_config = ConfigDict(extra="forbid")

    external_id: str = ""
    name: str = ""
    company: str = ""
    email: str = ""
    phone: str = ""
    group: str = ""
