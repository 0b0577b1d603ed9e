"""The people whom a note can mention: the active users, by their e-mail addresses."""

import re
from collections.abc import Sequence

from sqlalchemy.orm import Session

from openiom.administration import Person, active_people

_MENTION = re.compile(r"@([^\s@,;:()<>\[\]]+@[^\s@,;:()<>\[\]]*[^\s@,;:()<>\[\].!?])")
"""An e-mail address after an at sign: `Please look, @ana@example.com.`"""


def mentioned_addresses(text: str) -> list[str]:
    """Return the e-mail addresses that a text mentions, in lower case, each once."""
    addresses = [address.lower() for address in _MENTION.findall(text)]
    return list(dict.fromkeys(addresses))


def mentioned_people(session: Session, text: str) -> Sequence[Person]:
    """Return the active users whom a text mentions; other addresses are plain text."""
    addresses = mentioned_addresses(text)
    return active_people(session, addresses) if addresses else ()
