"""
The step kinds, one folder each.

A folder holds everything about its kind: the document schema, the compile checks, and one
implementation that runs for real and in a dry run. `ELEMENTS` is the only list of them: the
compiler, the document's union of steps, the runtime, the dry run and the API read it.
"""

from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field

from openiom.orchestration.element import Element
from openiom.orchestration.step import Step

from . import (
    action,
    condition,
    delay,
    end,
    merge,
    policies,
    provider_action,
    splitter,
    start,
    wait,
)

__all__ = ["ELEMENTS", "AnyStep"]

ELEMENTS: dict[str, Element] = {
    element.kind: element
    for element in (
        start.ELEMENT,
        end.ELEMENT,
        policies.ELEMENT,
        condition.ELEMENT,
        splitter.ELEMENT,
        merge.ELEMENT,
        action.ELEMENT,
        provider_action.ELEMENT,
        wait.ELEMENT,
        delay.ELEMENT,
    )
}

if TYPE_CHECKING:
    AnyStep = Step
else:
    AnyStep = Annotated[
        Union[tuple(element.document for element in ELEMENTS.values())],  # noqa: UP007
        Field(discriminator="kind"),
    ]
