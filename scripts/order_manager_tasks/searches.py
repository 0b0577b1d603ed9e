"""Tasks that find an order and answer what a caller asks."""

import re

from playwright.sync_api import expect

from .person import Person
from .situation import DAYS_LATE, Case
from .task import Task


def find_by_part_of_number(person: Person, case: Case) -> None:
    number = case.orders["shipped"]
    person.search(number[1:], re.compile(rf"^{number}\b"))
    person.sees_page(f"Order {number}")


def find_by_last_name(person: Person, case: Case) -> None:
    person.search(f"{case.name}son", re.compile(case.buyer))
    person.sees_page(f"Order {case.orders['shipped']}")


def find_by_email(person: Person, case: Case) -> None:
    person.search(case.email, re.compile(case.email))
    person.sees_page(f"Order {case.orders['shipped']}")


def find_by_sku(person: Person, case: Case) -> None:
    person.search(case.sku, re.compile(f"^Orders with {case.sku}"))
    person.sees_page("Sales orders")
    expect(person.page.get_by_role("link", name=case.orders["shipped"], exact=True)).to_be_visible()


def find_by_tracking_number(person: Person, case: Case) -> None:
    person.search(case.tracking_number, re.compile(case.tracking_number))
    person.sees_page(re.compile("^FO-"))
    person.click(person.page.get_by_role("link", name=re.compile(case.orders["shipped"])).first)
    person.sees_page(f"Order {case.orders['shipped']}")


def find_by_city(person: Person, case: Case) -> None:
    person.search(case.town, re.compile(case.town))
    person.sees_page(f"Order {case.orders['shipped']}")


def find_why_late(person: Person, case: Case) -> None:
    person.click(person.page.get_by_role("link", name="View late orders"))
    person.sees_page("Sales orders")
    number = case.orders["late"]
    person.click(person.page.get_by_role("link", name=number, exact=True))
    person.sees_page(f"Order {number}")
    verdict = person.page.get_by_role("status", name="Verdict")
    person.sees(verdict, f"{DAYS_LATE} days late")
    person.sees(verdict, "Waiting for stock of")


def find_why_waiting(person: Person, case: Case) -> None:
    person.search(case.orders["waiting"], re.compile(f"^{case.orders['waiting']}"))
    verdict = person.page.get_by_role("status", name="Verdict")
    person.sees(verdict, "Waiting for stock of")
    person.click(verdict.get_by_role("link", name="Open waiting line"))
    person.sees_page("Waiting lines")
    person.sees(person.dialog, re.compile("Needs 8,?000 from one source"))


def see_sourcing_difference(person: Person, case: Case) -> None:
    person.search(case.orders["shipped"], re.compile(f"^{case.orders['shipped']}"))
    person.sees_page(f"Order {case.orders['shipped']}")
    person.click(person.page.locator("summary", has_text="Sourcing decision"))
    expect(person.page.get_by_text(re.compile(r"^[\d.,]+ \S+ more$")).first).to_be_visible()


SEARCHES = (
    Task("Find an order by a part of its number", 3, find_by_part_of_number),
    Task("Find an order by a last name", 3, find_by_last_name),
    Task("Find an order by an e-mail address", 3, find_by_email),
    Task("Find the orders of a SKU", 3, find_by_sku),
    Task("Find an order by a tracking number", 4, find_by_tracking_number),
    Task("Find an order by a city", 3, find_by_city),
    Task("Find out why an order is late", 2, find_why_late),
    Task("Find out why an order waits", 4, find_why_waiting),
    Task("See what another source would have cost", 4, see_sourcing_difference),
)
