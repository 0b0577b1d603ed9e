"""The v2 half of the store: orders, their parts and shipments, statuses, store information."""

from dataclasses import replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from openiom_simulators.responses import answer, json_object
from openiom_simulators.shop_data import ADDRESS_FIELDS
from openiom_simulators.store.intake import placed_order_of, shipment_of
from openiom_simulators.store.queries import listed_orders, matching_orders, paginate
from openiom_simulators.store.shapes import (
    Wanted,
    consignments_document,
    line_document,
    order_document,
    shipment_document,
    shipping_address_document,
)
from openiom_simulators.store.state import Order, Refusal, Shop, ShopShipment
from openiom_simulators.store.statuses import STATUSES, status_document

EMPTY_PAGE = 204
CHANGEABLE = frozenset(
    {
        "status_id",
        "staff_notes",
        "customer_message",
        "external_order_id",
        "customer_id",
        "billing_address",
    }
)


def _shop(request: Request) -> Shop:
    shop: Shop = request.app.state.shop
    return shop


def _base(request: Request) -> str:
    return f"{str(request.base_url).rstrip('/')}/stores/{request.app.state.store_hash}"


def _order(request: Request) -> Order:
    return _shop(request).order(request.path_params["order_id"])


def _wanted(request: Request) -> Wanted:
    """`include` works for consignments only together with `consignment_structure=object`, as documented."""
    asked = set(request.query_params.get("include", "").split(","))
    structured = request.query_params.get("consignment_structure") == "object"
    line_items = structured and "consignments.line_items" in asked
    return Wanted(
        consignments=line_items or (structured and "consignments" in asked),
        line_items=line_items,
        fees="fees" in asked,
    )


def _page(request: Request, documents: list[dict[str, Any]]) -> Response:
    """One page of a v2 list; past the end v2 answers 204 without a body."""
    page, limit = paginate(request.query_params)
    part = documents[(page - 1) * limit : page * limit]
    return answer(part) if part else Response(status_code=EMPTY_PAGE)


def _shown(request: Request, order: Order) -> dict[str, Any]:
    return order_document(_shop(request), order, base=_base(request), wanted=_wanted(request))


async def list_orders(request: Request) -> Response:
    shop, base, wanted = _shop(request), _base(request), _wanted(request)
    found = listed_orders(shop, request.query_params)
    if not found:
        return Response(status_code=EMPTY_PAGE)
    return answer([order_document(shop, order, base=base, wanted=wanted) for order in found])


async def count_orders(request: Request) -> Response:
    counts = dict.fromkeys(STATUSES, 0)
    for order in matching_orders(_shop(request), request.query_params):
        counts[order.status_id] += 1
    statuses = [
        {**status_document(number), "count": count, "sort_order": place}
        for place, (number, count) in enumerate(counts.items())
    ]
    return answer({"statuses": statuses, "count": sum(counts.values())})


async def get_order(request: Request) -> Response:
    return answer(_shown(request, _order(request)))


async def create_order(request: Request) -> Response:
    shop = _shop(request)
    placed = placed_order_of(shop, await json_object(request))
    (number,) = shop.place([placed], tell=True)
    return answer(_shown(request, shop.orders[number]))


async def change_order(request: Request) -> Response:
    """Status, notes, external id, customer and billing address; anything else this store does not change."""
    order, document = _order(request), await json_object(request)
    unknown = sorted(set(document) - CHANGEABLE)
    if unknown:
        raise Refusal(f"The field '{unknown[0]}' cannot be changed in this simulated store.")
    status_id = document.get("status_id")
    if status_id is not None and status_id not in STATUSES:
        raise Refusal("The field 'status_id' is invalid.")
    order.staff_notes = str(document.get("staff_notes", order.staff_notes))
    for name in ("customer_message", "external_order_id", "customer_id"):
        if name in document:
            setattr(order.placed, name, document[name])
    billing = document.get("billing_address", {})
    changed = {name: str(billing[name]) for name in ADDRESS_FIELDS if name in billing}
    order.placed.billing = replace(
        order.placed.billing, **changed
    )  # addresses are shared with the customer
    _shop(request).touch(order, status_id=status_id)
    return answer(_shown(request, order))


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
            return answer(line_document(order, line))
    raise Refusal("The requested resource was not found.", status=404)


async def shipping_addresses(request: Request) -> Response:
    return _page(request, [shipping_address_document(_order(request), base=_base(request))])


async def shipping_address(request: Request) -> Response:
    order = _order(request)
    if request.path_params["address_id"] != order.address_id:
        raise Refusal("The requested resource was not found.", status=404)
    return answer(shipping_address_document(order, base=_base(request)))


async def consignments(request: Request) -> Response:
    line_items = "consignments.line_items" in request.query_params.get("include", "").split(",")
    return answer(
        consignments_document(_order(request), base=_base(request), line_items=line_items)
    )


async def no_coupons(request: Request) -> Response:
    """No order here has coupons, so their page is always past the end."""
    _order(request)
    return Response(status_code=EMPTY_PAGE)


async def list_shipments(request: Request) -> Response:
    order = _order(request)
    return _page(request, [shipment_document(order, shipment) for shipment in order.shipments])


async def count_shipments(request: Request) -> Response:
    return answer({"count": len(_order(request).shipments)})


def _shipment(request: Request) -> ShopShipment:
    for shipment in _order(request).shipments:
        if shipment.id == request.path_params["shipment_id"]:
            return shipment
    raise Refusal("The requested resource was not found.", status=404)


async def get_shipment(request: Request) -> Response:
    return answer(shipment_document(_order(request), _shipment(request)))


async def create_shipment(request: Request) -> Response:
    order = _order(request)
    items, fields = shipment_of(order, await json_object(request))
    if not items:
        raise Refusal("The required field 'items' was not supplied.")
    shipment = _shop(request).ship(order, items=items, fields=fields)
    return answer(shipment_document(order, shipment), status=201)


async def change_shipment(request: Request) -> Response:
    order, shipment = _order(request), _shipment(request)
    items, fields = shipment_of(order, await json_object(request))
    if items:
        raise Refusal(
            "The field 'items' cannot be changed; delete the shipment and create another."
        )
    shipment.fields.update(fields)
    _shop(request).append_events(
        "store/shipment/updated", {"type": "shipment", "id": shipment.id, "orderId": order.id}
    )
    return answer(shipment_document(order, shipment))


async def list_statuses(request: Request) -> Response:
    return answer([status_document(number) for number in STATUSES])


async def get_status(request: Request) -> Response:
    if request.path_params["status_id"] not in STATUSES:
        raise Refusal("The requested resource was not found.", status=404)
    return answer(status_document(request.path_params["status_id"]))


async def tell_time(request: Request) -> Response:
    return answer({"time": _shop(request).now()})


async def store_information(request: Request) -> Response:
    shop = _shop(request)
    return answer(
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
    *(
        route
        for spelling in ("shipping_addresses", "shippingaddresses")
        for route in (
            Route(f"{ONE}/{spelling}", shipping_addresses, methods=["GET"]),
            Route(f"{ONE}/{spelling}/{{address_id:int}}", shipping_address, methods=["GET"]),
        )
    ),
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
    Route("/time", tell_time, methods=["GET"]),
]
