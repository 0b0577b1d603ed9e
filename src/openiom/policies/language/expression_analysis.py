"""What an expression reads, found in its text: the engine offers no list of dependencies."""

import re
from collections.abc import Iterable

RESERVED_WORDS = frozenset({"and", "or", "not", "in", "as", "true", "false", "null"})
_CONSTANT_WORDS = frozenset({"true", "false", "null"})
_STRING = re.compile(r"'[^']*'|\"[^\"]*\"")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PATH = re.compile(r"(?<![\w.$#\]])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d+\])*(?!\w)(?!\s*\()")
_READS_CONTEXT = re.compile(r"[`#$]")


def needed_roots(texts: Iterable[str]) -> frozenset[str] | None:
    """Return names among which every top-level field read by these expressions is found.

    None when they may read all: only `$root` can reach a field without naming it. The result is a
    superset on purpose, because words inside strings count too: passing a field too many costs
    microseconds, passing one too few gives a wrong result.
    """
    names: set[str] = set()
    for text in texts:
        if "$root" in text:
            return None

        names.update(_WORD.findall(text))

    return frozenset(names)


def paths_read(text: str) -> list[str]:
    """Return the paths an expression reads, each once, in order: `ship_to.city`, `lines[0].sku`."""
    bare = _STRING.sub("''", text)
    paths: dict[str, None] = {}
    for match in _PATH.finditer(bare):
        if match.group() not in RESERVED_WORDS:
            paths[match.group()] = None
    return list(paths)


def is_constant(text: str) -> bool:
    """Return whether the expression reads nothing: a literal, or arithmetic on literals."""
    if _READS_CONTEXT.search(text):
        return False
    return _CONSTANT_WORDS.issuperset(_WORD.findall(_STRING.sub("''", text)))


def members_read(text: str, name: str) -> frozenset[str] | None:
    """Return the members of `name` that the expression reads: `item.sku` reads sku.

    None when it reads `name` as a whole, or `#`, which is the element of a list without a name.
    """
    if "#" in text:
        return None

    reads = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)(?:\.(?P<member>[A-Za-z_]\w*))?")
    members = set()
    for match in reads.finditer(text):
        members.add(match["member"])

    if None in members:
        return None

    return frozenset(members)


def union_of_names(parts: Iterable[frozenset[str] | None]) -> frozenset[str] | None:
    """Return all names of the parts; None, which means every name, when one part is None."""
    names: set[str] = set()
    for part in parts:
        if part is None:
            return None
        names |= part
    return frozenset(names)
