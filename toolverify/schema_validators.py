"""Validators for a tool's schema and for the places inside it, whose work is bounded by the value.

jsonschema-rs decides. Where a schema refers to itself, a naive validator tries every branch of a union again at every
level, so that a text of some hundred characters could keep it busy for minutes. There each such part is asked once for
each value within one question, and remembered.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import quote, unquote

import msgspec

Place = tuple[str, ...]
Fits = Callable[[Any], bool]
ROOT: Place = ()
_ROOT_URI = "toolverify:root"
_META = "https://json-schema.org/draft/2020-12/schema"
_STUB = "x-toolverify-part"
_PARTS = "x-toolverify-parts"
_memory = threading.local()


@lru_cache(maxsize=1024)
def root_of(schema_json: bytes) -> Any:
    """The schema, decoded once; nothing may change it."""
    return msgspec.json.decode(schema_json)


@lru_cache(maxsize=4096)
def fitting(schema_json: bytes, place: Place = ROOT) -> Fits:
    """A function that tells whether a value satisfies the schema at a place; it raises ValueError for NaN.

    Raises:
        ValueError: The schema cannot be used.
    """
    if not recursive_places(schema_json):
        fits: Fits = _build(root_of(schema_json), pointer(place), {}).is_valid
        return fits
    document, parts, asked = _guarded(schema_json)
    whole: Fits = _build(document, pointer(_where(place, parts)), asked).is_valid
    return lambda value: _afresh(whole, value)


@lru_cache(maxsize=1)
def is_schema() -> Fits:
    """What tells whether a value is a JSON Schema (2020-12), whatever `$schema` in it claims: nothing is fetched."""
    import jsonschema_rs

    meta = jsonschema_rs.Draft202012Validator({"$ref": _META}, retriever=_refuse)
    fits: Fits = meta.is_valid
    return fits


def _refuse(uri: str) -> Any:
    raise ValueError(f"a reference outside the schema: {uri}")


@lru_cache(maxsize=1024)
def telling(schema_json: bytes) -> Any:
    """A validator of the whole schema that tells what is wrong; for schemas that do not refer to themselves."""
    return _build(root_of(schema_json), "", {})


def _where(place: Place, parts: Mapping[str, Place]) -> Place:
    """Where a place of the schema stands in the guarded one: perhaps inside a part that was put aside."""
    holders = [name for name, part in parts.items() if place[: len(part)] == part]
    if not holders:
        return place
    name = max(holders, key=lambda holder: len(parts[holder]))
    return (_PARTS, name, *place[len(parts[name]) :])


def _afresh(fits: Fits, value: Any) -> bool:
    _memory.known = {}
    return fits(value)


def _build(document: Any, where: str, asked: Mapping[str, Fits]) -> Any:
    import jsonschema_rs

    class Part:
        """The keyword that stands for a part of a schema which refers to itself."""

        def __init__(self, parent_schema: Any, value: Any, schema_path: Any) -> None:
            del parent_schema, schema_path
            self.name = value

        def validate(self, instance: Any) -> None:
            """Fail where the part does not fit; a question within the same question is not answered twice."""
            if not _remembered(self.name, instance, asked):
                raise ValueError("does not fit its schema")

    return jsonschema_rs.Draft202012Validator(
        {"$ref": f"{_ROOT_URI}#{where}"} if where else document,
        pattern_options=jsonschema_rs.RegexOptions(),
        retriever=lambda uri: _retrieve(document, uri),
        keywords={_STUB: Part},
    )


def _remembered(name: str, instance: Any, asked: Mapping[str, Fits]) -> bool:
    known: dict[tuple[str, bytes], bool] = _memory.known
    key = (name, msgspec.json.encode(instance))
    if key not in known:
        known[key] = False  # a part that asks itself about the same value is answered no
        known[key] = asked[name](instance)
    return known[key]


def _retrieve(document: Any, uri: str) -> Any:
    if uri != _ROOT_URI:
        raise ValueError(f"references lead nowhere outside the schema: {uri}")
    return document


def pointer(place: Place) -> str:
    """A place as a JSON pointer within a URI."""
    return "".join(f"/{quote(step.replace('~', '~0').replace('/', '~1'))}" for step in place)


def target(reference: Any) -> Place | None:
    """The place that a reference within the schema names."""
    if reference == "#":
        return ROOT
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    steps = unquote(reference[2:]).split("/")
    return tuple([step.replace("~1", "/").replace("~0", "~") for step in steps])


def at(root: Any, place: Place) -> Any:
    """What stands at a place; None where nothing does."""
    current = root
    for step in place:
        if isinstance(current, Mapping):
            current = current.get(step)
        elif isinstance(current, list) and step.isdecimal() and int(step) < len(current):
            current = current[int(step)]
        else:
            return None
    return current


@lru_cache(maxsize=1024)
def _guarded(schema_json: bytes) -> tuple[Any, dict[str, Place], dict[str, Fits]]:
    """The schema with a stub for each part that refers to itself, these parts behind it, and what tells whether they fit."""
    parts = {str(index): place for index, place in enumerate(recursive_places(schema_json))}
    document = copy.deepcopy(root_of(schema_json))
    originals = {name: copy.deepcopy(at(root_of(schema_json), place)) for name, place in parts.items()}
    for name, place in sorted(parts.items(), key=lambda item: -len(item[1])):
        if place == ROOT:
            document = {_STUB: name}
        else:
            _replace(document, place, {_STUB: name})
    document = {**document, _PARTS: _without_inner_parts(originals, parts)}
    asked: dict[str, Fits] = {}
    asked |= {name: _build(document, pointer((_PARTS, name)), asked).is_valid for name in parts}
    return document, parts, asked


def _without_inner_parts(originals: dict[str, Any], parts: dict[str, Place]) -> dict[str, Any]:
    """A part that stands inside another one is a stub there too."""
    for name, place in parts.items():
        for other, inner in sorted(parts.items(), key=lambda item: -len(item[1])):
            if len(inner) > len(place) and inner[: len(place)] == place:
                _replace(originals[name], inner[len(place) :], {_STUB: other})
    return originals


def _replace(document: Any, place: Place, value: Any) -> None:
    holder = at(document, place[:-1])
    if isinstance(holder, dict):
        holder[place[-1]] = value
    elif isinstance(holder, list):
        holder[int(place[-1])] = value


@lru_cache(maxsize=1024)
def recursive_places(schema_json: bytes) -> tuple[Place, ...]:
    """The targets of references that lead back to themselves."""
    if b'"$ref"' not in schema_json:
        return ()
    root = root_of(schema_json)
    leads = {place: set(_targets(at(root, place))) for place in set(_targets(root))}
    return tuple(sorted([place for place in leads if _returns(place, leads)]))


def _targets(schema: Any) -> Iterator[Place]:
    waiting = [schema]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Mapping):
            place = target(item.get("$ref"))
            if place is not None:
                yield place
            waiting += item.values()
        elif isinstance(item, list):
            waiting += item


def _returns(place: Place, leads: Mapping[Place, set[Place]]) -> bool:
    """Whether one comes back to a place by references, or to one that holds it."""
    seen: set[Place] = set()
    waiting = list(leads[place])
    while waiting:
        other = waiting.pop()
        if other == place or place[: len(other)] == other:
            return True
        if other not in seen:
            seen.add(other)
            waiting += leads.get(other, ())
    return False
