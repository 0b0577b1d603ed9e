"""What the tour of the demo suggests, and which of its steps a user has really done."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from openiom.platform.bulk import fetch_as

CORRECT_ORDER = "correct_order"
PARKED_MAPPING = "parked_mapping"
HOLD_AND_RELEASE = "hold_and_release"
ORDER_BY_HAND = "order_by_hand"
RECEIVE_SUPPLY = "receive_supply"
CHANGE_ORDER = "change_order"
REFUND = "refund"
RETURN_ITEMS = "return_items"
STORE_INSTANCE = "fabrikam-store"

FACTS = """
SELECT EXISTS (SELECT FROM platform.configuration_document
                WHERE kind = 'mapping' AND actor = %(actor)s)
           AS parked_mapping,
       EXISTS (SELECT FROM platform.business_event failed
                 JOIN platform.business_event changed ON changed.root_id = failed.root_id
                 JOIN platform.business_event passed ON passed.root_id = failed.root_id
                WHERE failed.name = 'order.header_validation.failed'
                  AND changed.name = 'order.changed' AND changed.actor = %(actor)s
                  AND passed.name = 'order.header_validation.succeeded')
           AS correct_order,
       EXISTS (SELECT FROM platform.business_event held
                 JOIN platform.business_event released ON released.root_id = held.root_id
                WHERE held.name = 'order.hold_placed' AND held.actor = %(actor)s
                  AND released.name = 'order.hold_released' AND released.actor = %(actor)s)
           AS hold_and_release,
       EXISTS (SELECT FROM platform.business_event
                WHERE name = 'order.created' AND actor = %(actor)s)
           AS order_by_hand,
       EXISTS (SELECT FROM platform.business_event
                WHERE name = 'inventory.received' AND actor = %(actor)s)
           AS receive_supply,
       EXISTS (SELECT FROM platform.business_event
                WHERE name = 'order.changed' AND actor = %(actor)s)
           AS change_order,
       EXISTS (SELECT FROM payments.payment_fact WHERE kind = 'refund' AND actor = %(actor)s)
           AS refund,
       EXISTS (SELECT FROM returns.return_order WHERE created_by = %(actor)s)
           AS return_items,
       (SELECT id FROM orders."order"
         WHERE instance = %(store)s AND external_id = %(storefront_order)s)::text
           AS order_of_storefront,
       (SELECT order_id FROM orders.order_state
         WHERE state = 'fulfillment_in_process' ORDER BY order_id DESC LIMIT 1)::text
           AS order_in_process,
       (SELECT order_id FROM orders.order_state
         WHERE state = 'completed' ORDER BY order_id DESC LIMIT 1)::text
           AS completed_order
"""


@dataclass(frozen=True, slots=True)
class TourFacts:
    """Steps of the tour that a user has done, and orders to look at."""

    parked_mapping: bool
    correct_order: bool
    hold_and_release: bool
    order_by_hand: bool
    receive_supply: bool
    change_order: bool
    refund: bool
    return_items: bool
    order_of_storefront: str | None
    order_in_process: str | None
    completed_order: str | None

    @property
    def done(self) -> list[str]:
        """The names of the steps that were done."""
        names = (
            CORRECT_ORDER,
            PARKED_MAPPING,
            HOLD_AND_RELEASE,
            ORDER_BY_HAND,
            RECEIVE_SUPPLY,
            CHANGE_ORDER,
            REFUND,
            RETURN_ITEMS,
        )
        return [name for name in names if getattr(self, name)]


def tour_facts(session: Session, *, actor: str, storefront_order: int | None) -> TourFacts:
    """Return what `actor` has done, and the newest orders.

    `storefront_order` is the number of the newest order of the storefront.
    """
    parameters = {
        "actor": actor,
        "store": STORE_INSTANCE,
        "storefront_order": None if storefront_order is None else str(storefront_order),
    }
    [facts] = fetch_as(session, TourFacts, FACTS, parameters)
    return facts
