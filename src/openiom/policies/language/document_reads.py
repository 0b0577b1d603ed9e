"""What the expressions of a transformation document read, so that little is passed to the engine.

Passing a message to the engine is most of its cost.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator

from .expression_analysis import members_read, needed_roots, union_of_names
from .mapping_document import EachRule, KeyRule, TransformationDocument


def key_rules(document: TransformationDocument) -> Iterator[tuple[str, KeyRule]]:
    """Yield every lookup of a document with its mapping table."""
    for table, rules in document.keys.items():
        for rule in rules:
            yield table, rule


def all_expressions(document: TransformationDocument) -> Iterator[str]:
    """Yield the text of every expression of a document."""
    yield from _expressions_outside_over(document)
    yield from _overs(document)


def read_list_members(
    document: TransformationDocument, roots: frozenset[str] | None
) -> dict[str, frozenset[str]]:
    """Return the source lists of which only some members are read, with those members.

    `roots` are the names the document reads, None for all. A list qualifies when it is named in
    `over` and nowhere else, and its element is never read as a whole.
    """
    if roots is None:
        return {}

    named_elsewhere = _names_outside_over(document)
    found = {}
    for over, parts in _reads_by_list(document).items():
        members = union_of_names(parts)
        if members is not None and _is_name(over, named_elsewhere):
            found[over] = members

    return found


def _is_name(over: str, named_elsewhere: Collection[str]) -> bool:
    """Return whether a list is a field of the message that nothing else names."""
    return over.isidentifier() and over not in named_elsewhere


def _reads_by_list(document: TransformationDocument) -> dict[str, list[frozenset[str] | None]]:
    reads: dict[str, list[frozenset[str] | None]] = defaultdict(list)
    for over, members in _element_reads(document):
        reads[over].append(members)
    return reads


def _element_reads(document: TransformationDocument) -> Iterator[tuple[str, frozenset[str] | None]]:
    """Yield the `over` of each list with what one expression reads of its elements."""
    for group in document.each:
        for text in _group_expressions(group):
            yield group.over, members_read(text, group.named)
    for _, rule in key_rules(document):
        if rule.over is not None:
            yield rule.over, members_read(rule.value, rule.named)


def _names_outside_over(document: TransformationDocument) -> frozenset[str]:
    """Return the names that are read anywhere but as the whole `over` of a list."""
    texts = list(_expressions_outside_over(document))
    for over in _overs(document):
        if not over.isidentifier():
            texts.append(over)
    return needed_roots(texts) or frozenset()


def _expressions_outside_over(document: TransformationDocument) -> Iterator[str]:
    for rule in document.fields:
        yield rule.expression
    for group in document.each:
        yield from _group_expressions(group)
    for _, key in key_rules(document):
        yield key.value


def _overs(document: TransformationDocument) -> Iterator[str]:
    for group in document.each:
        yield group.over
    for _, key in key_rules(document):
        if key.over is not None:
            yield key.over


def _group_expressions(group: EachRule) -> Iterator[str]:
    """Yield the expressions within a list's elements."""
    for rule in group.fields:
        yield rule.expression
    for inner in group.each:
        yield inner.over
        yield from _group_expressions(inner)
