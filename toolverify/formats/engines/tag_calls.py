"""Engine: calls as tags, one for each parameter, typed by the tool's schema or by the wire.

A format is a declaration: `TagCalls("qwen3-coder")`, or `TagCalls("glm45", block=("", ""), call=("<tool_call>{name}",
"</tool_call>"), parameter=("<arg_key>{name}</arg_key>{gap}<arg_value>", "</arg_value>"), padding="")`.
"""

from __future__ import annotations

import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from toolverify.calls import Attempt, Case, Context, Expected, Reply, ToolCall
from toolverify.errors import RenderError
from toolverify.formats.engines.tag_calls_read import TagReading
from toolverify.formats.engines.tag_grammar import TagGrammar
from toolverify.formats.engines.typed_text import WIRE_TYPES
from toolverify.limits import Limits

_MANY = 2**40
#: For what the program has written itself.
UNBOUNDED = Case(Expected(((),)), limits=Limits(text=_MANY, call=_MANY, attempts=_MANY))


@dataclass(frozen=True)
class TagCalls:
    """One tag per parameter.

    In the opening tags `{name}` stands for the name, `{type}` for the type of the value, `{index}` for the number of the
    call, `{gap}` for any white space, which is written as `separator`.

    Attributes:
        name: The format's name.
        block: The markers around the calls; empty texts where each call stands alone.
        call: The tag that opens a call, and the one that ends it.
        parameter: The tag that opens a value, and the one that ends it.
        padding: What stands on both sides of a value and is no part of it.
        separator: What a renderer puts between tags.
        between: What a renderer puts between calls; None for `separator`.
        calls_in_block: Whether a renderer puts all calls in one block, or each in one of its own.
        end_optional: Whether the marker after a block may be missing at the end of the text.
        types: What types a value: the tool's `schema`; the wire's `flag`, whether it is a string, which is else JSON; the
            wire's type `name`.
        json_arguments: Whether all arguments may also stand as one JSON object, bare or as a parameter `arguments`.
        cdata: Whether a value may stand in a CDATA section.
        escaped: Whether names are escaped as in XML.
        suffixes: Whether every tag may have a suffix such as `:xyz` before its end.
        think: The markers before and after reasoning.
        content: Markers around content, which are no part of it.
    """

    name: str
    block: tuple[str, str] = ("<tool_call>", "</tool_call>")
    call: tuple[str, str] = ("<function={name}>", "</function>")
    parameter: tuple[str, str] = ("<parameter={name}>", "</parameter>")
    padding: str = "\n"
    separator: str = "\n"
    between: str | None = None
    calls_in_block: Literal["one", "all"] = "one"
    end_optional: bool = False
    types: Literal["schema", "flag", "name"] = "schema"
    json_arguments: bool = False
    cdata: bool = False
    escaped: bool = False
    suffixes: bool = False
    think: tuple[str, str] = ("<think>", "</think>")
    content: tuple[str, str] = ("", "")

    def __getstate__(self) -> dict[str, Any]:
        """The options alone: the grammar is made again where it is needed."""
        return {key: value for key, value in self.__dict__.items() if key != "grammar"}

    @cached_property
    def grammar(self) -> TagGrammar:
        """The tags, as patterns."""
        return TagGrammar.of(self.block, self.call, self.parameter, suffixes=self.suffixes)

    @property
    def typed_by_tools(self) -> bool:
        """Whether the wire has no types, so that the case's tools type the arguments."""
        return self.types == "schema"

    def read(self, completion: str, case: Case, context: Context) -> Reply:
        """Read a text; calls, reasoning and content in one pass."""
        return self._reading(completion, case, context).reply()

    def _reading(self, completion: str, case: Case, context: Context) -> TagReading:
        return TagReading(self, completion, case, context)

    def render(self, calls: Sequence[ToolCall], *, reasoning: str | None = None, content: str = "") -> str:
        """Write a reply: reasoning, content, calls."""
        opening, ending = self.think
        parts = [] if reasoning is None else [f"{opening}{reasoning}{ending}"]
        if content:
            parts.append(f"{self.content[0]}{content}{self.content[1]}")
        text = self.separator.join([*parts, *self._blocks(calls)])
        self._check(text, calls, reasoning, content)
        return text

    def _blocks(self, calls: Sequence[ToolCall]) -> list[str]:
        between = self.separator if self.between is None else self.between
        written = [self._call(call, index + 1) for index, call in enumerate(calls)]
        if self.calls_in_block == "all" and written:
            written = [between.join(written)]
        start, end = self.block
        return [self.separator.join([start, body, end]) if start else body for body in written]

    def _call(self, call: ToolCall, index: int) -> str:
        opening = self._opening(self.call[0].replace("{index}", str(index)), call.name)
        written = [self._parameter(name, value) for name, value in call.arguments.items()]
        return self.separator.join([opening, *written, self.call[1]])

    def _parameter(self, name: str, value: Any) -> str:
        kind = str(type(value) is str).lower() if self.types == "flag" else WIRE_TYPES.get(type(value), "")
        opening = self._opening(self.parameter[0].replace("{type}", kind), name)
        return f"{opening}{self.padding}{self.wire(value)}{self.padding}{self.parameter[1]}"

    def wire(self, value: Any) -> str:
        """What stands between the tags of a value.

        Raises:
            RenderError: It is no JSON value.
        """
        return wire_text(value)

    def _opening(self, tag: str, name: str) -> str:
        escaped = html.escape(name) if self.escaped else name
        return tag.replace("{gap}", self.separator).replace("{name}", escaped)

    def _check(self, text: str, calls: Sequence[ToolCall], reasoning: str | None, content: str) -> None:
        """Read back what was written: what tags cannot hold is found there."""
        reply = self.read(text, UNBOUNDED, Context())
        if [_read_back(attempt) for attempt in reply.attempts if attempt.status != "in_reasoning"] != [
            self._expected(call) for call in calls
        ]:
            raise RenderError(
                f"{self.name} cannot write these calls: a name or a text holds what its tags are made of",
                path="calls",
            )
        if reply.reasoning != reasoning:
            raise RenderError(f"{self.name} cannot write reasoning with {self.think[1]!r}", path="reasoning")
        if reply.content.strip() != content.strip():
            raise RenderError(f"{self.name} cannot write content that holds its markers", path="content")

    def _expected(self, call: ToolCall) -> str:
        arguments = call.arguments
        if self.typed_by_tools:
            arguments = {name: self.wire(value) for name, value in arguments.items()}
        return _exactly(call.name, arguments)


def wire_text(value: Any) -> str:
    """A value between tags: a string as it is, anything else as JSON.

    Raises:
        RenderError: It is no JSON value.
    """
    try:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise RenderError(f"not JSON: {error}", path="calls", mend="use plain JSON values") from error
    return text


def _read_back(attempt: Attempt) -> str:
    if attempt.call is None:
        return attempt.status
    wire = attempt.call.arguments if attempt.wire is None else attempt.wire
    return _exactly(attempt.call.name, dict(wire))


def _exactly(name: str, arguments: dict[str, Any]) -> str:
    return json.dumps([name, arguments], sort_keys=True)
