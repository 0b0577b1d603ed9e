"""The v3 API of the store: catalog, customers, price lists and webhooks."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from openiom_simulators.responses import json_object, json_response
from openiom_simulators.shop_data import Customer, Product
from openiom_simulators.store.intake import parse_refund
from openiom_simulators.store.queries import parse_page
from openiom_simulators.store.state import Shop, StoreRefusal
from openiom_simulators.store.webhooks import Hook, Webhooks

HOOK_FIELDS = ("scope", "destination", "is_active")
CREATED_AT = "2024-01-01T00:00:00+00:00"
PARTS_WITHOUT_CONTENT = (
    "images",
    "custom_fields",
    "bulk_pricing_rules",
    "options",
    "modifiers",
    "videos",
)


def product_document(product: Product, *, include: Sequence[str]) -> dict[str, Any]:
    """Return a product as `/v3/catalog/products` does, with its weight in kilograms."""
    price = product.price / 100
    shown: dict[str, Any] = {
        "id": product.id,
        "name": product.name,
        "type": "physical",
        "sku": product.sku,
        "description": "",
        "weight": product.weight / 1000,
        "width": 0,
        "depth": 0,
        "height": 0,
        "price": price,
        "cost_price": 0,
        "retail_price": 0,
        "sale_price": 0,
        "map_price": 0,
        "tax_class_id": 0,
        "product_tax_code": "",
        "calculated_price": price,
        "categories": [],
        "brand_id": 0,
        "inventory_level": product.inventory_level,
        "inventory_warning_level": 0,
        "inventory_tracking": "product",
        "is_visible": True,
        "is_featured": False,
        "upc": "",
        "mpn": product.brand,
        "gtin": "",
        "availability": "available",
        "condition": "New",
        "base_variant_id": product.variant_id,
        "date_created": CREATED_AT,
        "date_modified": CREATED_AT,
        "total_sold": 0,
    }
    if "variants" in include:
        shown["variants"] = [variant_document(product)]

    shown.update((part, []) for part in PARTS_WITHOUT_CONTENT if part in include)
    return shown


def variant_document(product: Product) -> dict[str, Any]:
    """Return the base variant of a product, which has its SKU."""
    return {
        "id": product.variant_id,
        "product_id": product.id,
        "sku": product.sku,
        "sku_id": None,
        "price": None,
        "calculated_price": product.price / 100,
        "sale_price": None,
        "retail_price": None,
        "cost_price": 0,
        "weight": None,
        "calculated_weight": product.weight / 1000,
        "is_free_shipping": False,
        "purchasing_disabled": False,
        "purchasing_disabled_message": "",
        "upc": "",
        "mpn": product.brand,
        "gtin": "",
        "inventory_level": product.inventory_level,
        "inventory_warning_level": 0,
        "bin_picking_number": "",
        "option_values": [],
    }


def customer_document(customer: Customer, *, include: Sequence[str]) -> dict[str, Any]:
    """Return a customer as `/v3/customers` does."""
    created = datetime.fromtimestamp(customer.created, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    shown: dict[str, Any] = {
        "id": customer.id,
        "email": customer.email,
        "first_name": customer.first_name,
        "last_name": customer.last_name,
        "company": customer.address.company,
        "phone": customer.address.phone,
        "registration_ip_address": "",
        "notes": "",
        "tax_exempt_category": "",
        "customer_group_id": customer.customer_group_id,
        "date_created": created,
        "date_modified": created,
        "address_count": 1,
        "attribute_count": 0,
        "authentication": {"force_password_reset": False},
        "origin_channel_id": 1,
        "channel_ids": [1],
    }
    if "addresses" in include:
        shown["addresses"] = [customer_address_document(customer)]

    return shown


def customer_address_document(customer: Customer) -> dict[str, Any]:
    """Return an address as `/v3/customers/addresses` does."""
    address = customer.address
    return {
        "id": customer.id,
        "customer_id": customer.id,
        "first_name": address.first_name,
        "last_name": address.last_name,
        "company": address.company,
        "address1": address.street_1,
        "address2": address.street_2,
        "city": address.city,
        "state_or_province": address.state,
        "postal_code": address.zip,
        "country": address.country,
        "country_code": address.country_iso2,
        "phone": address.phone,
        "address_type": "residential",
    }


def paged(request: Request, rows: Sequence[Any], show: Callable[[Any], dict[str, Any]]) -> Response:
    """Return one page of rows in the envelope of v3; past the end `data` is empty."""
    page, limit = parse_page(request.query_params)
    data = [show(row) for row in rows[(page - 1) * limit : page * limit]]
    pages = -(-len(rows) // limit)
    pagination: dict[str, Any] = {
        "total": len(rows),
        "count": len(data),
        "per_page": limit,
        "current_page": page,
        "total_pages": pages,
        "links": {"current": f"?page={page}&limit={limit}"},
    }
    if page > 1:
        pagination["links"]["previous"] = f"?page={page - 1}&limit={limit}"

    if page < pages:
        pagination["links"]["next"] = f"?page={page + 1}&limit={limit}"

    return json_response({"data": data, "meta": {"pagination": pagination}})


def parse_numbers(query: Mapping[str, str], name: str) -> list[int]:
    """Return a comma-separated list of whole numbers. Raise `StoreRefusal`."""
    try:
        return [int(part) for part in query[name].split(",") if part]
    except ValueError:
        raise StoreRefusal(f"The filter {name} takes whole numbers.", status=422) from None


def _shop(request: Request) -> Shop:
    shop: Shop = request.app.state.shop
    return shop


def _include(request: Request) -> list[str]:
    return request.query_params.get("include", "").split(",")


def _texts(query: Mapping[str, str], name: str) -> set[str]:
    """Return the values of a comma-separated filter."""
    return {text for text in query.get(name, "").split(",") if text}


def _products(request: Request, *, id_name: str) -> list[Product]:
    """Return the products that match the filters on `id_name`, SKU, name and keyword."""
    query = request.query_params
    rows = _products_by_id(_shop(request), query, id_name)
    skus = _texts(query, "sku") | _texts(query, "sku:in")
    keyword = query.get("keyword", "").lower()

    def matches(product: Product) -> bool:
        if skus and product.sku not in skus:
            return False
        if product.name != query.get("name", product.name):
            return False
        return keyword in f"{product.name}\n{product.sku}".lower()

    return list(filter(matches, rows))


def _products_by_id(shop: Shop, query: Mapping[str, str], id_name: str) -> list[Product]:
    """Return the products with the requested ids, all without any."""
    ids: set[int] = set()
    for name in (id_name, f"{id_name}:in"):
        if name in query:
            ids.update(parse_numbers(query, name))
    if not ids:
        return list(shop.products.values())
    return [shop.products[number] for number in sorted(ids) if number in shop.products]


async def list_products(request: Request) -> Response:
    """Return one page of products, of each only `include_fields` if there are any."""
    include = _include(request)
    fields = _texts(request.query_params, "include_fields")

    def show(product: Product) -> dict[str, Any]:
        document = product_document(product, include=include)
        return _only(document, {"id", *fields, *include}) if fields else document

    return paged(request, _products(request, id_name="id"), show)


def _only(document: dict[str, Any], names: set[str]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name in names}


def _product(request: Request) -> Product:
    found = _shop(request).products.get(request.path_params["product_id"])
    if found is None:
        raise StoreRefusal("The product does not exist.", status=404)
    return found


async def get_product(request: Request) -> Response:
    return json_response(
        {"data": product_document(_product(request), include=_include(request)), "meta": {}}
    )


async def product_variants(request: Request) -> Response:
    return paged(request, [_product(request)], variant_document)


async def list_variants(request: Request) -> Response:
    return paged(request, _products(request, id_name="product_id"), variant_document)


def _customers_by_id(shop: Shop, query: Mapping[str, str], name: str) -> list[Customer]:
    ids = parse_numbers(query, name)
    return [shop.customers[number] for number in ids if number in shop.customers]


async def list_customers(request: Request) -> Response:
    shop, query, include = _shop(request), request.query_params, _include(request)
    rows = list(shop.customers.values())
    if "id:in" in query:
        rows = _customers_by_id(shop, query, "id:in")
    if "email:in" in query:
        emails = set(query["email:in"].split(","))
        rows = [row for row in rows if row.email in emails]
    return paged(request, rows, lambda row: customer_document(row, include=include))


async def customer_addresses(request: Request) -> Response:
    shop, query = _shop(request), request.query_params
    rows = list(shop.customers.values())
    if "customer_id:in" in query:
        rows = _customers_by_id(shop, query, "customer_id:in")
    return paged(request, rows, customer_address_document)


async def list_price_lists(request: Request) -> Response:
    one = {
        "id": 1,
        "name": "Default",
        "active": True,
        "date_created": CREATED_AT,
        "date_modified": CREATED_AT,
    }
    return paged(request, [one], lambda row: dict(row))


def _hooks(request: Request) -> Webhooks:
    hooks: Webhooks = request.app.state.webhooks
    return hooks


def _hook_fields(document: Mapping[str, Any], *, required: Sequence[str]) -> dict[str, Any]:
    """Return the fields of a hook. Raise `StoreRefusal` for a missing or invalid one."""
    _require(document, required)
    fields = {name: document[name] for name in HOOK_FIELDS if name in document}
    _check_destination(str(fields.get("destination", "https://")))
    headers = document.get("headers")
    if headers is not None:
        fields["headers"] = {str(name): str(value) for name, value in headers.items()}
    return fields


def _require(document: Mapping[str, Any], names: Sequence[str]) -> None:
    for name in names:
        if not document.get(name):
            raise _invalid_field(name)


def _check_destination(destination: str) -> None:
    if not destination.startswith(("http://", "https://")):
        raise _invalid_field("destination")


def _invalid_field(name: str) -> StoreRefusal:
    return StoreRefusal(f"JSON data is missing or invalid: {name}", status=422)


async def list_hooks(request: Request) -> Response:
    """Return the hooks that match the filters."""
    query, hooks = request.query_params, _hooks(request)

    def matches(hook: Hook) -> bool:
        is_active = str(hook.is_active).lower()
        return (
            query.get("scope", hook.scope) == hook.scope
            and query.get("destination", hook.destination) == hook.destination
            and query.get("is_active", is_active).lower() == is_active
        )

    return paged(request, list(filter(matches, hooks.hooks.values())), hooks.document)


async def create_hook(request: Request) -> Response:
    hooks = _hooks(request)
    fields = _hook_fields(await json_object(request), required=("scope", "destination"))
    hook = hooks.subscribe(**{"headers": {}, "is_active": True, **fields})
    return json_response({"data": hooks.document(hook), "meta": {}})


def _hook(request: Request) -> Hook:
    """Return the hook of the path. Raise `StoreRefusal` with status 404."""
    number = request.path_params["hook_id"]
    hook = _hooks(request).hooks.get(number)
    if hook is None:
        raise StoreRefusal(f"Webhook with id [{number}] not found", status=404)
    return hook


def _change_hook(hook: Hook, document: Mapping[str, Any]) -> None:
    for name, value in _hook_fields(document, required=()).items():
        setattr(hook, name, value)


async def one_hook(request: Request) -> Response:
    """Return one hook, after changing it (`PUT`) or deleting it (`DELETE`)."""
    hooks = _hooks(request)
    hook = _hook(request)
    if request.method == "DELETE":
        del hooks.hooks[hook.id]
    elif request.method == "PUT":
        _change_hook(hook, await json_object(request))
        hook.updated_at = _shop(request).now()

    return json_response({"data": hooks.document(hook), "meta": {}})


async def create_refund(request: Request) -> Response:
    """Refund products of an order; the money is not kept."""
    shop = _shop(request)
    order = shop.order(request.path_params["order_id"])
    items = parse_refund(await json_object(request))
    number = shop.refund(order, items)
    refunded = [{"item_type": "PRODUCT", "item_id": i, "quantity": n} for i, n in items]
    data = {"id": number, "order_id": order.id, "items": refunded}
    return json_response({"data": data, "meta": {}}, status=201)


ROUTES = [
    Route("/orders/{order_id:int}/payment_actions/refunds", create_refund, methods=["POST"]),
    Route("/catalog/products", list_products, methods=["GET"]),
    Route("/catalog/products/{product_id:int}", get_product, methods=["GET"]),
    Route("/catalog/products/{product_id:int}/variants", product_variants, methods=["GET"]),
    Route("/catalog/variants", list_variants, methods=["GET"]),
    Route("/customers", list_customers, methods=["GET"]),
    Route("/customers/addresses", customer_addresses, methods=["GET"]),
    Route("/pricelists", list_price_lists, methods=["GET"]),
    Route("/hooks", list_hooks, methods=["GET"]),
    Route("/hooks", create_hook, methods=["POST"]),
    Route("/hooks/{hook_id:int}", one_hook, methods=["GET", "PUT", "DELETE"]),
]
