"""Which verbs a person may use on an order now, and if not, why."""

from .schemas import Permit, Permits
from .states import CANCEL, CANCELED, COMPLETED, HOLD, OPEN, ORDER_TABLE


def permits(state: str, *, held: bool, released: int) -> Permits:
    """Hold, release and cancel, each allowed or with the reason why it is not."""
    return Permits(
        hold=_answer(HOLD, state, "is on hold by hand already" if held else ""),
        release=Permit(allowed=held, why="" if held else "the order is not held by hand"),
        cancel=_answer(
            CANCEL, state, f"{released} units are in a fulfillment order" if released else ""
        ),
    )


def _answer(event: str, state: str, why: str) -> Permit:
    if state in (COMPLETED, CANCELED):
        why = f"the order is {state}"
    elif state not in OPEN or ORDER_TABLE.row(event, state) is None:
        why = "the order is in fulfillment; cancel its fulfillment orders first"
    return Permit(allowed=not why, why=why)
