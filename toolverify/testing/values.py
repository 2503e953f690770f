"""Strategies for what a model may write: JSON values, texts, calls, thoughts, messages."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from toolverify.calls import Context, ToolCall

Json = Any
#: Markers of the wire formats that models are trained on.
MARKERS = (
    "<think>",
    "</think>",
    "<tool_call>",
    "</tool_call>",
    "<|im_start|>assistant",
    "<|im_end|>",
    "<|start_header_id|>assistant<|end_header_id|>",
)
_CALL = '{"name": "f", "arguments": {"x": 1}}'
#: What near-replies are made of: markers whole and cut, JSON whole and cut, white space of every kind.
FRAGMENTS = (
    *MARKERS,
    *(marker[:-1] for marker in MARKERS),
    *("<", ">", "/", "[", "]", "{", "}", ",", ":", '"', "\\", "\\u0022", "'", "```json\n"),
    *("[]", "{}", "[[", "]]"),
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
    *("a", "t", "5", "-0.0", "1e400", "9" * 400, "NaN", "Infinity", "null", "true", "False", '"\\ud800"'),
    *("é", "e\u0301"),
    *('"name"', '"arguments"', '"parameters"', '"name": "f"', '"name": 5', '"arguments": {}'),
    *('"x": 1', '"x": 1, "x": 2'),
    *(_CALL, '{"name": "f", "arguments": {"x": "1"}}', '{"name": "f"}', f"[{_CALL}]", f"[{_CALL}"),
    *('"[]"', '"5"', '{"role": "assistant", "content": null}', '{"role": "assistant", "tool_calls": 5}'),
)
_LONGEST_ARGUMENTS = 30_000  # within the default limit on one call's text, however it is escaped


def _plain_texts() -> SearchStrategy[str]:
    return st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def _marked_texts() -> SearchStrategy[str]:
    return st.lists(st.one_of(st.sampled_from(MARKERS), _plain_texts()), max_size=4).map("".join)


@cache
def texts() -> SearchStrategy[str]:
    """Texts that JSON can hold: short, long, and with the markers of wire formats in them."""
    long = st.builds(lambda text, times: text * times, _plain_texts(), st.integers(50, 200))
    return st.one_of(_plain_texts(), _marked_texts(), long)


@cache
def names() -> SearchStrategy[str]:
    """Names of tools: common ones, and any text."""
    return st.one_of(
        st.sampled_from(["f", "g", "get_weather"]), _plain_texts().filter(bool), _marked_texts().filter(bool)
    )


@cache
def json_values() -> SearchStrategy[Json]:
    """JSON values of every kind, nested, with integers beyond what a float holds."""
    integers = st.one_of(st.integers(-9, 9), st.integers(), st.integers(-(10**60), 10**60))
    floats = st.floats(allow_nan=False, allow_infinity=False)
    scalars = st.one_of(st.none(), st.booleans(), integers, floats, texts())
    return st.recursive(
        scalars,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts(), inner, max_size=4)),
        max_leaves=12,
    )


@cache
def arguments() -> SearchStrategy[dict[str, Json]]:
    """Arguments of a call, whatever its tool wants; `arguments_for` makes those that fit a schema."""
    keys = st.one_of(st.sampled_from(["x", "y"]), texts())
    return st.dictionaries(keys, json_values(), max_size=4).filter(
        lambda drawn: len(json.dumps(drawn)) < _LONGEST_ARGUMENTS
    )


@cache
def calls() -> SearchStrategy[list[ToolCall]]:
    """Up to four calls of any tools with any arguments."""
    return st.lists(st.builds(ToolCall, names(), arguments()), max_size=4)


@cache
def thoughts() -> SearchStrategy[str]:
    """Reasoning: none to speak of, loud, long, and with markers in it, but none that ends it."""
    words = st.builds(
        lambda word, times: f"{word} " * times, st.sampled_from(["so", "I SEE"]), st.integers(1, 600)
    )
    return st.one_of(
        _marked_texts().map(lambda text: text.replace("</think>", "")), st.just("I DO NOT KNOW"), words
    )


@cache
def contexts() -> SearchStrategy[Context]:
    """What else is known of a completion."""
    return st.builds(
        Context,
        reasoning_open=st.booleans(),
        finish_reason=st.sampled_from([None, "stop", "length"]),
        category=st.sampled_from([None, "simple"]),
        step=st.integers(0, 9),
    )


@cache
def soups() -> SearchStrategy[str]:
    """Texts made of markers and pieces of JSON, in any order."""
    return st.lists(st.one_of(st.sampled_from(FRAGMENTS), st.text(max_size=3)), max_size=24).map("".join)


@cache
def messages() -> SearchStrategy[dict[str, Any]]:
    """Chat messages of any shape."""
    entry = st.one_of(json_values(), st.fixed_dictionaries({"function": json_values()}))
    return st.fixed_dictionaries(
        {"role": st.sampled_from(["assistant", "user", "tool"])},
        optional={
            "content": st.one_of(soups(), json_values()),
            "reasoning_content": st.one_of(soups(), json_values()),
            "tool_calls": st.one_of(json_values(), st.lists(entry)),
        },
    )
