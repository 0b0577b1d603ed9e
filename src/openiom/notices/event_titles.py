"""Display titles of the events of notices. The composition root serves those of all packages."""

NOTICE_SENT = "order.notice_sent"
NOTICE_FAILED = "order.notice_failed"

EVENT_TITLES = {
    NOTICE_SENT: "E-mail sent to the customer",
    NOTICE_FAILED: "Sending an e-mail to the customer failed",
}
