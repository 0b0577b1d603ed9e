"""Print what each task took: `python -m scripts.order_manager_tasks`."""

import sys

from playwright.sync_api import Browser, sync_playwright
from rich.console import Console
from rich.table import Table

from scripts.fabrikam import EMAIL, FLAGS, PASSWORD, Fabrikam, chromium, running_demo

from . import TASKS, Case, Effort, Person, keyboard_case, mouse_case, prepare


def measure_all(
    browser: Browser, fabrikam: Fabrikam, case: Case, *, keyboard_only: bool
) -> list[Effort]:
    """Carry all tasks out in one tab, and return what each took."""
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, reduced_motion="reduce", accept_downloads=True
    )
    context.request.post(
        f"{fabrikam.url}/api/v1/session", data={"email": EMAIL, "password": PASSWORD}
    )
    person = Person(context.new_page(), fabrikam, keyboard_only=keyboard_only)
    efforts = [task.measure(person, case) for task in TASKS]
    context.close()
    return efforts


def table_of(with_mouse: list[Effort], by_keyboard: list[Effort]) -> Table:
    """Return the table of what the tasks took."""
    table = Table("Task", title=f"{len(TASKS)} tasks of an order manager")
    for heading in ("Clicks", "Keys", "Entries", "Most", "Seconds", "Keyboard: keys", "Seconds"):
        table.add_column(heading, justify="right")

    for task, mouse, keyboard in zip(TASKS, with_mouse, by_keyboard, strict=True):
        table.add_row(
            task.title,
            str(mouse.clicks),
            str(mouse.keys),
            str(mouse.entries),
            str(task.most),
            f"{mouse.seconds:.1f}",
            str(keyboard.keys),
            f"{keyboard.seconds:.1f}",
        )

    return table


def main() -> int:
    if chromium() is None:
        sys.stderr.write("no Chromium: install it or set OPENIOM_CHROMIUM\n")
        return 2

    with running_demo() as fabrikam, sync_playwright() as playwright:
        cases = (mouse_case(fabrikam), keyboard_case(fabrikam))
        prepare(fabrikam, cases)
        browser = playwright.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        with_mouse = measure_all(browser, fabrikam, cases[0], keyboard_only=False)
        by_keyboard = measure_all(browser, fabrikam, cases[1], keyboard_only=True)
        browser.close()

    Console().print(table_of(with_mouse, by_keyboard))
    too_many = [
        task.title
        for task, effort in zip(TASKS, with_mouse, strict=True)
        if effort.steps > task.most
    ]
    for title in too_many:
        sys.stderr.write(f"needs more clicks, keys and entries than it may: {title}\n")

    return 1 if too_many else 0


if __name__ == "__main__":
    sys.exit(main())
