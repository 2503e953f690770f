"""Rule `schema`: the arguments satisfy the schemas of their tools."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import ClassVar

from toolverify.calls import Case, ExpectedCall, Finding, Outcome, ToolCall, View
from toolverify.paths import join
from toolverify.schema import ToolSpec, fits, violations
from toolverify.schema_dialects import ANNOTATIONS

_PASS = Outcome(1.0)
_ENOUGH = 200  # findings: more than are shown
_NO_TOOLS = Outcome(
    1.0, (Finding("schema.no_tools", "note", "tools", "no tools were given: no schema was checked"),)
)


@dataclass(frozen=True)
class SchemaRule:
    """Every call names a tool that is offered, and its arguments satisfy that tool's schema."""

    name: ClassVar[str] = "schema"
    gate: ClassVar[bool] = True
    reads_tools: ClassVar[bool] = True

    def sure_for(self, case: Case) -> bool:
        """Equal calls satisfy a schema alike, so the answer's own calls tell."""
        tools = case.tools
        if tools is None:
            return True
        calls = [call for option in case.expected.options for call in option]
        return all(call.plain and _satisfies(call, tools) for call in calls) and all(
            _judges_one_by_one(tools[name]) for name in case.defaults
        )

    def __call__(self, view: View) -> Outcome:
        """Score the share of calls that satisfy their schema."""
        tools = view.case.tools
        if tools is None:
            return _NO_TOOLS
        wrong = [index for index, call in enumerate(view.calls) if not _satisfies(call, tools)]
        if not wrong:
            return _PASS
        found = (finding for index in wrong for finding in _findings(index, view.calls[index], tools))
        findings = list(islice(found, _ENOUGH))
        return Outcome(1 - len(wrong) / len(view.calls), tuple(findings))


_ABOUT_ONE_ARGUMENT = {
    "type",
    "properties",
    "required",
    "additionalProperties",
    "$defs",
    "definitions",
    *ANNOTATIONS,
}


def _judges_one_by_one(tool: ToolSpec) -> bool:
    """Whether leaving out a default, or writing it out, cannot break the schema."""
    return tool.parameters.keys() <= _ABOUT_ONE_ARGUMENT


def _satisfies(call: ToolCall | ExpectedCall, tools: Mapping[str, ToolSpec]) -> bool:
    tool = tools.get(call.name)
    return tool is not None and fits(tool, call.arguments)


def _findings(index: int, call: ToolCall, tools: Mapping[str, ToolSpec]) -> Iterator[Finding]:
    tool = tools.get(call.name)
    if tool is None:
        path = f"calls[{index}].name"
        yield Finding("call.unknown_tool", "error", path, f"no tool is named {call.name!r}", got=call.name)
        return
    for violation in violations(tool, call.arguments):
        path = join(f"calls[{index}].arguments", violation.steps)
        yield Finding("schema.violated", "error", path, violation.message, violation.expected, violation.got)
