"""Engine: calls as tags, where every value stands in an element of its own name, and values in it in elements again.

An object holds one element for each member, a list one `<item>` for each of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from toolverify.calls import Case, Context
from toolverify.errors import RenderError
from toolverify.formats.engines.json_value import Decoded
from toolverify.formats.engines.tag_calls import UNBOUNDED, TagCalls, wire_text
from toolverify.formats.engines.tag_calls_read import TagReading
from toolverify.formats.engines.typed_text import WIRE_TYPES, TextTyper, alternatives, parameter, types_of

_ITEM = "item"
_EMPTY: dict[str, type] = {"array": list, "object": dict}


@dataclass(frozen=True)
class NestedTagCalls(TagCalls):
    """Elements within elements.

    Attributes:
        prefix: What stands before every tag.
    """

    prefix: str = ""

    def _reading(self, completion: str, case: Case, context: Context) -> TagReading:
        return NestedReading(self, completion, case, context, self.prefix)

    def _parameter(self, name: str, value: Any) -> str:
        text = self.wire(value)
        schema = _described(value)
        read = NestedValue(self.prefix, TextTyper(UNBOUNDED.limits), schema).read(text, schema)
        if wire_text([read.value]) != wire_text([value]):
            raise RenderError(
                f"{self.name} cannot write {name!r}: it holds what tags are made of", path="calls"
            )
        return self._element(name, text)

    def wire(self, value: Any) -> str:
        """What stands between the tags of a value.

        Raises:
            RenderError: It is no JSON value.
        """
        wire_text(value)
        return self._inside(value)

    def _inside(self, value: Any) -> str:
        if isinstance(value, dict):
            return "".join([self._element(name, self._inside(member)) for name, member in value.items()])
        if isinstance(value, list | tuple):
            return "".join([self._element(_ITEM, self._inside(item)) for item in value])
        return wire_text(value)

    def _element(self, name: str, text: str) -> str:
        return f"{self.prefix}<{name}>{text}{self.prefix}</{name}>"


def _described(value: Any) -> dict[str, Any]:
    """The schema of one value."""
    if isinstance(value, dict):
        members = {name: _described(member) for name, member in value.items()}
        return {"type": "object", "properties": members}
    if isinstance(value, list | tuple):
        return {"type": "array", "prefixItems": [_described(item) for item in value]}
    return {"type": WIRE_TYPES[type(value)]}


class NestedReading(TagReading):
    """One pass over one text. Mutable, and gone when the Reply is made."""

    def __init__(self, format_: NestedTagCalls, text: str, case: Case, context: Context, prefix: str) -> None:
        super().__init__(format_, text, case, context)
        self.prefix = prefix
        self._tag = re.compile(rf"{_tag(prefix).pattern}|{re.escape(format_.call[0].partition('{')[0])}")

    def value(self, opened: re.Match[str], flags: set[str]) -> tuple[str, int]:
        """The text of the element that a tag opens, and where its end tag ends."""
        start, name = opened.end(), opened["name"]
        closing = f"{self.prefix}</{name}>"
        is_string = types_of(parameter(self.schema, name.strip()), self.schema) == {"string"}
        close = -1 if is_string else self._balanced(start, name)
        if close < 0:
            close = self._followed(start, closing)
        if close < 0:
            beyond = self.text.find(closing, start + self.limits.call, self._last(start))
            raise self.endless(start) if beyond < 0 else self.too_long(beyond)
        text = self.text[start:close]
        if closing in text:
            flags.add("ambiguous")
        return text, close + len(closing)

    def _balanced(self, start: int, name: str) -> int:
        """Where the element ends, if all elements in it have their ends; -1 where they have not."""
        opened = [name]
        for tag in self._tag.finditer(self.text, start, min(len(self.text), start + self.limits.call + 1)):
            if tag["name"] is None:  # another call begins
                return -1
            if not tag["slash"]:
                opened.append(tag["name"])
            elif opened.pop() != tag["name"]:
                return -1
            if not opened:
                return tag.start()
        return -1

    def _last(self, start: int) -> int:
        """Where a value ends at the latest, because another call has begun."""
        return self.search(self.grammar.first_value_open, start)[0]

    def _followed(self, start: int, closing: str) -> int:
        """The first end tag of the name behind which another tag of the call follows; -1 where there is none."""
        last = min(self._last(start), start + self.limits.call)
        close = self.text.find(closing, start, last)
        while close >= 0:
            behind = self.past_space(close + len(closing))
            if self.grammar.value_open.match(self.text, behind) or self.grammar.call_end.match(
                self.text, behind
            ):
                break
            close = self.text.find(closing, close + 1, last)
        return close

    def typed_by_schema(self, text: str, key: str) -> Decoded:
        """The value of an element, as the tool's schema types it and what is in it."""
        return NestedValue(self.prefix, self.typer, self.schema).read(text, parameter(self.schema, key))


