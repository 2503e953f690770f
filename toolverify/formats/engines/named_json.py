"""Engine: the name of a tool in plain text, its arguments as JSON behind it, with markers around both.

A format is a declaration: `NamedJson(name="mistral-v11", start="[TOOL_CALLS]", arguments="[ARGS]")`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from toolverify.calls import Case, Context, Reply, ToolCall
from toolverify.errors import RenderError
from toolverify.formats.engines.named_json_read import NamedReading, name_fault


@dataclass(frozen=True)
class NamedJson:
    """A name, and JSON behind it. White space around names, markers and arguments is free.

    Attributes:
        name: The format's name.
        start: The marker before a call.
        arguments: What stands between the name and its arguments.
        end: The marker after a call; empty where a call ends with its arguments.
        section: The markers around all calls of a reply; empty texts where there are none.
        lead: What stands between `start` and the name.
        close: What stands between the arguments and `end`.
        call_id: The marker behind the name and before an id, where one may stand; the id is not read.
        identifier: `name`: the name itself. `indexed`: `functions.NAME:INDEX`.
        between: What a renderer puts between calls.
        stop: The marker that ends a turn; it belongs to the calls that it follows.
        think_start: The marker before reasoning.
        think_end: The marker after it.
    """

    name: str
    start: str
    arguments: str
    end: str = ""
    section: tuple[str, str] = ("", "")
    lead: str = ""
    close: str = ""
    call_id: str = ""
    identifier: Literal["name", "indexed"] = "name"
    between: str = ""
    stop: str = ""
    think_start: str = "<think>"
    think_end: str = "</think>"

    def read(self, completion: str, case: Case, context: Context) -> Reply:
        """Read a text; calls, reasoning and content in one pass."""
        return NamedReading(self, completion, case.limits, context).reply()

    def render(self, calls: Sequence[ToolCall], *, reasoning: str | None = None, content: str = "") -> str:
        """Write a reply: reasoning, content, calls."""
        self._expressible(reasoning, content)
        thought = "" if reasoning is None else f"{self.think_start}{reasoning}{self.think_end}"
        blocks = self.between.join([self._call(index, call) for index, call in enumerate(calls)])
        return f"{thought}{content}{self.section[0]}{blocks}{self.section[1]}" if calls else thought + content

    def _call(self, index: int, call: ToolCall) -> str:
        self._writable(call.name)
        written = f"functions.{call.name}:{index}" if self.identifier == "indexed" else call.name
        body = arguments_text(call.arguments)
        return f"{self.start}{self.lead}{written}{self.arguments}{body}{self.close}{self.end}"

    def _writable(self, name: str) -> None:
        marks = (*self.section, self.start, self.end, self.arguments.strip(), self.call_id)
        fault = name_fault(name)[1] or ("" if name == name.strip() else "white space around the name")
        marker = next((mark for mark in marks if mark and mark in name + mark[:-1]), "")
        if fault or marker:
            raise RenderError(
                f"{self.name} cannot write the name {name!r}: {fault or f'{marker!r} ends it'}", path="calls"
            )

    def _expressible(self, reasoning: str | None, content: str) -> None:
        if reasoning is not None and self.think_end in reasoning:
            raise RenderError(
                f"{self.name} cannot write reasoning that contains {self.think_end!r}", path="reasoning"
            )
        for marker in (self.section[0], self.start, self.think_start, self.think_end):
            if marker and marker in content:
                raise RenderError(
                    f"{self.name} cannot write content that contains {marker!r}", path="content"
                )


def arguments_text(value: Any) -> str:
    """The JSON text of arguments.

    Raises:
        RenderError: They are no JSON.
    """
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False)
        text.encode()
    except (TypeError, ValueError, RecursionError) as error:
        raise RenderError(f"not JSON: {error}", path="calls", mend="use plain JSON values") from error
    return text
