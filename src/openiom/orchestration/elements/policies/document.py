"""The document of a policies step."""

from typing import Literal

from pydantic import Field

from openiom.orchestration.step import DocumentPart, Port, Step


class PolicyEvents(DocumentPart):
    """Business events that a policies step raises; an empty name raises none."""

    passed: str = ""
    failed: str = ""

    def named(self) -> list[str]:
        """Return the events that are not empty."""
        return [event for event in (self.passed, self.failed) if event]


class Policies(Step):
    """Judge the subject or its children.

    The filter policy decides which records the step is for; the other policies check and set. A
    critical policy that fails ends in `failed`; the result of an informational one is only
    recorded.
    """

    optional_ports = ("failed", "skipped")

    kind: Literal["policies"]
    entity: str = Field(
        default="",
        description="Subject or one of its children, e.g. order_line; empty: the subject",
    )
    filter: str = Field(default="", description="Filter policy: records that fail it are skipped")
    policies: list[str] = Field(min_length=1, max_length=50)
    events: PolicyEvents = PolicyEvents()
    child_events: PolicyEvents = PolicyEvents()

    @property
    def policy_names(self) -> list[str]:
        """The filter, if there is one, and the other policies."""
        if self.filter:
            return [self.filter, *self.policies]
        return list(self.policies)

    @property
    def required_ports(self) -> tuple[Port, ...]:
        """`passed`."""
        return ("passed",)
