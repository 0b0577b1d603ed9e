"""A user of the browser, whose clicks, keys and entries are counted."""

import re
from dataclasses import dataclass, field
from time import monotonic

from playwright.sync_api import Locator, Page, expect

from scripts.fabrikam import Fabrikam

PATIENCE_MS = 30_000
"""How long a page or an answer may take on a loaded machine; what it took is measured."""
GLANCE_MS = 200
"""How long a person looks at a list of options before choosing one."""
MOST_TABS = 150
"""Most times that Tab is pressed to reach a control."""
IS_FOCUSED = "target => target === document.activeElement"
IS_BEHIND = """target => {
  const before = target.compareDocumentPosition(document.activeElement);
  return document.activeElement === document.body
    || (before & Node.DOCUMENT_POSITION_PRECEDING) !== 0;
}"""
"""Whether a control comes after the focused one."""


@dataclass
class Effort:
    """What a task took. An entry is one text that is typed into a field."""

    clicks: int = 0
    keys: int = 0
    entries: int = 0
    seconds: float = 0.0

    @property
    def steps(self) -> int:
        """The number of things that the user did."""
        return self.clicks + self.keys + self.entries


@dataclass
class Person:
    """A signed-in user with the home page open, who uses the mouse, or the keyboard alone."""

    page: Page
    fabrikam: Fabrikam
    keyboard_only: bool = False
    effort: Effort = field(default_factory=Effort)
    started: float = field(default_factory=monotonic)

    def begin(self) -> None:
        """Open the home page, and count from here."""
        home = self.page.get_by_role("link", name="OpenIOM, start page")
        if not home.is_visible() or self.dialog.is_visible():
            self.page.goto(self.fabrikam.url)
        elif self.keyboard_only:
            self.search("Home", re.compile("^Home"))
        else:
            home.click()

        self.sees_page("Home")
        self.effort = Effort()
        self.started = monotonic()

    def end(self) -> Effort:
        """Return what it took since the beginning."""
        self.effort.seconds = monotonic() - self.started
        return self.effort

    def sees_page(self, title: str | re.Pattern[str]) -> None:
        """Wait until a page with this heading is complete."""
        heading = self.page.get_by_role("heading", level=1, name=title, exact=True)
        expect(heading).to_be_visible(timeout=PATIENCE_MS)
        expect(self.page.locator("[aria-busy=true]")).to_have_count(0, timeout=PATIENCE_MS)

    def sees(self, shown: Locator, text: str | re.Pattern[str]) -> None:
        """Wait until this is shown with the text."""
        expect(shown).to_contain_text(text, timeout=PATIENCE_MS)

    @property
    def dialog(self) -> Locator:
        """The dialog or drawer that is open."""
        return self.page.get_by_role("dialog").last

    def button(self, name: str | re.Pattern[str]) -> Locator:
        """Return a button of the page, or of the dialog that is open."""
        return self.page.get_by_role("button", name=name, exact=True)

    def click(self, control: Locator) -> None:
        """Press a button, follow a link or check a box."""
        if not self.keyboard_only:
            control.click()
            self.effort.clicks += 1
            return

        self.move_to(control)
        is_box = control.evaluate("target => target.type === 'checkbox'")
        self.press("Space" if is_box else "Enter")

    def press(self, key: str) -> None:
        """Press a key."""
        self.page.keyboard.press(key)
        self.effort.keys += 1

    def write(self, box: Locator, text: str) -> None:
        """Replace the text of a field."""
        if self.keyboard_only:
            self.move_to(box)
        else:
            box.click()
            self.effort.clicks += 1

        self.write_here(text)

    def write_here(self, text: str) -> None:
        """Replace the text of the field that has the focus."""
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(text)
        self.effort.entries += 1

    def choose(self, box: Locator, text: str, option: str) -> None:
        """Choose an option of a list that is searched for a text."""
        self.write(box, text)
        found = self.page.locator(".ant-select-dropdown:visible .ant-select-item-option")
        expect(found.filter(has_text=option).first).to_be_visible(timeout=PATIENCE_MS)
        if not self.keyboard_only:
            self.click(found.filter(has_text=option).first)
            return

        active = self.page.locator(
            ".ant-select-dropdown:visible .ant-select-item-option-active", has_text=option
        )
        self.page.wait_for_timeout(GLANCE_MS)
        for _ in range(10):
            if active.count():
                break

            self.press("ArrowDown")

        self.press("Enter")

    def move_to(self, control: Locator) -> None:
        """Press Tab, or Shift and Tab, until a control has the focus."""
        expect(control).to_be_visible()
        element = control.element_handle()
        assert element is not None
        key = "Tab" if element.evaluate(IS_BEHIND) else "Shift+Tab"

        for _ in range(MOST_TABS):
            if element.evaluate(IS_FOCUSED):
                return

            self.press(key)

        raise AssertionError(f"{control} cannot be reached with the Tab key")

    def search(self, text: str, found: str | re.Pattern[str]) -> None:
        """Find something with the search at the top of every page, and open it."""
        if self.keyboard_only:
            self.press("Control+k")
        else:
            self.click(self.page.get_by_role("button", name=re.compile("^Search or run")))

        expect(self.page.get_by_role("combobox", name=re.compile("^Find a record"))).to_be_focused()
        self.write_here(text)
        option = self.page.get_by_role("option", name=found).first
        expect(option).to_be_visible(timeout=PATIENCE_MS)
        if not self.keyboard_only:
            self.click(option)
            return

        for _ in range(20):
            if option.get_attribute("aria-selected") == "true":
                break

            self.press("ArrowDown")

        self.press("Enter")

    def open_page(self, area: str, entry: str, title: str) -> None:
        """Open a page: with the navigation, or by its name with the keyboard."""
        if self.keyboard_only:
            self.search(title, re.compile(rf"^{entry}\b"))
            self.sees_page(title)
            return

        navigation = self.page.get_by_role("navigation", name="Areas")
        heading = navigation.get_by_role("button", name=re.compile(rf"^{area}\b"))
        if heading.get_attribute("aria-expanded") == "false":
            self.click(heading)

        self.click(navigation.get_by_role("link", name=re.compile(rf"^{entry}\b")))
        self.sees_page(title)
