"""Tasks that change providers, mappings, flows and users."""

import re

from playwright.sync_api import expect

from .person import Person
from .situation import Case
from .task import Task

FLOW = "Recall from the 3PL"
STORE, WAREHOUSE = "Fabrikam online store", "Fabrikam 3PL"


def open_mapping(person: Person, value: str) -> None:
    person.open_page("Providers", "Mappings", "Mappings")
    search = person.page.get_by_role("textbox", name="External or internal value")
    person.write(search, value)
    expect(person.page.locator("tbody .ant-table-row")).to_have_count(1)


def change_mapping_and_undo(person: Person, case: Case) -> None:
    open_mapping(person, case.unknown_sku)
    person.click(person.page.get_by_role("button", name=f"Edit mapping of {case.unknown_sku}"))
    internal = person.dialog.get_by_role("combobox", name="Internal value")
    person.choose(internal, "Barista", "Barista Home")
    person.click(person.dialog.get_by_role("button", name="Save mapping"))
    notice = person.page.get_by_role("alert").filter(has_text="mapped to Barista Home")
    person.click(notice.get_by_role("button", name="Undo"))
    person.sees(person.page.locator("tbody .ant-table-row"), "Accu Scale")


def delete_mapping(person: Person, case: Case) -> None:
    open_mapping(person, case.unknown_sku)
    person.click(person.page.get_by_role("button", name=f"Delete mapping of {case.unknown_sku}"))
    person.click(person.dialog.get_by_role("button", name="Delete mapping"))
    expect(person.page.locator("tbody .ant-table-row")).to_have_count(0)
    assert person.fabrikam.get("/mappings", search=case.unknown_sku)["items"] == []


def open_provider(person: Person, title: str) -> None:
    person.open_page("Providers", "Installed", "Installed providers")
    person.click(person.page.locator(".provider").get_by_role("link", name=title, exact=True))
    person.sees_page(title)


def notice_and_end_outage(person: Person, case: Case) -> None:
    fabrikam = person.fabrikam
    fabrikam.warehouse.post("/_sim/faults", json={"kind": "server_error"})
    fabrikam.post("/provider-instances/fabrikam-3pl/probe", {})
    banner = person.page.get_by_role("alert", name="Providers that are down")
    person.sees(banner, f"{WAREHOUSE} is down")
    person.click(banner.get_by_role("link", name=re.compile("connection", re.IGNORECASE)))
    person.sees_page(WAREHOUSE)
    connection = person.page.get_by_role("main")
    person.sees(connection, "status 500")
    fabrikam.warehouse.delete("/_sim/faults")
    person.click(person.page.get_by_role("button", name="Test connection"))
    expect(banner).to_have_count(0)


def change_credential(person: Person, case: Case) -> None:
    open_provider(person, STORE)
    token = str(person.fabrikam.store.headers["x-auth-token"])
    box = person.page.get_by_label("Access token")
    person.write(box, "no-longer-valid")
    person.click(person.page.get_by_role("button", name="Save and test"))
    person.sees(person.page.get_by_role("main"), "401")
    person.write(box, token)
    person.click(person.page.get_by_role("button", name="Save and test"))
    person.sees(person.page.get_by_role("alert").last, "Saved. Connected")


def pause_and_resume_flow(person: Person, case: Case) -> None:
    person.open_page("Orchestration", "Flows", "Flows")
    person.click(person.page.get_by_role("button", name="Pause Fabrikam orders"))
    person.click(person.dialog.get_by_role("button", name="Pause flow"))
    person.click(person.page.get_by_role("button", name="Resume Fabrikam orders"))
    expect(person.page.get_by_role("button", name="Pause Fabrikam orders")).to_be_visible()


def pause_and_resume_provider(person: Person, case: Case) -> None:
    open_provider(person, WAREHOUSE)
    person.click(person.page.get_by_role("button", name="Pause", exact=True))
    person.sees(person.page.get_by_role("note").first, "Nothing is lost")
    person.click(person.page.get_by_role("button", name="Resume", exact=True))
    expect(person.page.get_by_role("button", name="Pause", exact=True)).to_be_visible()


def create_user_and_token(person: Person, case: Case) -> None:
    person.open_page("Settings", "Users", "Users")
    person.click(person.page.get_by_role("button", name="New user").first)
    name = f"Nora {case.name}"
    for label, text in (
        ("Name", name),
        ("E-mail", f"{case.name}@example.com".lower()),
        ("Password", "a-long-password"),
    ):
        person.write(person.dialog.get_by_label(label, exact=True), text)

    person.choose(person.dialog.get_by_role("combobox", name="Roles"), "viewer", "Viewer")
    person.click(person.dialog.get_by_role("button", name="Create user"))
    expect(person.page.get_by_role("button", name=name, exact=True)).to_be_visible()

    person.open_page("Settings", "API tokens", "API tokens")
    person.click(person.page.get_by_role("button", name="New token").first)
    person.write(person.dialog.get_by_label("Name", exact=True), f"{case.name}-export".lower())
    person.choose(person.dialog.get_by_role("combobox", name="Roles"), "viewer", "Viewer")
    person.press("Tab")  # Leaves the list, which stays open for further choices.
    person.click(person.dialog.get_by_role("button", name="Create token"))
    expect(person.dialog.get_by_role("textbox", name="Token")).to_have_value(re.compile(".{20}"))
    person.click(person.dialog.get_by_role("button", name="I have stored it"))


CONFIGURATION = (
    Task("Change a mapping, and undo it", 10, change_mapping_and_undo),
    Task("Delete a mapping", 6, delete_mapping),
    Task("Notice that the 3PL is down, and test it once it is mended", 2, notice_and_end_outage),
    Task("Change a credential, and test it", 9, change_credential),
    Task("Pause a flow, and resume it", 5, pause_and_resume_flow),
    Task("Pause a provider, and resume it", 5, pause_and_resume_provider),
    Task("Create a user with a role, and an API token", 24, create_user_and_token),
)
