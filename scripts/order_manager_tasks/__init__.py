"""What an order manager does every day, as scripts that count clicks, keys and seconds.

`python -m scripts.order_manager_tasks` carries the tasks out against a running demo, with the mouse
and by keyboard alone, and prints what they took. `tests/browser/test_tasks.py` fails when a task
needs more clicks, keys and entries than it may, or does not reach its end.
"""

from .configuration import CONFIGURATION
from .order_work import ORDER_WORK
from .person import Effort, Person
from .searches import SEARCHES
from .situation import Case, keyboard_case, mouse_case, prepare
from .task import Task

TASKS = (*SEARCHES, *ORDER_WORK, *CONFIGURATION)

__all__ = ["TASKS", "Case", "Effort", "Person", "Task", "keyboard_case", "mouse_case", "prepare"]
