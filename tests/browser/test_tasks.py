"""Tasks of an order manager, with the mouse and by keyboard alone, counted in clicks and keys."""

from collections.abc import Iterator

import pytest
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

from .conftest import Scene, Visitor

pytestmark = pytest.mark.browser

MOST_MISTAKES = 1
"""Errors that a task logs on purpose: a credential that is refused."""


@pytest.fixture(scope="module")
def cases(scene: Scene) -> Iterator[tuple[Case, Case]]:
    """The orders of the tasks: for the mouse, and for the keyboard."""
    found = mouse_case(scene.fabrikam), keyboard_case(scene.fabrikam)
    prepare(scene.fabrikam, found)
    yield found
    set_backorders(scene.fabrikam, taken=False)


@pytest.mark.parametrize("task", TASKS, ids=[task.title for task in TASKS])
def test_a_task_takes_few_steps(
    manager: Visitor, scene: Scene, cases: tuple[Case, Case], task: Task
) -> None:
    person = Person(manager.page, scene.fabrikam)
    effort = task.measure(person, cases[0])
    assert effort.steps <= task.most, effort


@pytest.mark.parametrize("task", TASKS, ids=[task.title for task in TASKS])
def test_a_task_is_carried_out_by_keyboard_alone(
    manager: Visitor, scene: Scene, cases: tuple[Case, Case], task: Task
) -> None:
    person = Person(manager.page, scene.fabrikam, keyboard_only=True)
    effort = task.measure(person, cases[1])
    assert effort.clicks == 0
