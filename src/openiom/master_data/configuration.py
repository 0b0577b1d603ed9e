"""What planners keep up to date: units, currencies, price lists, accounts, products, and how strict intake is."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy.orm import Session

from openiom.documents import AddressDocument
from openiom.kernel import Event, Problem, new_id
from openiom.platform.bulk import execute, fetch
from openiom.platform.configuration import Document, DocumentKind
from openiom.platform.database import to_json_text
from openiom.platform.events import append_events
from openiom.providers import replay_needing

from .kits import refresh_kits

CHUNK = 5_000
RULES = "default"
RECIPE_CHANGED, NAMED_BY_EVENT = "product.components_changed", 500
COMPANY = "company"


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class UnitBody(Body):
    title: str = Field(min_length=1)
    unit_group: str = Field(
        "piece", min_length=1, description="Units of one group convert into each other"
    )
    factor: Decimal = Field(
        Decimal(1), gt=0, description="How many of the group's base unit one of this unit is"
    )


class CurrencyBody(Body):
    title: str = Field(min_length=1)


class CompanyBody(Body):
    """The company whose books costs go into; one document, named `default`."""

    title: str = Field(min_length=1)
    accounting_currency: str = Field(
        "", pattern="^([A-Z]{3})?$", description="Currency of costs; empty is not said"
    )


class PriceListBody(Body):
    title: str = Field(min_length=1)
    currency: str = Field(pattern="^[A-Z]{3}$")


class AccountBody(Body):
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
    name: str = Field(min_length=1)
    type: str = Field("", description="Name of its kind of value, such as PoundDomain")
    area: Literal["product", "dimension", "batch"] = "product"
    value: str


class ComponentBody(Body):
    product: str = Field(min_length=1)
    quantity: int = Field(1, ge=1, le=100_000, description="Units of it in one unit of the kit")


class ProductBody(Body):
    """The document's name is the product number, which orders and stock refer to."""

    name: str = Field(min_length=1)
    unit: str = Field("ea", min_length=1)
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
    launch_date: date | None = None
    days_to_replace: int | None = Field(None, ge=0)
    components: list[ComponentBody] = Field(
        default_factory=list,
        max_length=500,
        description="What a kit is made of; a kit has no stock of its own",
    )


class RuleBody(Body):
    write_in_products: bool = Field(
        False, description="Take orders for products that are not in the catalog"
    )


COLUMNS: dict[str, tuple[str, dict[str, str]]] = {
    "unit": ("name", {"title": "text", "unit_group": "text", "factor": "numeric"}),
    "currency": ("code", {"title": "text"}),
    "price_list": ("name", {"title": "text", "currency": "text"}),
    "account": (
        "name",
        {
            "title": "text",
            "company": "text",
            "email": "text",
            "phone": "text",
            "price_list": "text",
            "on_hold": "boolean",
            "address": "jsonb",
        },
    ),
    "product": (
        "number",
        {
            "name": "text",
            "sku": "text",
            "unit": "text",
            "description": "text",
            "search_name": "text",
            "product_type": "text",
            "attributes": "jsonb",
            "weight_kg": "numeric",
            "length_cm": "numeric",
            "width_cm": "numeric",
            "height_cm": "numeric",
            "image": "text",
            "currency": "text",
            "current_cost": "numeric",
            "standard_cost": "numeric",
            "list_price": "numeric",
            "preorder_eligible": "boolean",
            "launch_date": "date",
            "days_to_replace": "integer",
            "components": "jsonb",
        },
    ),
    "rule": ("name", {"write_in_products": "boolean"}),
}


def _refresh(table: str, schema: type[BaseModel]) -> Callable[[Session, Sequence[Document]], None]:
    """A hook that upserts the read model's rows, some thousands a statement, whatever their number."""
    key, columns = COLUMNS[table]
    types = ", ".join(f'"{name}" {kind}' for name, kind in {key: "text", **columns}.items())
    names = ", ".join(f'"{name}"' for name in (key, *columns))
    changes = ", ".join(f'"{name}" = excluded."{name}"' for name in columns)
    upsert = (
        f"INSERT INTO master_data.{table} ({names}) SELECT {names} FROM jsonb_to_recordset(%s::jsonb) AS d({types})"
        f" ON CONFLICT ({key}) DO UPDATE SET {changes}"
    )

    def applied(session: Session, documents: Sequence[Document]) -> None:
        for start in range(0, len(documents), CHUNK):
            rows = [
                schema.model_validate(d.body).model_dump(mode="json") | {key: d.name}
                for d in documents[start : start + CHUNK]
            ]
            execute(session, upsert, (to_json_text(rows),))
            replay_needing(session, table, [row[key] for row in rows])

    return applied


