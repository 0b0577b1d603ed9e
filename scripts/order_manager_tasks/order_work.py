"""Tasks that change orders."""

import re

from playwright.sync_api import expect

from .person import Person
from .situation import FIFTY, SCARCE, Case
from .task import Task


def open_order(person: Person, number: str) -> None:
    person.search(number, re.compile(f"^{number}"))
    person.sees_page(f"Order {number}")


def hold_and_release_fifty(person: Person, case: Case) -> None:
    person.search(case.bulk_buyer, re.compile("^All orders with"))
    person.sees_page("Sales orders")
    person.click(person.page.get_by_role("checkbox", name="Select all"))
    selected = person.page.get_by_role("toolbar", name="Selected rows")
    for action in ("Hold", "Release"):
        person.click(selected.get_by_role("button", name=action, exact=True))
        person.click(person.dialog.get_by_role("button", name=f"{action} {FIFTY} orders"))
        person.sees(person.dialog, f"{FIFTY} done")
        person.click(person.dialog.get_by_role("button", name="Close").last)


def resolve_parked_order(person: Person, case: Case) -> None:
    number = case.orders["parked"]
    person.search(number, re.compile(f"^Order {number}"))
    person.sees_page("Parked messages")
    person.sees(person.dialog, case.unknown_sku)
    person.click(person.dialog.get_by_role("button", name=f"Choose product for {case.unknown_sku}"))
    person.choose(person.dialog.get_by_role("combobox"), "Accu Sc", "Accu Scale")
    person.sees(person.dialog, "Releases 1 message with 1 order")
    person.click(person.dialog.get_by_role("button", name="Map and replay"))
    notice = person.page.get_by_role("alert").filter(has_text=f"{case.unknown_sku} is mapped")
    person.sees(notice, "1 message replayed.")
    person.fabrikam.order(number)


def reprocess_failed_step(person: Person, case: Case) -> None:
    number = case.orders["failed"]
    item = {"product": SCARCE, "source": "SEA", "quantity": "9000"}
    person.fabrikam.post(
        "/inventory/changes", {"mode": "change", "reason": "delivery", "items": [item]}
    )
    open_order(person, number)
    person.click(person.page.get_by_role("status", name="Verdict").get_by_role("button"))
    person.click(person.dialog.get_by_role("button", name="Reprocess 1 order"))
    person.sees(person.dialog, "1 done")
    person.click(person.dialog.get_by_role("button", name="Close").last)
    expect(person.page.get_by_role("heading", name=re.compile("^Stopped at"))).to_have_count(0)


def cancel_order(person: Person, case: Case) -> None:
    open_order(person, case.orders["to cancel"])
    person.click(person.page.get_by_role("button", name="Cancel", exact=True))
    informed = person.dialog.get_by_role("region", name="Who is informed")
    person.sees(informed, "Cancel it in the store as well")
    person.click(person.dialog.get_by_role("button", name="Cancel 1 order"))
    person.sees(person.dialog, "1 done")
    person.click(person.dialog.get_by_role("button", name="Close").last)
    person.sees(person.page.get_by_role("status", name="Verdict"), "Canceled")


def enter_order_by_hand(person: Person, case: Case) -> None:
    person.search("new order", re.compile("^New order"))
    person.sees_page("New order")
    form = person.page.get_by_role("form", name="New order")
    person.choose(form.get_by_role("combobox", name="Product"), case.sku, case.sku)
    person.write(form.get_by_role("textbox", name="Name", exact=True), f"Hand {case.name}er")
    for label, text in (
        ("Street", "1 Main Street"),
        ("City", "Redmond"),
        ("Postal code", "98052"),
    ):
        person.write(form.get_by_role("textbox", name=label, exact=True), text)

    person.click(form.get_by_role("button", name="Place order"))
    person.sees_page(re.compile(r"^Order M\d+$"))


def export_filtered_list(person: Person, case: Case) -> None:
    person.open_page("Orders", "Sales orders", "Sales orders")
    on_hold = person.page.get_by_role("button", name=re.compile("^On hold")).first
    person.click(on_hold)
    expect(on_hold).to_have_attribute("aria-pressed", "true")
    with person.page.expect_download() as download:
        person.click(person.page.get_by_role("button", name="Export"))

    assert download.value.suggested_filename.startswith("orders-")
    lines = download.value.path().read_text("utf-8-sig").splitlines()
    numbers = {line.split(",")[0] for line in lines}
    assert case.orders["waiting"] in numbers
    assert case.orders["shipped"] not in numbers


def save_view_and_return(person: Person, case: Case) -> None:
    name = f"{case.name} on hold"
    person.open_page("Orders", "Sales orders", "Sales orders")
    person.click(person.page.get_by_role("button", name=re.compile("^On hold")).first)
    person.click(person.page.get_by_role("button", name="Save view"))
    person.write_here(name)
    person.press("Enter")
    view = person.page.get_by_role("navigation", name="Saved views").get_by_role(
        "button", name=re.compile(f"^{name}")
    )
    expect(view).to_have_attribute("aria-current", "true")
    person.open_page("Inventory", "Visibility", "Inventory visibility")
    person.open_page("Orders", "Sales orders", "Sales orders")
    person.click(view)
    expect(person.page).to_have_url(re.compile("state=on_hold"))
    person.click(person.page.get_by_role("button", name=f"Delete view {name}"))
    expect(view).to_have_count(0)


ORDER_WORK = (
    Task("Hold fifty orders, and release them", 10, hold_and_release_fifty),
    Task("Resolve a parked order", 8, resolve_parked_order),
    Task("Reprocess a failed step", 6, reprocess_failed_step),
    Task("Cancel an order, and see what the store is told", 6, cancel_order),
    Task("Enter an order by hand", 16, enter_order_by_hand),
    Task("Export the filtered list", 3, export_filtered_list),
    Task("Save a view, come back to it, and delete it", 9, save_view_and_return),
)
