"""Provider action: request something from a provider instance and wait for the result."""

from openiom.orchestration.element import Element

from .checks import check
from .document import ProviderActionStep, Retry
from .execution import ExecutableProviderAction, compile_provider_action

__all__ = ["ELEMENT", "ExecutableProviderAction", "ProviderActionStep", "Retry"]

ELEMENT = Element(
    kind="provider_action",
    title="Provider action",
    position=80,
    document=ProviderActionStep,
    compile=compile_provider_action,
    check=check,
    references={"provider_instance": ("instance",)},
)
