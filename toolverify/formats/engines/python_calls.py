"""Engine: calls in Python's syntax, `[get_weather(city="Oslo", days=3), add(a=-1, b=[1, None])]`.

A format is a declaration: `PythonCalls("pythonic")`, or `PythonCalls("lfm2", start="<|tool_call_start|>",
end="<|tool_call_end|>")`. Only literals are values; nothing is evaluated.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from toolverify.calls import Case, Context, Reply, ToolCall
from toolverify.errors import RenderError
from toolverify.formats.engines.python_calls_names import names_of
from toolverify.formats.engines.python_calls_read import CallsReading
from toolverify.formats.engines.python_literals import Resolve, refuse, written
from toolverify.formats.engines.python_tokens import identifier

_ARGUMENT = re.compile(r"[^\W\d]\w*")
_PLAIN_NAME = re.compile(r"[^\W\d][\w.-]*")


@dataclass(frozen=True)
class PythonCalls:
    """Calls in Python's syntax, with arguments by name.

    Attributes:
        name: The format's name.
        start: The marker before a block of calls; where there is none, a block begins with `[name(`.
        end: The marker after a block.
        markers: Whether a block may also stand without its markers, where the text has no start marker.
        brackets: Whether calls stand in a list: `required`, `optional` where a text begins with a call, or `none`,
            where each call has a line of its own.
        json_words: Whether `true`, `false` and `null` are read, and written, as JSON has them; strings are then written so too.
        python_words: Whether a renderer writes as Python does, whatever words are read.
        free_names: Whether a name may be any text up to its bracket. The names of the case's tools are known as they are.
        positional: What arguments by position are: a fault (`refuse`), or nothing (`drop`).
        resolve: What a value that is no literal becomes; it gets the expression, and refuses with `NotLiteral`.
        think_start: The marker before reasoning.
        think_end: The marker after it.
        padding: What a renderer puts inside the block's markers.
        separator: What a renderer puts between the parts of a reply.
    """

    name: str
    start: str = ""
    end: str = ""
    markers: Literal["required", "optional"] = "required"
    brackets: Literal["required", "optional", "none"] = "required"
    json_words: bool = False
    python_words: bool = False
    free_names: bool = False
    positional: Literal["refuse", "drop"] = "refuse"
    resolve: Resolve = refuse
    think_start: str = "<think>"
    think_end: str = "</think>"
    padding: str = ""
    separator: str = "\n"

    def read(self, completion: str, case: Case, context: Context) -> Reply:
        """Read a text; calls, reasoning and content in one pass."""
        names = names_of(case.tools if self.free_names else None, free=self.free_names)
        return CallsReading(self, completion, case.limits, context, names).reply()

    def render(self, calls: Sequence[ToolCall], *, reasoning: str | None = None, content: str = "") -> str:
        """Write a reply: reasoning, content, calls."""
        if reasoning is not None and self.think_end in reasoning:
            raise RenderError(
                f"{self.name} cannot write reasoning that contains {self.think_end!r}", path="reasoning"
            )
        self._check_content(content)
        parts = [] if reasoning is None else [f"{self.think_start}{reasoning}{self.think_end}"]
        parts += [content] if content else []
        return self.separator.join([*parts, self._block(calls)] if calls else parts)

    def _check_content(self, content: str) -> None:
        """Content must not be taken for anything else."""
        for marker in (self.start, self.think_start, self.think_end):
            if marker and marker in content:
                raise RenderError(
                    f"{self.name} cannot write content that contains {marker!r}", path="content"
                )
        if (not self.start or self.markers == "optional") and ("[" in content or "(" in content):
            raise RenderError(f"{self.name} cannot write content with brackets", path="content")

    def _block(self, calls: Sequence[ToolCall]) -> str:
        try:
            texts = [self._call(call) for call in calls]
        except RecursionError as error:
            raise RenderError("nested too deep to be written", path="calls", mend="flatten it") from error
        joined = "\n".join(texts) if self.brackets == "none" else f"[{', '.join(texts)}]"
        return f"{self.start}{self.padding}{joined}{self.padding}{self.end}"

    def _call(self, call: ToolCall) -> str:
        pattern = _FREE_NAME if self.free_names else _PLAIN_NAME
        if not pattern.fullmatch(call.name):
            raise RenderError(f"{self.name} cannot write the name {call.name!r}", path="calls")
        for name in call.arguments:
            if not _ARGUMENT.fullmatch(name) or not name.isidentifier() or identifier(name) != name:
                raise RenderError(f"{self.name} cannot write an argument named {name!r}", path="calls")
        as_json = self.json_words and not self.python_words
        texts = [f"{name}={written(value, json_words=as_json)}" for name, value in call.arguments.items()]
        return f"{call.name}({', '.join(texts)})"


_FREE_NAME = re.compile(r"\S(?:[^\r\n]*\S)?")
