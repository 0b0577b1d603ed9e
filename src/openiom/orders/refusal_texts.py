"""Refusals of manual actions in the words of the people who request them.

A text has no quantity and no number of a document: a report of many orders groups equal texts.
"""

from openiom.kernel import TransitionRefused

from .states import CANCEL, CANCELED, COMPLETED, HOLD, RELEASE_HOLD

ON_HOLD_ALREADY = "the order is already on manual hold"
IN_FULFILLMENT_ORDER = "units of the order are in a fulfillment order; recall it first"
SHIPPED = "units of the order have shipped; cancel the rest of its lines"
_ACTIONS = {HOLD: "put on hold", RELEASE_HOLD: "released", CANCEL: "canceled"}


def refusal_text(event: str, state: str, refused: TransitionRefused) -> str:
    """Return why a transition was refused; of events that no person requests, the exact error."""
    action = _ACTIONS.get(event)
    if action is None:
        return str(refused)
    if state in (COMPLETED, CANCELED):
        return f"the order is {state}"
    return f"the order cannot be {action} while it is {state.replace('_', ' ')}"
