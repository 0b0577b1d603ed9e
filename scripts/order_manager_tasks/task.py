"""A task of an order manager, and what carries it out."""

from collections.abc import Callable
from dataclasses import dataclass

from .person import Effort, Person
from .situation import Case


@dataclass(frozen=True)
class Task:
    """A task. `most` is how many clicks, keys and entries it may need with the mouse."""

    title: str
    most: int
    carry_out: Callable[[Person, Case], None]

    def measure(self, person: Person, case: Case) -> Effort:
        """Carry the task out, starting at the home page, and return what it took."""
        person.begin()
        self.carry_out(person, case)
        return person.end()
