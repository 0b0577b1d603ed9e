"""What an expression reads, found in its text: the engine offers no list of dependencies."""

import re

_STRING = re.compile(r"'[^']*'|\"[^\"]*\"")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PATH = re.compile(r"(?<![\w.$#\]])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d+\])*(?!\w)(?!\s*\()")
_RESERVED = frozenset({"and", "or", "not", "in", "as", "true", "false", "null"})


def needed_roots(texts: list[str]) -> frozenset[str] | None:
    """
    Names among which every top-level field read by these expressions is found; None when they may read all.

    A superset on purpose: words inside strings count too, because handing over a field too many costs
    microseconds and one too few costs the answer. Only `$root` can reach a field without naming it.
    """
    if any("$root" in text for text in texts):
        return None
    return frozenset(word for text in texts for word in _WORD.findall(text))


def reads(text: str) -> list[str]:
    """Paths the expression reads, in order of appearance, each once (`ship_to.city`, `lines[0].sku`)."""
    bare = _STRING.sub("''", text)
    found = (match.group() for match in _PATH.finditer(bare))
    return list(dict.fromkeys(path for path in found if path not in _RESERVED))


def is_constant(text: str) -> bool:
    """Whether the expression reads nothing: a literal or arithmetic on literals."""
    words = _WORD.findall(_STRING.sub("''", text))
    return (
        "`" not in text
        and "#" not in text
        and "$" not in text
        and set(words) <= {"true", "false", "null"}
    )


def only_members(text: str, name: str) -> frozenset[str] | None:
    """Members of `name` the expression takes (`item.sku` takes sku); None when it takes `name` as a whole."""
    if "#" in text:
        return None
    members = set()
    for match in re.finditer(rf"(?<!\w){re.escape(name)}(?!\w)(\.([A-Za-z_]\w*))?", text):
        if match.group(2) is None:
            return None
        members.add(match.group(2))
    return frozenset(members)
