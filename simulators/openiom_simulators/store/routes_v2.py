"""The v2 API of the store: orders, their parts and shipments, statuses, store information."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from openiom_simulators.responses import json_object, json_response
from openiom_simulators.shop_data import ADDRESS_FIELDS, Address, PlacedOrder
from openiom_simulators.store.intake import (
    AMOUNTS,
    change_lines,
    parse_address_id,
    parse_amounts,
    parse_order,
    parse_shipment,
)
from openiom_simulators.store.queries import listed_orders, matching_orders, parse_page
from openiom_simulators.store.shapes import (
    Inclusions,
    consignments_document,
    line_document,
    order_document,
    shipment_document,
    shipping_address_documents,
)
from openiom_simulators.store.state import Order, Shop, ShopShipment, StoreRefusal
from openiom_simulators.store.statuses import STATUSES, status_document

EMPTY_PAGE = 204
COPIED_FIELDS = ("customer_message", "external_order_id", "customer_id")
CHANGEABLE = frozenset(
    (
        "status_id",
        "staff_notes",
        *COPIED_FIELDS,
        "billing_address",
        "products",
        *AMOUNTS.values(),
    )
)


def _shop(request: Request) -> Shop:
    shop: Shop = request.app.state.shop
    return shop


def _base(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/stores/{request.app.state.store_hash}"


def _order(request: Request) -> Order:
    return _shop(request).order(request.path_params["order_id"])


def _inclusions(request: Request) -> Inclusions:
    """Return the included parts; consignments need `consignment_structure=object`."""
    names = set(request.query_params.get("include", "").split(","))
    fees = "fees" in names
    if request.query_params.get("consignment_structure") != "object":
        return Inclusions(fees=fees)
    line_items = "consignments.line_items" in names
    consignments = line_items or "consignments" in names
    return Inclusions(consignments=consignments, line_items=line_items, fees=fees)


def _page(request: Request, documents: list[dict[str, Any]]) -> Response:
    """Return one page of a list; past the end it is a 204 without body."""
    page, limit = parse_page(request.query_params)
    part = documents[(page - 1) * limit : page * limit]
    if not part:
        return Response(status_code=EMPTY_PAGE)
    return json_response(part)


def _document(request: Request, order: Order) -> dict[str, Any]:
    inclusions = _inclusions(request)
    return order_document(_shop(request), order, base=_base(request), inclusions=inclusions)


async def list_orders(request: Request) -> Response:
    """Return one page of orders."""
    found = listed_orders(_shop(request), request.query_params)
    if not found:
        return Response(status_code=EMPTY_PAGE)
    return json_response([_document(request, order) for order in found])


async def count_orders(request: Request) -> Response:
    counts = dict.fromkeys(STATUSES, 0)
    for order in matching_orders(_shop(request), request.query_params):
        counts[order.status_id] += 1
    statuses = []
    for place, (number, count) in enumerate(counts.items()):
        statuses.append({**status_document(number), "count": count, "sort_order": place})
    return json_response({"statuses": statuses, "count": sum(counts.values())})


async def get_order(request: Request) -> Response:
    return json_response(_document(request, _order(request)))


async def create_order(request: Request) -> Response:
    shop = _shop(request)
    placed = parse_order(shop, await json_object(request))
    [number] = shop.place([placed], publish=True)
    return json_response(_document(request, shop.orders[number]))


async def change_order(request: Request) -> Response:
    """Change the fields of `CHANGEABLE`; this store refuses others."""
    order, document = _order(request), await json_object(request)
    unknown = sorted(set(document) - CHANGEABLE)
    if unknown:
        raise StoreRefusal(f"The field '{unknown[0]}' cannot be changed in this simulated store.")

    status_id = _requested_status(document)
    change_lines(_shop(request), order, document.get("products") or ())
    _apply_changes(order, document)
    _shop(request).touch(order, status_id=status_id)
    return json_response(_document(request, order))


def _requested_status(document: dict[str, Any]) -> int | None:
    """Return the id of the new status, None without one. Raise `StoreRefusal`."""
    status_id: int | None = document.get("status_id")
    if status_id is not None and status_id not in STATUSES:
        raise StoreRefusal("The field 'status_id' is invalid.")
    return status_id


def _apply_changes(order: Order, document: dict[str, Any]) -> None:
    placed = order.placed
    order.staff_notes = str(document.get("staff_notes", order.staff_notes))
    _set_fields(placed, {name: document[name] for name in COPIED_FIELDS if name in document})
    _set_fields(placed, parse_amounts(document))
    placed.billing = _changed_address(placed.billing, document.get("billing_address", {}))


def _set_fields(placed: PlacedOrder, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        setattr(placed, name, value)


def _changed_address(address: Address, document: Mapping[str, Any]) -> Address:
    """Return a changed copy: the address itself is shared with the customer."""
    changed = {name: str(document[name]) for name in ADDRESS_FIELDS if name in document}
    return replace(address, **changed)


async def archive_order(request: Request) -> Response:
    _shop(request).archive(_order(request))
    return Response(status_code=204)


async def order_products(request: Request) -> Response:
    order = _order(request)
    return _page(request, [line_document(order, line) for line in order.lines])


async def order_product(request: Request) -> Response:
    order = _order(request)
    for line in order.lines:
        if line.id == request.path_params["line_id"]:
            return json_response(line_document(order, line))
    raise StoreRefusal("The requested resource was not found.", status=404)


async def shipping_addresses(request: Request) -> Response:
    return _page(request, shipping_address_documents(_order(request), base=_base(request)))


async def shipping_address(request: Request) -> Response:
    for document in shipping_address_documents(_order(request), base=_base(request)):
        if document["id"] == request.path_params["address_id"]:
            return json_response(document)
    raise StoreRefusal("The requested resource was not found.", status=404)


async def consignments(request: Request) -> Response:
    line_items = "consignments.line_items" in request.query_params.get("include", "").split(",")
    return json_response(
        consignments_document(_order(request), base=_base(request), line_items=line_items)
    )


async def no_coupons(request: Request) -> Response:
    """Return the empty page: the store keeps the discount of coupons, not their codes."""
    _order(request)
    return Response(status_code=EMPTY_PAGE)


async def list_shipments(request: Request) -> Response:
    order = _order(request)
    return _page(request, [shipment_document(order, shipment) for shipment in order.shipments])


async def count_shipments(request: Request) -> Response:
    return json_response({"count": len(_order(request).shipments)})


def _shipment(request: Request) -> ShopShipment:
    for shipment in _order(request).shipments:
        if shipment.id == request.path_params["shipment_id"]:
            return shipment
    raise StoreRefusal("The requested resource was not found.", status=404)


async def get_shipment(request: Request) -> Response:
    return json_response(shipment_document(_order(request), _shipment(request)))


async def create_shipment(request: Request) -> Response:
    order, document = _order(request), await json_object(request)
    items, fields = parse_shipment(order, document)
    if not items:
        raise StoreRefusal("The required field 'items' was not supplied.")

    address_id = parse_address_id(order, document)
    shipment = _shop(request).ship(order, address_id=address_id, items=items, fields=fields)
    return json_response(shipment_document(order, shipment), status=201)


async def change_shipment(request: Request) -> Response:
    order, shipment, document = _order(request), _shipment(request), await json_object(request)
    items, fields = parse_shipment(order, document)
    if items:
        raise StoreRefusal(
            "The field 'items' cannot be changed; delete the shipment and create another."
        )

    shipment.fields.update(fields)
    _shop(request).publish(
        "store/shipment/updated", {"type": "shipment", "id": shipment.id, "orderId": order.id}
    )
    return json_response(shipment_document(order, shipment))


async def list_statuses(request: Request) -> Response:
    return json_response([status_document(number) for number in STATUSES])


async def get_status(request: Request) -> Response:
    if request.path_params["status_id"] not in STATUSES:
        raise StoreRefusal("The requested resource was not found.", status=404)
    return json_response(status_document(request.path_params["status_id"]))


async def get_time(request: Request) -> Response:
    return json_response({"time": _shop(request).now()})


async def store_information(request: Request) -> Response:
    shop = _shop(request)
    return json_response(
        {
            "id": request.app.state.store_hash,
            "domain": "fabrikam.example.com",
            "secure_url": "https://fabrikam.example.com",
            "status": "live",
            "name": request.app.state.store_name,
            "country": shop.country,
            "country_code": shop.country_iso2,
            "timezone": {"name": "UTC", "raw_offset": 0, "dst_offset": 0, "dst_correction": False},
            "language": "en",
            "currency": shop.currency,
            "currency_symbol": {"USD": "$", "BRL": "R$"}.get(shop.currency, shop.currency),
            "decimal_separator": ".",
            "thousands_separator": ",",
            "decimal_places": 2,
            "currency_symbol_location": "left",
            "weight_units": "KGS",
            "dimension_units": "Centimeters",
            "plan_name": "Simulator",
            "plan_level": "Simulator",
            "plan_is_trial": False,
            "store_id": int(request.app.state.store_id),
            "default_channel_id": 1,
        }
    )


ONE = "/orders/{order_id:int}"
ROUTES = [
    Route("/orders", list_orders, methods=["GET"]),
    Route("/orders", create_order, methods=["POST"]),
    Route("/orders/count", count_orders, methods=["GET"]),
    Route(ONE, get_order, methods=["GET"]),
    Route(ONE, change_order, methods=["PUT"]),
    Route(ONE, archive_order, methods=["DELETE"]),
    Route(f"{ONE}/products", order_products, methods=["GET"]),
    Route(f"{ONE}/products/{{line_id:int}}", order_product, methods=["GET"]),
    Route(f"{ONE}/shipping_addresses", shipping_addresses, methods=["GET"]),
    Route(f"{ONE}/shipping_addresses/{{address_id:int}}", shipping_address, methods=["GET"]),
    Route(f"{ONE}/shippingaddresses", shipping_addresses, methods=["GET"]),
    Route(f"{ONE}/shippingaddresses/{{address_id:int}}", shipping_address, methods=["GET"]),
    Route(f"{ONE}/consignments", consignments, methods=["GET"]),
    Route(f"{ONE}/coupons", no_coupons, methods=["GET"]),
    Route(f"{ONE}/shipments", list_shipments, methods=["GET"]),
    Route(f"{ONE}/shipments", create_shipment, methods=["POST"]),
    Route(f"{ONE}/shipments/count", count_shipments, methods=["GET"]),
    Route(f"{ONE}/shipments/{{shipment_id:int}}", get_shipment, methods=["GET"]),
    Route(f"{ONE}/shipments/{{shipment_id:int}}", change_shipment, methods=["PUT"]),
    Route("/order_statuses", list_statuses, methods=["GET"]),
    Route("/order_statuses/{status_id:int}", get_status, methods=["GET"]),
    Route("/store", store_information, methods=["GET"]),
    Route("/time", get_time, methods=["GET"]),
]
