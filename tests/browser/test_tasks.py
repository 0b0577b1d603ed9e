"""Tasks of an order manager, with the mouse and by keyboard alone, counted in clicks and keys."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from scripts.order_manager_tasks import (
    TASKS,
    Case,
    Person,
    Task,
    keyboard_case,
    mouse_case,
    prepare,
)
from scripts.order_manager_tasks.situation import set_backorders

from .conftest import Scene, Visitor, visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def cases(scene: Scene) -> Iterator[tuple[Case, Case]]:
    """The orders of the tasks: for the mouse, and for the keyboard."""
    found = mouse_case(scene.fabrikam), keyboard_case(scene.fabrikam)
    prepare(scene.fabrikam, found)
    yield found
    set_backorders(scene.fabrikam, accepted=False)


@pytest.fixture(scope="module")
def tab(chrome: Browser, scene: Scene, signed_in: Path) -> Iterator[Visitor]:
    """One tab for all tasks, as of a person who works in it all day."""
    yield from visitor(chrome, scene.fabrikam.url, signed_in)


@pytest.mark.parametrize("task", TASKS, ids=[task.title for task in TASKS])
def test_a_task_takes_few_steps(
    tab: Visitor, scene: Scene, cases: tuple[Case, Case], task: Task
) -> None:
    effort = task.measure(Person(tab.page, scene.fabrikam), cases[0])
    assert effort.steps <= task.most, effort


@pytest.mark.parametrize("task", TASKS, ids=[task.title for task in TASKS])
def test_a_task_is_carried_out_by_keyboard_alone(
    tab: Visitor, scene: Scene, cases: tuple[Case, Case], task: Task
) -> None:
    effort = task.measure(Person(tab.page, scene.fabrikam, keyboard_only=True), cases[1])
    assert effort.clicks == 0
