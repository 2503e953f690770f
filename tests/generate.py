"""Strategies for hypothesis: JSON values, calls, replies, and texts that are nearly replies."""

import json
from typing import Any, NamedTuple

from hypothesis import strategies as st

import toolverify as tv

MARKERS = (
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "<|im_start|>assistant",
    "<|im_end|>",
    "<|start_header_id|>assistant<|end_header_id|>",
)
#: What near-replies are made of: markers whole and cut, JSON whole and cut, white space of every kind.
FRAGMENTS = (
    *MARKERS,
    *(marker[:-1] for marker in MARKERS),
    *(
        "<",
        ">",
        "/",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
        '"',
        "\\",
        "\\u0022",
        "'",
        "```json\n",
        "[]",
        "{}",
        "[[",
        "]]",
    ),
    *(
        " ",
        "\n",
        "\r\n",
        "\t",
        "\u00a0",
        "\x1c",
        "\u2028",
        "\u200b",
        "\ufeff",
        "\x00",
        "\ud800",
        "\U0001f600",
    ),
    *(
        "a",
        "t",
        "5",
        "-0.0",
        "1e400",
        "9" * 400,
        "NaN",
        "Infinity",
        "null",
        "true",
        "False",
        '"\\ud800"',
        "é",
        "e\u0301",
    ),
    *(
        '"name"',
        '"arguments"',
        '"parameters"',
        '"name": "f"',
        '"name": 5',
        '"arguments": {}',
        '"x": 1',
        '"x": 1, "x": 2',
    ),
    *('{"name": "f", "arguments": {"x": 1}}', '{"name": "f", "arguments": {"x": "1"}}', '{"name": "f"}'),
    *('[{"name": "f", "arguments": {"x": 1}}]', '[{"name": "f", "arguments": {"x": 1}}', '"[]"', '"5"'),
    *('{"role": "assistant", "content": null}', '{"role": "assistant", "tool_calls": 5}'),
)

plain_text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
long_text = st.builds(lambda text, times: text * times, plain_text, st.integers(50, 200))
marked_text = st.lists(st.one_of(st.sampled_from(MARKERS), plain_text), max_size=4).map("".join)
texts = st.one_of(plain_text, marked_text, long_text)
names = st.one_of(
    st.sampled_from(["f", "g", "get_weather"]), plain_text.filter(bool), marked_text.filter(bool)
)
integers = st.one_of(st.integers(-9, 9), st.integers(), st.integers(-(10**60), 10**60))
floats = st.floats(allow_nan=False, allow_infinity=False)
scalars = st.one_of(st.none(), st.booleans(), integers, floats, texts)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
    max_leaves=12,
)
arguments = st.dictionaries(st.one_of(st.sampled_from(["x", "y"]), texts), values, max_size=4).filter(
    lambda drawn: (
        len(json.dumps(drawn)) < 30_000
    )  # within the default limit on one call's text, however it is escaped
)
calls = st.lists(st.builds(tv.ToolCall, names, arguments), max_size=4)
thoughts = marked_text.map(lambda text: text.replace("</think>", ""))
contexts = st.builds(
    tv.Context,
    reasoning_open=st.booleans(),
    finish_reason=st.sampled_from([None, "stop", "length"]),
    step=st.integers(0, 9),
)
soups = st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=3)), max_size=24).map("".join)
messages = st.fixed_dictionaries(
    {"role": st.sampled_from(["assistant", "user", "tool"])},
    optional={
        "content": st.one_of(soups, values),
        "reasoning_content": st.one_of(soups, values),
        "tool_calls": st.one_of(
            values, st.lists(st.one_of(values, st.fixed_dictionaries({"function": values})))
        ),
    },
)


def plain(calls_made):
    """Calls as an answer, or as ready-made calls, states them."""
    return [{"name": call.name, "arguments": call.arguments} for call in calls_made]


def exactly(value: Any) -> str:
    """A text that tells 1 from 1.0 and from true: for what has to come back as it was."""
    return json.dumps(value, sort_keys=True)


def tools_for(calls_made):
    """Tools that any arguments satisfy, so that rules about schemas have something to read."""
    names_called = dict.fromkeys([call.name for call in calls_made])
    return [{"name": name, "parameters": {"type": "object"}} for name in names_called]


class Sample(NamedTuple):
    """A text and the answer it is scored against."""

    text: str
    answer: list[tv.ToolCall]


def _edited(text: str, edits: list[tuple[int, int, str]]) -> str:
    for place, cut, piece in edits:
        at = place % (len(text) + 1)
        text = text[:at] + piece + text[at + cut :]
    return text


edits = st.lists(
    st.tuples(st.integers(0, 10_000), st.integers(0, 12), st.sampled_from(("", *FRAGMENTS))),
    min_size=1,
    max_size=3,
)


def _reply(answer: list[tv.ToolCall], thought: str, wire: str) -> Sample:
    """A right reply; where the format cannot express it, it stands in another one."""
    try:
        return Sample(tv.render(answer, format=wire, reasoning=thought), answer)
    except tv.ToolverifyError:
        return Sample(tv.render(answer, format="hermes", reasoning=thought), answer)


def rendered(wire: str):
    """Right replies in a wire format."""
    return st.builds(_reply, calls, thoughts, st.just(wire))


def samples(wire: str):
    """Right replies, replies with another answer, damaged replies, and texts made of fragments."""
    right = rendered(wire)
    return st.one_of(
        right,
        st.builds(lambda sample, answer: Sample(sample.text, answer), right, calls),
        st.builds(lambda sample, changes: Sample(_edited(sample.text, changes), sample.answer), right, edits),
        st.builds(Sample, soups, calls),
        st.builds(Sample, soups, st.just([tv.ToolCall("f", {"x": 1})])),
    )
