"""Strategies for completions: right ones in a wire format, damaged ones, and texts made of its pieces."""

from __future__ import annotations

import json
from typing import Any, NamedTuple

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from toolverify.calls import ToolCall
from toolverify.errors import RenderError
from toolverify.plugins import registry
from toolverify.protocols import Format
from toolverify.testing.hostile import markers
from toolverify.testing.trying import find
from toolverify.testing.values import FRAGMENTS, calls, soups, thoughts

_LATEST = 10_000
_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}


class Sample(NamedTuple):
    """A completion and the calls it is scored against."""

    text: str
    answer: list[ToolCall]


def exactly(value: Any) -> str:
    """A text that tells 1 from 1.0 and from true: for what has to come back as it was."""
    return json.dumps(value, sort_keys=True)


def tools_for(made: list[ToolCall]) -> list[dict[str, Any]]:
    """Tools that any arguments satisfy, so that rules about schemas have something to read."""
    return [
        {"name": name, "parameters": {"type": "object"}} for name in dict.fromkeys(call.name for call in made)
    ]


def describing_tools(made: list[ToolCall]) -> list[dict[str, Any]]:
    """Tools whose schemas describe these very arguments, to the last element, for wires that have no types."""
    return [{"name": call.name, "parameters": _described(call.arguments)} for call in made]


def _described(value: Any) -> dict[str, Any]:
    if isinstance(value, dict):
        return {
            "type": "object",
            "properties": {key: _described(member) for key, member in value.items()},
        }
    if isinstance(value, list):
        elements = [_described(element) for element in value]
        return {"type": "array", "prefixItems": elements} if elements else {"type": "array"}
    return {"type": _TYPES[type(value)]}


def text_mutations(text: str, pieces: tuple[str, ...] = FRAGMENTS) -> SearchStrategy[str]:
    """The text with up to three places cut or filled with a piece."""
    edit = st.tuples(st.integers(0, _LATEST), st.integers(0, 12), st.sampled_from(("", *pieces)))
    return st.lists(edit, min_size=1, max_size=3).map(lambda edits: _edited(text, edits))


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    for place, cut, piece in edits:
        at = place % (len(text) + 1)
        text = text[:at] + piece + text[at + cut :]
    return text


def rendered(
    format_: Format | str, answers: SearchStrategy[list[ToolCall]] | None = None
) -> SearchStrategy[Sample]:
    """Right replies; where the format cannot express one, it stands in another format."""
    writer: Format = find("format", format_)
    return st.builds(lambda answer, thought: _reply(answer, thought, writer), answers or calls(), thoughts())


def _reply(answer: list[ToolCall], thought: str, writer: Format) -> Sample:
    try:
        return Sample(writer.render(answer, reasoning=thought), answer)
    except RenderError:
        other: Format = registry().get("format", "hermes").value
        return Sample(other.render(answer, reasoning=thought), answer)


def samples(format_: Format | str) -> SearchStrategy[Sample]:
    """Right replies, replies with another answer, damaged replies, and texts made of fragments."""
    writer: Format = find("format", format_)
    pieces = tuple(dict.fromkeys((*FRAGMENTS, *markers(writer))))
    right = rendered(writer)
    damaged = right.flatmap(
        lambda sample: text_mutations(sample.text, pieces).map(lambda text: Sample(text, sample.answer))
    )
    mixed = st.one_of(soups(), st.lists(st.sampled_from(pieces), max_size=24).map("".join))
    return st.one_of(
        right,
        st.builds(lambda sample, answer: Sample(sample.text, answer), right, calls()),
        damaged,
        st.builds(Sample, mixed, calls()),
        st.builds(Sample, mixed, st.just([ToolCall("f", {"x": 1})])),
    )


def completions(format_: Format | str) -> SearchStrategy[str]:
    """What a model may write in a wire format: right, damaged, and made of its markers and pieces."""
    return samples(format_).map(lambda sample: sample.text)