def _remove(table: str) -> Callable[[Session, Sequence[str]], None]:
    key = COLUMNS[table][0]

    def removed(session: Session, names: Sequence[str]) -> None:
        execute(session, f"DELETE FROM master_data.{table} WHERE {key} = ANY(%s)", (list(names),))

    return removed


def _apply_products(session: Session, documents: Sequence[Document]) -> None:
    _refresh("product", ProductBody)(session, documents)
    _tell_recipes(
        session, refresh_kits(session, {d.name: bool(d.body.get("components")) for d in documents})
    )


def _remove_products(session: Session, names: Sequence[str]) -> None:
    _remove("product")(session, names)
    _tell_recipes(session, refresh_kits(session, dict.fromkeys(names, False)))


def _tell_recipes(session: Session, kits: set[str]) -> None:
    """`product.components_changed`, one for all: other parts may be there where those of before were not."""
    if not kits:
        return
    rows = fetch(
        session,
        "SELECT at, actor FROM platform.configuration_document WHERE kind = 'product' ORDER BY id DESC LIMIT 1",
    )
    subject = new_id()
    data = {"keys": [[kit, ""] for kit in sorted(kits)[:NAMED_BY_EVENT]]}
    event = Event(
        name=RECIPE_CHANGED, subject_type="product", subject_id=subject, root_id=subject, data=data
    )
    append_events(session, [event], at=rows[0][0], actor=rows[0][1])


def _check_currency(session: Session, name: str, body: object) -> list[Problem]:
    if len(name) == 3 and name.isascii() and name.isalpha() and name.isupper():
        return []
    return [
        Problem(
            f"currency {name}", "is not an ISO 4217 code", "use three capital letters, e.g. USD"
        )
    ]


def _check_company(session: Session, name: str, body: object) -> list[Problem]:
    if name == RULES:
        return []
    return [Problem(f"company {name}", "there is only one company", f"name it {RULES}")]


def _check_rules(session: Session, name: str, body: object) -> list[Problem]:
    if name == RULES:
        return []
    return [Problem(f"rule {name}", "there is only one set of rules", f"name it {RULES}")]


KINDS = (
    DocumentKind(
        "rule",
        RuleBody,
        8,
        check=_check_rules,
        on_apply=_refresh("rule", RuleBody),
        on_delete=_remove("rule"),
    ),
    DocumentKind(COMPANY, CompanyBody, 9, check=_check_company),
    DocumentKind(
        "unit", UnitBody, 10, on_apply=_refresh("unit", UnitBody), on_delete=_remove("unit")
    ),
    DocumentKind(
        "currency",
        CurrencyBody,
        10,
        check=_check_currency,
        on_apply=_refresh("currency", CurrencyBody),
        on_delete=_remove("currency"),
    ),
    DocumentKind(
        "price_list",
        PriceListBody,
        10,
        on_apply=_refresh("price_list", PriceListBody),
        on_delete=_remove("price_list"),
        references={"currency": ("$.currency",)},
    ),
    DocumentKind(
        "account",
        AccountBody,
        12,
        on_apply=_refresh("account", AccountBody),
        on_delete=_remove("account"),
        references={"price_list": ("$.price_list",)},
    ),
    DocumentKind(
        "product",
        ProductBody,
        15,
        on_apply=_apply_products,
        on_delete=_remove_products,
        references={
            "product": ("$.components[*].product",),
            "unit": ("$.unit",),
            "currency": ("$.currency",),
        },
    ),
)


def write_in_products(session: Session) -> bool:
    """Whether orders may name products that are not in the catalog; not unless the rules say so."""
    rows = fetch(
        session, "SELECT write_in_products FROM master_data.rule WHERE name = %s", (RULES,)
    )
    return bool(rows and rows[0][0])


def accounting_currency(companies: Mapping[str, Mapping[str, Any]]) -> str:
    """Of the `company` documents in use, by name: the currency costs are counted in; empty where none says."""
    return str(companies.get(RULES, {}).get("accounting_currency", ""))
