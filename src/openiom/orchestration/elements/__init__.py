"""The step kinds, one folder each.

A folder holds everything about its kind: the document schema, the compile checks, and one
implementation that runs for real and in a dry run. A new kind is one folder here, beside its test
and its line of documentation: `ELEMENTS` finds it, and the compiler, the document's union of steps,
the runtime, the dry run and the API read `ELEMENTS`.
"""

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Union

from pydantic import Field

from openiom.orchestration.element import Element
from openiom.orchestration.step import Step

__all__ = ["ELEMENTS", "AnyStep"]


def _find_elements() -> dict[str, Element]:
    """Return the `ELEMENT` of every folder by kind, in the order of their positions."""
    elements: list[Element] = []
    for folder in pkgutil.iter_modules(__path__):
        elements.append(import_module(f"{__name__}.{folder.name}").ELEMENT)

    elements.sort(key=lambda element: (element.position, element.kind))
    return {element.kind: element for element in elements}


ELEMENTS = _find_elements()

if TYPE_CHECKING:
    AnyStep = Step
else:
    AnyStep = Annotated[
        Union[tuple(element.document for element in ELEMENTS.values())],  # noqa: UP007
        Field(discriminator="kind"),
    ]
