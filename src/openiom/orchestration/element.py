"""What a step kind registers: its document, its compile checks and its executable form."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from openiom.kernel import Problem

from .checks import CheckScope
from .context import ExecutableStep, StepContext
from .step import Step


def no_problems(step: Any, scope: CheckScope) -> Iterator[Problem]:
    """Check nothing: the document's schema is all there is to check."""
    return iter(())


def nothing_due(context: StepContext) -> bool:
    """Continue nothing after a batch."""
    return False


@dataclass(frozen=True)
class Element:
    """A step kind.

    kind         its name in flow documents
    title        its name for people
    position     its place in lists of step kinds, lowest first
    document     the schema of its steps; its docstring describes the kind
    compile      (step) -> the step ready to run
    check        (step, scope) -> problems that only the rest of the configuration reveals
    references   document kind -> paths within a step at which names of such documents are
    after_batch  (context) -> whether tokens of the batch can continue after all others have stopped
    """

    kind: str
    title: str
    position: int
    document: type[Step]
    compile: Callable[[Any], ExecutableStep]
    check: Callable[[Any, CheckScope], Iterator[Problem]] = no_problems
    references: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    after_batch: Callable[[StepContext], bool] = nothing_due

    @property
    def description(self) -> str:
        """What the step does, for people."""
        return " ".join((self.document.__doc__ or "").split())

    def properties(self) -> dict[str, Any]:
        """Return the JSON schema of what a user configures for such a step."""
        return self.document.model_json_schema()
