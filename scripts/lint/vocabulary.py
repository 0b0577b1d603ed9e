"""Words that the lint refuses, each with the words to use instead.

Identifiers are stricter than prose: `asked_lines` is refused, "the lines asked for" is not. Add a
word here when a review has replaced it twice.
"""

# Words of an identifier: functions, classes, modules, parameters, attributes, tables, columns.
WORDS: dict[str, str] = {
    "told": "published, notified or sent",
    "tell": "publish, notify or send",
    "tells": "publishes, notifies or sends",
    "ask": "request or query",
    "asks": "requests or queries",
    "asked": "requested",
    "asker": "requester or principal",
    "askers": "requesters or principals",
    "stand": "state or be",
    "stands": "state or is",
    "standing": "state",
    "settled": "done, decided or completed",
    "taken": "accepted, used or processed",
    "held": "on_hold, reserved or locked",
    "gone": "removed, finished or expired",
    "again": "retry or repeat",
    "anew": "rebuild or recompute",
    "whoever": "the component it is",
    "nobody": "anonymous or empty",
    "somebody": "user, client or worker",
    "room": "package, or capacity",
    "rooms": "packages",
    "door": "api",
    "doors": "apis",
    "house": "repository or codebase",
    "houses": "repositories",
    "desk": "port or gateway",
    "desks": "ports or gateways",
    "roof": "composition_root or app",
}

# Words that begin the name of a function.
FUNCTION_PREFIXES: dict[str, str] = {
    "put": "insert, upsert, replace, add or write",
    "take": "apply, accept, claim or read",
}

# Words joined by underscores that mean something else than their parts.
COMPOUNDS: dict[str, str] = {
    "let_go": "release or delete",
    "give_back": "release",
    "gives_back": "releases",
    "for_good": "permanently",
}

# Terms of the trade that contain a refused word.
ALLOWED_COMPOUNDS = ("house_number", "clearing_house", "door_to_door")

# Phrases of docstrings, comments and names of tests: a pattern, and what to write instead.
PHRASES: dict[str, str] = {
    r"whoever": "the component, user or client it is",
    r"whatever\s+(?:comes|came|stands)": "the thing it is",
    r"nobody": "no client, no user or none",
    r"somebody": "a user, a client or another worker",
    r"anew": "again, from the start or recomputed",
    r"for\s+good(?!\s+reasons?)": "permanently",
    r"(?:let|lets|letting)\s+go": "release or delete",
    r"stands(?!\s+for\b)": "is, or names the state",
    r"stood": "was",
    r"askers?": "requester, caller or principal",
    r"(?:is|are|was|were|be|been)\s+told": "is notified, receives or is sent",
    r"(?:settled|decided)\s+on\s+paper": "pure, decided without I/O",
    r"held\s+(?:order|line)s?": "order on hold",
    r"(?:orders?|lines?)\s+(?:is|are|was|were|be|stays?)\s+held": "is on hold",
    r"(?:this|another|other|each|every|which|the|a|its|own|one|lower)\s+room": "package",
    r"rooms": "packages",
    r"front\s+doors?": "public API",
    r"(?:this|the)\s+house": "this repository",
    r"house\s+rules?": "repository rules or lint",
    r"(?:this|the)\s+desk": "the port, gateway or provider contract",
    r"roof": "composition root",
    r"storeys?": "layer",
}

# Nouns of the trade that end in -ing, as the last word of a module name.
NOUNS_IN_ING = {
    "billing",
    "forecasting",
    "geocoding",
    "logging",
    "mapping",
    "packing",
    "picking",
    "planning",
    "posting",
    "pricing",
    "routing",
    "setting",
    "shipping",
    "sourcing",
    "string",
    "testing",
    "timing",
    "tracking",
}

# Module and package names without a subject.
VAGUE_MODULES = {"utils", "util", "common", "helpers", "helper", "misc"}
