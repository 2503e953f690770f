"""Finding one's way inside a tool's schema: what may stand in an argument, in its members and in its elements.

A place is a JSON pointer as a tuple, from the root of the parameters' schema. `$ref`, `allOf`, `anyOf` and `oneOf` are
followed, so that one value may have several places, any of which may be meant for it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from msgspec import Struct

from toolverify.schema_validators import ROOT, Fits, Place, at, fitting, root_of, target

__all__ = ["GRADING", "ROOT", "Node", "Place", "fits_at", "inside", "node"]

#: The keyword of a schema that says how a value is graded: never shown to a model.
GRADING = "x-toolverify"
_MOST_PLACES = 64  # a schema that branches further is followed no further
_UNIONS = ("allOf", "anyOf", "oneOf")


class Node(Struct, frozen=True):
    """The schemas that may apply at a place, with the places of its members and elements.

    Attributes:
        fits: Tells whether a value satisfies the schema there; ValueError for what no schema means, as NaN.
        types: The types that are named there; empty where none is.
        members: The places of each member that is named.
        other_members: The places of a member that is not.
        leading: The places of the first elements, one by one.
        elements: The places of all further elements.
        listed: The values of an `enum` or a `const`.
        grading: What the schemas say of how the value is graded.
    """

    fits: Fits
    types: frozenset[str]
    members: Mapping[str, tuple[Place, ...]]
    other_members: tuple[Place, ...]
    leading: tuple[tuple[Place, ...], ...]
    elements: tuple[Place, ...]
    listed: tuple[Any, ...] = ()
    grading: tuple[Any, ...] = ()

    def inside(self, step: str | int) -> tuple[Place, ...]:
        """Where a member of an object, or an element of a list, may be described."""
        if isinstance(step, str):
            return self.members.get(step, self.other_members)
        return self.leading[step] if step < len(self.leading) else self.elements


def inside(nodes: Sequence[Node], step: str | int) -> tuple[Place, ...]:
    """Where a member or an element may be described, by any of several descriptions of what holds it."""
    if len(nodes) == 1:
        return nodes[0].inside(step)
    return tuple(dict.fromkeys([place for one in nodes for place in one.inside(step)]))


@lru_cache(maxsize=4096)
def node(schema_json: bytes, place: Place) -> Node:
    """What is described at a place, through all references and unions."""
    found = _branches(root_of(schema_json), place)
    members: dict[str, list[Place]] = {}
    for schema, where in found:
        for name in _mapping(schema.get("properties")):
            members.setdefault(name, []).append((*where, "properties", name))
    prefixes = [(schema, where) for schema, where in found if isinstance(schema.get("prefixItems"), list)]
    longest = max([len(schema["prefixItems"]) for schema, _ in prefixes], default=0)
    return Node(
        fits=_fits_of(schema_json, place),
        types=frozenset([kind for schema, _ in found for kind in _types(schema)]),
        members={name: tuple(places) for name, places in members.items()},
        other_members=_under(found, "additionalProperties"),
        leading=tuple([_at_index(prefixes, index) for index in range(longest)]),
        elements=_under(found, "items"),
        grading=tuple([schema[GRADING] for schema, _ in found if GRADING in schema]),
        listed=tuple([value for schema, _ in found for value in _listed(schema)]),
    )


def fits_at(schema_json: bytes, place: Place, value: Any) -> bool:
    """Whether a value satisfies the schema at a place; NaN, and a number beyond what the validator holds, never does."""
    try:
        return node(schema_json, place).fits(value)
    except ValueError:
        return False


def _fits_of(schema_json: bytes, place: Place) -> Fits:
    try:
        return fitting(schema_json, place)
    except ValueError:  # a schema that names itself otherwise, so that its parts cannot be asked one by one
        return _fits_nothing


def _fits_nothing(value: Any) -> bool:
    del value
    return False


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _types(schema: Mapping[str, Any]) -> list[str]:
    kind = schema.get("type")
    if isinstance(kind, str):
        return [kind]
    return [name for name in kind if isinstance(name, str)] if isinstance(kind, list) else []


def _listed(schema: Mapping[str, Any]) -> list[Any]:
    values = schema.get("enum")
    return [*(values if isinstance(values, list) else ()), *([schema["const"]] if "const" in schema else ())]


_Found = list[tuple[Mapping[str, Any], Place]]


def _under(found: _Found, keyword: str) -> tuple[Place, ...]:
    return tuple([(*where, keyword) for schema, where in found if isinstance(schema.get(keyword), Mapping)])


def _at_index(prefixes: _Found, index: int) -> tuple[Place, ...]:
    here = [where for schema, where in prefixes if index < len(schema["prefixItems"])]
    return tuple([(*where, "prefixItems", str(index)) for where in here])


def _branches(root: Any, place: Place) -> _Found:
    """The schema at a place and every schema it refers to or unites, each once."""
    found: dict[Place, Mapping[str, Any]] = {}
    waiting = [place]
    while waiting and len(found) < _MOST_PLACES:
        where = waiting.pop(0)
        schema = at(root, where)
        if where in found or not isinstance(schema, Mapping):
            continue
        found[where] = schema
        referred = target(schema.get("$ref"))
        waiting += [] if referred is None else [referred]
        for keyword in _UNIONS:
            branches = schema.get(keyword)
            count = len(branches) if isinstance(branches, list) else 0
            waiting += [(*where, keyword, str(index)) for index in range(count)]
    return [(schema, where) for where, schema in found.items()]
