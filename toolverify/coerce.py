"""Coercion: wire values turned into what a tool's schema says, each change told.

A value that satisfies its schema stays what it is. Any other is replaced by another writing of itself that satisfies
the schema, where there is one: the JSON value whose text it is, a list of it, and so on. What cannot be mended so stays
as the model wrote it, for the rules to judge. Members and elements are looked at one by one.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar

from toolverify.calls import Change, Coerced, Finding, ToolCall
from toolverify.formats.engines.json_value import decode
from toolverify.hookspecs import hookimpl
from toolverify.limits import DEFAULT_LIMITS
from toolverify.paths import join, member
from toolverify.protocols import Coercion
from toolverify.schema import ToolSpec, fits
from toolverify.schema_places import ROOT, Node, Place, inside, node

_MOST_STEPS = 1_000  # values looked at in one call; a call that would need more stays as it is
_MOST_DIGITS = DEFAULT_LIMITS.digits
_FIRST_INEXACT = 2.0**53  # from here on several integers share one double
_JSON_BEGINS = frozenset('-0123456789tfn{["')
_GROUPED = re.compile(r"[+-]?\d{1,3}([,_]\d{3})+(\.\d+)?", re.ASCII)
Candidate = tuple[Any, str]
Nodes = Sequence[Node]

#: What a call that was left alone is called, because there is too much in it.
CAPPED = "capped"
#: What a change is called, and told in words.
REASONS = {
    "json_text": "the text of a JSON value, read as that value",
    "whole_number": "a whole number written with a fraction, read as an integer",
    "value_as_text": "a number or boolean where a text is due, read as its text",
    "single_as_list": "a single value where a list is due, read as a list of it",
    "list_as_single": "a list of one value where the value is due, read as that value",
    "word": "another writing of a JSON value, read as that value",
    "enumerated": "another writing of one of the values that are listed, read as that one",
    CAPPED: "more values than are looked at: the call was judged as it was written",
    "null_left_out": "null for an argument that may be left out, read as left out",
}


@dataclass(frozen=True)
class NoCoercion:
    """Wire values stay as they are."""

    name: ClassVar[str] = "none"

    def coerce(self, call: ToolCall, tool: ToolSpec) -> Coerced:
        """The call as it is."""
        del tool
        return Coerced(call)


@dataclass(frozen=True)
class LosslessCoercion:
    """Wire values as the schema wants them.

    The text of a JSON value becomes that value, 5.0 becomes 5, a single value a list of it.
    """

    name: ClassVar[str] = "lossless"
    lenient: ClassVar[bool] = False
    keeps_equal: ClassVar[bool] = True

    def coerce(self, call: ToolCall, tool: ToolSpec) -> Coerced:
        """The call with its arguments typed; as it is where they satisfy their schema or are too many."""
        if fits(tool, call.arguments) and not _has_whole_float(call.arguments):
            return Coerced(call)
        walk = _Walk(tool, self.lenient)
        try:
            arguments = walk.arguments(call.arguments)
        except (_TooManyError, ValueError):  # more than is looked at, or NaN, which no schema means
            return Coerced(call, steps=_MOST_STEPS, capped=True)
        if not walk.changes:
            return Coerced(call, steps=walk.steps)
        return Coerced(ToolCall(call.name, arguments), tuple(walk.changes), walk.steps)


@dataclass(frozen=True)
class LenientCoercion(LosslessCoercion):
    """Wire values as the schema wants them, also where something is lost.

    Numbers and booleans become texts; Python's and everyday words (True, yes) and numbers with blanks or separators are
    read; a list of one value is that value; enumerated values may be in another case; and null for an argument that may
    be left out leaves it out.
    """

    name: ClassVar[str] = "lenient"
    lenient: ClassVar[bool] = True


class _TooManyError(Exception):
    """The call holds more values than are looked at."""


def _has_whole_float(value: Any) -> bool:
    """Whether a number such as 5.0 stands anywhere in a value."""
    kind = type(value)
    if kind is dict:
        return any([_has_whole_float(part) for part in value.values() if type(part) in _MAY_HOLD_FLOATS])
    return any([_has_whole_float(part) for part in value]) if kind is list else _is_whole(value)


_MAY_HOLD_FLOATS = {float, dict, list}


def _is_whole(value: Any) -> bool:
    """Whether a value is a double that is an integer, and the only one it stands for."""
    return type(value) is float and value.is_integer() and abs(value) < _FIRST_INEXACT


class _Walk:
    """One walk through the arguments of one call."""

    def __init__(self, tool: ToolSpec, lenient: bool) -> None:
        self.tool = tool
        self.schema_json = tool.schema_json
        self.lenient = lenient
        self.changes: list[Change] = []
        self.steps = 0

    def arguments(self, arguments: dict[str, Any]) -> dict[str, Any]:
        """All arguments, each as its own schema wants it."""
        kept = {}
        root = node(self.schema_json, ROOT)
        for name, value in arguments.items():
            nodes = self._nodes(root.inside(name))
            if self.lenient and value is None and self._may_be_left_out(name, nodes):
                self._note(member("arguments", name), None, None, "null_left_out")
            else:
                kept[name] = self._value(value, nodes, "arguments", name)
        return kept

    def _may_be_left_out(self, name: str, nodes: Nodes) -> bool:
        return name not in self.tool.parameters.get("required", ()) and bool(nodes) and not _fits(None, nodes)

    def _nodes(self, places: Sequence[Place]) -> Nodes:
        return [node(self.schema_json, place) for place in places]

    def _value(self, value: Any, nodes: Nodes, path: str, step: str | int) -> Any:
        """A value, changed where it does not fit and another writing of it does."""
        self.steps += 1
        if self.steps > _MOST_STEPS:
            raise _TooManyError
        if not nodes:
            return value
        types = _types(nodes)
        if isinstance(value, dict) and "object" in types:
            return self._members(value, nodes, join(path, [step]))
        if isinstance(value, list) and "array" in types:
            return self._elements(value, nodes, join(path, [step]))
        if _fits(value, nodes):
            return self._without_fraction(value, types, path, step)
        for candidate, reason in self._candidates(value, nodes, types):
            if _fits(candidate, nodes):
                self._note(join(path, [step]), value, candidate, reason)
                return candidate
        return value

    def _members(self, value: dict[str, Any], nodes: Nodes, path: str) -> dict[str, Any]:
        return {
            name: self._value(part, self._nodes(inside(nodes, name)), path, name)
            for name, part in value.items()
        }

    def _elements(self, value: list[Any], nodes: Nodes, path: str) -> list[Any]:
        return [
            self._value(part, self._nodes(inside(nodes, index)), path, index)
            for index, part in enumerate(value)
        ]

    def _without_fraction(self, value: Any, types: frozenset[str], path: str, step: str | int) -> Any:
        """JSON Schema lets 5.0 pass for an integer; it is the same value, and is written as one."""
        if "integer" not in types or "number" in types or not _is_whole(value):
            return value
        self._note(join(path, [step]), value, int(value), "whole_number")
        return int(value)

    def _candidates(self, value: Any, nodes: Nodes, types: frozenset[str]) -> Iterator[Candidate]:
        """Other writings of a value, the most literal one first."""
        if isinstance(value, str):
            yield from self._read_as_json(value, nodes)
        if self.lenient:
            yield from self._lenient_candidates(value, nodes, types)
        if "array" in types and not isinstance(value, list):
            elements = self._nodes(inside(nodes, 0))
            yield [self._quietly(value, elements)], "single_as_list"

    def _read_as_json(self, text: str, nodes: Nodes) -> Iterator[Candidate]:
        if text[:1] not in _JSON_BEGINS or text != text.rstrip():
            return
        decoded = decode(text, DEFAULT_LIMITS)
        if decoded.status != "ok" or decoded.duplicate_keys:
            return
        if isinstance(decoded.value, float) and not _is_exact(text, decoded.value):
            return
        value = decoded.value
        if _is_whole(value) and "number" not in _types(nodes):
            value = int(value)
        yield self._quietly(value, nodes) if isinstance(value, dict | list) else value, "json_text"

    def _lenient_candidates(self, value: Any, nodes: Nodes, types: frozenset[str]) -> Iterator[Candidate]:
        if isinstance(value, str):
            yield from [(meant, "word") for meant in _words(value, types)]
            yield from [(listed, "enumerated") for listed in _listed(value, nodes)]
        elif isinstance(value, list) and len(value) == 1:
            yield self._quietly(value[0], nodes), "list_as_single"
        elif type(value) is int and value in {0, 1} and "boolean" in types:
            yield bool(value), "word"
        elif type(value) is int and abs(value) >= 10**_MOST_DIGITS:
            return
        elif isinstance(value, bool | int | float) and "string" in types:
            yield json.dumps(value), "value_as_text"

    def _quietly(self, value: Any, nodes: Nodes) -> Any:
        """A value inside another one that is changed as a whole; a list of a list of it is never tried."""
        changes, self.changes = self.changes, []
        lists = "array" in _types(nodes) and not isinstance(value, list)
        changed = value if lists else self._value(value, nodes, "", "")
        self.changes = changes
        return changed

    def _note(self, path: str, before: Any, after: Any, reason: str) -> None:
        self.changes.append(Change(path, before, after, reason))


def _fits(value: Any, nodes: Nodes) -> bool:
    return any([one.fits(value) for one in nodes])


def _types(nodes: Nodes) -> frozenset[str]:
    return nodes[0].types if len(nodes) == 1 else frozenset().union(*[one.types for one in nodes])


def _listed(value: str, nodes: Nodes) -> list[str]:
    """The one listed value that differs in case and outer white space alone."""
    wanted = value.strip().casefold()
    listed = {name for one in nodes for name in one.listed if isinstance(name, str)}
    close = [name for name in listed if name.casefold() == wanted]
    return close if len(close) == 1 else []


def _is_exact(text: str, value: float) -> bool:
    """Whether a double holds the number that a text writes down, and no nearby one."""
    return Decimal(repr(value)) == Decimal(text)


_MEANT: dict[str, dict[str, Any]] = {
    "boolean": {
        "true": True,
        "yes": True,
        "on": True,
        "1": True,
        "false": False,
        "no": False,
        "off": False,
        "0": False,
    },
    "null": {"none": None, "null": None, "nil": None},
}


def _words(text: str, types: frozenset[str]) -> list[Any]:
    """What everyday writing means for the types that are due."""
    word = text.strip().casefold()
    meant: list[Any] = [table[word] for kind, table in _MEANT.items() if kind in types and word in table]
    if types & {"integer", "number"}:
        digits = re.sub("[,_]", "", word) if _GROUPED.fullmatch(word) else word
        digits = digits.removeprefix("+")
        number = decode(digits, DEFAULT_LIMITS).value
        if type(number) is int or (type(number) is float and _is_exact(digits, number)):
            meant.append(number)
    return meant


def notes(changes: Sequence[Change]) -> list[Finding]:
    """What coercion changed, told as findings that cost nothing by themselves."""
    return [
        Finding(
            f"coercion.{change.reason}",
            "note",
            change.path,
            REASONS.get(change.reason, change.reason),
            change.after,
            change.before,
        )
        for change in changes
    ]


@hookimpl
def toolverify_coercions() -> Sequence[Coercion]:
    """The coercions of the core."""
    return [NoCoercion(), LosslessCoercion(), LenientCoercion()]
