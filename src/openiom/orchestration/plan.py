"""The execution plan of a flow version."""

from pydantic import BaseModel


class Plan(BaseModel, frozen=True):
    """What execution needs beyond the document; stored with the version.

    order      steps reachable from the start, each before its successors
    segments   sequences of steps that a token passes in one batch
    joins      merge -> splitters whose branches meet there
    before     merge -> steps from which a token can still arrive there
    revisited  steps that one flow run can enter more than once
    """

    start: str
    order: list[str]
    segments: list[list[str]]
    joins: dict[str, list[str]]
    before: dict[str, list[str]]
    revisited: list[str]
