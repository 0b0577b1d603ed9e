"""The pages of the storefront over HTTP."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from openiom_simulators.shop_data import Product
from openiom_simulators.store.state import Order, Shop
from openiom_simulators.store.statuses import STATUSES

from .cart import add_to_cart, read_cart, whole_number, write_cart
from .checkout import COUNTRIES, DELIVERY_METHODS, FIELDS, Checkout

CART = "cart"
SHOWN_PRODUCTS = 24
LARGEST_FORM = 20_000
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; form-action 'self'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_pages = Environment(
    loader=PackageLoader("openiom_simulators.store.storefront"),
    autoescape=True,
    undefined=StrictUndefined,
)


async def home(request: Request) -> Response:
    """Show products, those that a search finds."""
    search = request.query_params.get("search", "").strip()[:LARGEST_FORM]
    found = _found(_shop(request), search.lower())
    shown = found[:SHOWN_PRODUCTS]
    return _page(request, "home", products=shown, found=len(found), search=search)


async def product(request: Request) -> Response:
    """Show a product."""
    found = _shop(request).products.get(request.path_params["id"])
    if found is None:
        return _page(request, "missing", status=404, what="product")
    return _page(request, "product", product=found)


async def cart(request: Request) -> Response:
    """Show the cart, or add a product to it, or remove one from it."""
    if request.method != "POST":
        return _page(request, "cart")

    changed = _changed_cart(request, await _form(request))
    response = RedirectResponse("/shop/cart", 303, HEADERS)
    response.set_cookie(CART, write_cart(changed), httponly=True, samesite="lax")
    return response


async def checkout(request: Request) -> Response:
    """Show the checkout, or place the order that was entered."""
    chosen = _cart(request)
    if not chosen:
        return RedirectResponse("/shop/cart", 303, HEADERS)

    entered = Checkout.of(await _form(request) if request.method == "POST" else {})
    if request.method != "POST":
        return _checkout_page(request, entered, problems={})

    problems = entered.problems()
    if problems:
        return _checkout_page(request, entered, problems=problems, status=422)

    shop = _shop(request)
    order = entered.order(chosen, shop.products, currency=shop.currency, now=shop.now())
    [number] = shop.place([order], publish=True)
    shop.storefront_order = number
    response = RedirectResponse(f"/shop/orders/{number}", 303, HEADERS)
    response.delete_cookie(CART)
    return response


async def order(request: Request) -> Response:
    """Show an order of the storefront: what was ordered and how far it is."""
    found = _shop(request).orders.get(request.path_params["number"])
    if found is None:
        return _page(request, "missing", status=404, what="order")
    return _page(request, "order", order=found, state=STATUSES[found.status_id][0])


async def style(request: Request) -> Response:
    """Return the style sheet."""
    return Response(
        _pages.get_template("shop.css").render(), headers=HEADERS, media_type="text/css"
    )


def _checkout_page(
    request: Request, entered: Checkout, *, problems: Mapping[str, str], status: int = 200
) -> Response:
    return _page(
        request,
        "checkout",
        status=status,
        entered=entered,
        problems=problems,
        fields=FIELDS,
        countries=COUNTRIES,
        methods=DELIVERY_METHODS,
    )


def _page(request: Request, name: str, *, status: int = 200, **values: Any) -> Response:
    shop = _shop(request)
    lines = [(shop.products[number], units) for number, units in _cart(request).items()]
    html = _pages.get_template(f"{name}.html").render(
        store=request.app.state.store_name,
        lines=lines,
        units=sum(units for _, units in lines),
        subtotal=sum(one.price * units for one, units in lines),
        money=_money(shop),
        **values,
    )
    return HTMLResponse(html, status, HEADERS)


def _money(shop: Shop) -> Any:
    """Return how the pages write cents in the currency of the shop or of an order."""

    def money(cents: int, order: Order | None = None) -> str:
        currency = order.placed.currency if order else shop.currency
        return f"{cents / 100:,.2f} {currency}"

    return money


def _found(shop: Shop, search: str) -> list[Product]:
    found = []
    for one in shop.products.values():
        if search in one.name.lower() or search in one.sku.lower():
            found.append(one)
    return found


def _changed_cart(request: Request, form: Mapping[str, str]) -> dict[int, int]:
    """Return the cart with the product of a form added to it, or removed from it."""
    changed = _cart(request)
    number = whole_number(form.get("product", "")) or 0
    if form.get("action") == "remove":
        changed.pop(number, None)
        return changed

    if number not in _shop(request).products:
        return changed
    return add_to_cart(changed, number, whole_number(form.get("units", "")) or 1)


def _cart(request: Request) -> dict[int, int]:
    return read_cart(request.cookies.get(CART, ""), _shop(request).products)


def _shop(request: Request) -> Shop:
    shop: Shop = request.app.state.shop
    return shop


async def _form(request: Request) -> dict[str, str]:
    body = await request.body()
    return dict(parse_qsl(body[:LARGEST_FORM].decode("utf-8", "replace")))


ROUTES = [
    Route("/shop", home),
    Route("/shop/shop.css", style),
    Route("/shop/products/{id:int}", product),
    Route("/shop/cart", cart, methods=["GET", "POST"]),
    Route("/shop/checkout", checkout, methods=["GET", "POST"]),
    Route("/shop/orders/{number:int}", order),
]
