"""Bodies of the master data documents: units, currencies, price lists, accounts and products."""

from decimal import Decimal
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from openiom.documents import AddressDocument
from openiom.kernel import Day
from openiom.kernel.quantity import MAX_DECIMALS


class Body(BaseModel):
    """Base of all bodies; unknown fields are refused."""

    model_config = ConfigDict(extra="forbid")


class UnitBody(Body):
    """Body of a `unit` document; the document's name is the unit's symbol."""

    title: str = Field(min_length=1)
    unit_group: str = Field(
        "piece", min_length=1, description="Units of one group convert into each other"
    )
    factor: Decimal = Field(
        Decimal(1), gt=0, description="Number of base units of the group in one of this unit"
    )
    decimals: int = Field(
        0, ge=0, le=MAX_DECIMALS, description="Decimal places that quantities in this unit may have"
    )


class CurrencyBody(Body):
    """Body of a `currency` document; the document's name is the ISO 4217 code."""

    title: str = Field(min_length=1)


class CompanyBody(Body):
    """Body of the one `company` document, named `default`: the company whose books costs go to."""

    title: str = Field(min_length=1)
    accounting_currency: str = Field(
        "", pattern="^([A-Z]{3})?$", description="Currency of costs; empty when not specified"
    )


class PriceListBody(Body):
    """Body of a `price_list` document."""

    title: str = Field(min_length=1)
    currency: str = Field(pattern="^[A-Z]{3}$")


class AccountBody(Body):
    """Body of an `account` document: a customer, company or person, that orders are billed to."""

    title: str = Field(min_length=1)
    company: str = ""
    email: str = ""
    phone: str = ""
    price_list: str | None = None
    on_hold: bool = Field(
        False, description="Credit hold: orders of this account wait for a person"
    )
    address: AddressDocument | None = None


class AttributeBody(Body):
    """One attribute of a product, searchable by name, type and value."""

    name: str = Field(min_length=1)
    type: str = Field("", description="Name of the attribute type, such as PoundDomain")
    area: Literal["product", "dimension", "batch"] = "product"
    value: str


class ComponentBody(Body):
    """One component of a kit."""

    product: str = Field(min_length=1)
    quantity: int = Field(1, ge=1, le=100_000, description="Units of it in one unit of the kit")


class ProductBody(Body):
    """Body of a `product` document; its name is the product number that orders and stock use."""

    name: str = Field(min_length=1)
    unit: str = Field("ea", min_length=1, description="Unit in which stock is counted")
    sku: str = Field(
        "", description="Stock keeping unit or barcode, when it differs from the product number"
    )
    description: str = ""
    search_name: str = Field("", description="A short name to search by")
    product_type: Literal["item", "service"] = "item"
    attributes: list[AttributeBody] = Field(default_factory=list, max_length=200)
    weight_kg: Decimal | None = Field(None, ge=0)
    length_cm: Decimal | None = Field(None, ge=0)
    width_cm: Decimal | None = Field(None, ge=0)
    height_cm: Decimal | None = Field(None, ge=0)
    image: str = ""
    currency: str = Field(
        "", pattern="^([A-Z]{3})?$", description="Currency of the costs and the list price"
    )
    current_cost: Decimal | None = Field(None, ge=0)
    standard_cost: Decimal | None = Field(None, ge=0)
    list_price: Decimal | None = Field(None, ge=0)
    preorder_eligible: bool = False
    launch_date: Day | None = None
    days_to_replace: int | None = Field(None, ge=0)
    components: list[ComponentBody] = Field(
        default_factory=list,
        max_length=500,
        description="Components of a kit; a kit has no stock of its own",
    )


class OrderIntakeSettingsBody(Body):
    """Body of the one `order_intake_settings` document, named `default`."""

    write_in_products: bool = Field(
        False, description="Accept orders for products that are not in the catalog"
    )
