"""Answers that are gold completions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from toolverify.calls import Expected, ExpectedCall
from toolverify.errors import AnswerError
from toolverify.formats.engines import load_python_json
from toolverify.limits import Limits
from toolverify.schema import ToolSpec
from toolverify_toolrl.reading import END, START

_LIMITS = Limits(depth=950)


@dataclass(frozen=True)
class GoldText:
    """A gold completion: its first `<tool_call>` block holds one JSON object a line, under `name` and `parameters`."""

    name: ClassVar[str] = "toolrl-text"

    def read(self, answer: Any, tools: Mapping[str, ToolSpec] | None) -> Expected:
        """Read the calls of a gold completion; the released code dies of a gold it cannot read.

        `extra` holds the lines as they stand, for the rewards that compare whole lines.
        """
        del tools
        if not isinstance(answer, str):
            kind = "null" if answer is None else type(answer).__name__
            raise AnswerError(f"expected a gold completion, got {kind}", path="answer", mend="give its text")
        if START not in answer:
            return Expected(((),), text=answer)
        written = answer.split(START, 2)[1].split(END, 1)[0].strip().split("\n")
        lines = tuple([_line(line, index) for index, line in enumerate(written)])
        calls = tuple([ExpectedCall(line["name"], line["parameters"]) for line in lines])
        return Expected((calls,), text=answer, extra=lines)


def _line(line: str, index: int) -> dict[str, Any]:
    path = f"answer: line {index + 1} of the block"
    value = load_python_json(line, _LIMITS).value
    if not isinstance(value, dict):
        raise AnswerError("not a JSON object", path=path, mend="write one JSON object a line")
    name, parameters = value.get("name"), value.get("parameters")
    if not isinstance(name, str) or not name or not isinstance(parameters, dict):
        raise AnswerError(
            "'name' or 'parameters' is missing", path=path, mend='write {"name": …, "parameters": {…}}'
        )
    return value