class Element(NamedTuple):
    """An element that is open: its name and schema, where its text begins, and what is in it so far."""

    name: str
    schema: Any
    start: int
    inside: list[tuple[str, Any]]


class NestedValue:
    """Reads the text between the tags of one value, without a stack of its own depth."""

    def __init__(self, prefix: str, typer: TextTyper, root: Mapping[str, Any]) -> None:
        self.tag = _tag(prefix)
        self.typer = typer
        self.root = root
        self.duplicate_keys = False

    def read(self, text: str, schema: Any) -> Decoded:
        """The value of a text; the text, where its elements are not sound, or not what the schema wants."""
        try:
            value = self._value(text, schema)
        except ValueError:
            return Decoded(text)
        return Decoded(value, duplicate_keys=self.duplicate_keys)

    def _value(self, text: str, schema: Any) -> Any:
        opened = [Element("", schema, 0, [])]
        cursor = 0  # behind the last tag
        for tag in self._tags(text, opened):
            element = opened[-1]
            if not tag["slash"]:
                _blank(text[cursor : tag.start()])
                opened.append(Element(tag["name"], self._member(element, tag["name"]), tag.end(), []))
                if len(opened) > self.typer.limits.depth:
                    raise ValueError(tag["name"])
            else:
                if len(opened) == 1 or element.name != tag["name"]:
                    raise ValueError(tag["name"])
                value = self._finished(element, text[element.start : tag.start()], text[cursor : tag.start()])
                opened.pop()
                opened[-1].inside.append((element.name, value))
            cursor = tag.end()
        if len(opened) > 1:
            raise ValueError(opened[-1].name)
        return self._finished(opened[0], text, text[cursor:])

    def _tags(self, text: str, opened: list[Element]) -> Iterator[re.Match[str]]:
        """The tags of a text, but for those that stand in a string."""
        for tag in self.tag.finditer(text):
            element = opened[-1]
            own_end = tag["slash"] and tag["name"] == element.name and len(opened) > 1
            if own_end or types_of(element.schema, self.root) != {"string"}:
                yield tag

    def _member(self, element: Element, name: str) -> Any:
        """What the schema of an element says of one in it."""
        for part in alternatives(element.schema, self.root):
            members, first = part.get("properties"), part.get("prefixItems")
            if isinstance(members, Mapping) and name in members:
                return members[name]
            if name == _ITEM and isinstance(first, list) and len(element.inside) < len(first):
                return first[len(element.inside)]
            if name == _ITEM and "items" in part:
                return part["items"]
        return parameter(element.schema, name) if isinstance(element.schema, Mapping) else None

    def _finished(self, element: Element, text: str, rest: str) -> Any:
        """The value of an element that ends; `rest` is what stands behind the last one in it."""
        types = types_of(element.schema, self.root)
        if not element.inside:
            if not text.strip() and len(types) == 1 and types <= _EMPTY.keys():
                return _EMPTY[min(types)]()
            decoded = self.typer.read(text, element.schema, self.root)
            self.duplicate_keys |= decoded.duplicate_keys
            return decoded.value
        _blank(rest)
        items = all([name == _ITEM for name, _ in element.inside])
        if items and ("array" in types or "object" not in types):
            return [value for _, value in element.inside]
        if types and "object" not in types:
            raise ValueError(element.name)
        made = dict(element.inside)
        self.duplicate_keys |= len(made) < len(element.inside)
        return made


def _tag(prefix: str) -> re.Pattern[str]:
    return re.compile(rf"{re.escape(prefix)}<(?P<slash>/?+)(?P<name>[^<>\"\r\n]*+)>")


def _blank(text: str) -> None:
    if text.strip():
        raise ValueError(text)
