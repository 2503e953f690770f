"""Formats: attempts, spans, reasoning, rendering, and the vectors of real serving parsers."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pytest

import toolverify as tv
from toolverify.errors import ProfileError, RenderError, ToolsError
from toolverify.formats.engines import JsonBlocks, decode, load_python_json, nesting, read_value
from toolverify.fresh_stack import with_room
from toolverify.limits import Limits

SHARED = Path(os.environ.get("TOOLVERIFY_SHARED", Path(__file__).resolve().parents[2] / "shared"))
VECTORS = SHARED / "vectors" / "formats"
ONE = '{"name": "f", "arguments": {"a": 1}}'
TWO = '{"name": "g", "arguments": {}}'

# Each row: format, text, status of every attempt, flags of the reply.
READINGS = [
    ("tool-n1", f"<tool_call>[{ONE}, {TWO}]</tool_call>", ["ok", "ok"], []),
    ("tool-n1", "<tool_call>[]</tool_call>", [], []),
    ("tool-n1", f"<tool_call>{ONE}</tool_call>", ["ok"], ["single_object"]),
    (
        "tool-n1",
        f"<tool_call>[{ONE}]</tool_call><tool_call>[{TWO}]</tool_call>",
        ["ok", "ok"],
        ["several_blocks"],
    ),
    ("tool-n1", f"<tool_call>[{ONE}, {{bad}}, {TWO}]</tool_call>", ["ok", "invalid_json", "ok"], []),
    ("tool-n1", f"<tool_call>[{ONE} {TWO}]</tool_call>", ["ok", "invalid_json"], []),
    ("tool-n1", f"<tool_call>[{ONE}, {TWO[:-3]}", ["ok", "truncated"], []),
    ("tool-n1", f"<tool_call>[{ONE}", ["ok", "truncated"], []),
    ("tool-n1", f"<tool_call>[{ONE}]", ["unclosed"], []),
    ("tool-n1", f"<tool_call>[{ONE}]</tool_", ["unclosed"], []),
    ("tool-n1", "<tool_call>[", ["truncated"], []),
    ("tool-n1", "<tool_call>", ["truncated"], []),
    ("tool-n1", "<tool_call>[42, [], null]</tool_call>", ["wrong_dialect"] * 3, []),
    ("tool-n1", '<tool_call>[{"name": "f", "arguments": "{}"}]</tool_call>', ["non_object_args"], []),
    ("tool-n1", '<tool_call>[{"name": "f", "parameters": {}}]</tool_call>', ["wrong_dialect"], []),
    ("tool-n1", '<tool_call>[{"arguments": {}}]</tool_call>', ["missing_name"], []),
    ("tool-n1", '<tool_call>[{"name": "f", "arguments": {"a": NaN}}]</tool_call>', ["invalid_json"], []),
    ("tool-n1", '<tool_call>[{"name": "f", "arguments": {"a": 1e400}}]</tool_call>', ["invalid_json"], []),
    (
        "tool-n1",
        '<tool_call>[{"name": "f", "arguments": {"a": "\\ud800"}}]</tool_call>',
        ["invalid_json"],
        [],
    ),
    ("tool-n1", '<tool_call>[{"name": "f", "arguments": {"a": "</tool_call>"}}]</tool_call>', ["ok"], []),
    ("tool-n1", f"<think>try <tool_call>[{ONE}]</tool_call></think>", ["in_reasoning"], []),
    ("tool-n1", f"<think>no end <tool_call>[{ONE}]</tool_call>", ["in_reasoning"], ["reasoning_unclosed"]),
    ("tool-n1", f"a thought</think><tool_call>[{ONE}]</tool_call>", ["ok"], ["reasoning_not_opened"]),
    ("hermes", f"<tool_call>\n{ONE}\n</tool_call>\n<tool_call>\n{TWO}\n</tool_call>", ["ok", "ok"], []),
    ("hermes", f"<tool_call>\n[{ONE}]\n</tool_call>", ["wrong_dialect"], []),
    (
        "hermes",
        f"<tool_call>\n{{bad\n</tool_call>\n<tool_call>\n{TWO}\n</tool_call>",
        ["invalid_json", "ok"],
        [],
    ),
    ("hermes", f"<tool_call>\n{ONE}\n<tool_call>\n{TWO}\n</tool_call>", ["unclosed", "ok"], []),
    ("hermes", f"<tool_call>\n{ONE}{TWO}\n</tool_call>", ["invalid_json"], []),
    ("hermes", "<tool_call>\n\n</tool_call>", ["invalid_json"], []),
    ("hermes", '<tool_call>{"name": "f", "arguments": {"a": "cut', ["truncated"], []),
    ("hermes", '<tool_call>{"name": "f", "arguments": {"a": tru', ["truncated"], []),
    ("hermes", "no call at all", [], []),
]


@pytest.mark.parametrize(("name", "text", "statuses", "flags"), READINGS)
def test_every_attempt_has_the_status_of_its_syntax(name, text, statuses, flags):
    reply = tv.parse(text, format=name)
    assert [attempt.status for attempt in reply.attempts] == statuses
    assert list(reply.flags) == flags


@pytest.mark.parametrize(("name", "text", "statuses", "flags"), READINGS)
def test_segments_joined_are_the_text_and_spans_point_at_attempts(name, text, statuses, flags):
    reply = tv.parse(text, format=name)
    assert "".join(segment.text for segment in reply.segments) == text
    assert reply.content == "".join(segment.text for segment in reply.segments if segment.kind == "content")
    for attempt in reply.attempts:
        assert text[slice(*attempt.span)] == attempt.raw


def test_each_call_of_a_list_has_a_span_of_its_own():
    reply = tv.parse(f"<tool_call>[{ONE} , {TWO}]</tool_call>", format="tool-n1")
    assert [attempt.raw for attempt in reply.attempts] == [ONE, TWO]


def test_a_reply_cut_by_the_length_limit_is_truncated_even_when_its_json_is_whole():
    reply = tv.parse(f"<tool_call>[{ONE}]", format="tool-n1", context=tv.Context(finish_reason="length"))
    assert [attempt.status for attempt in reply.attempts] == ["truncated"]


def test_a_string_cut_behind_an_end_marker_is_truncated_only_when_the_length_ended_it():
    text = '<tool_call>[{"name": "f", "arguments": {"a": "say </tool_call> an'
    assert tv.parse(text, format="tool-n1").attempts[0].status == "invalid_json"
    cut = tv.parse(text, format="tool-n1", context=tv.Context(finish_reason="length"))
    assert cut.attempts[0].status == "truncated"


def test_reasoning_that_the_prompt_opened_ends_at_the_first_end_marker():
    text = f"so </think> be it</think><tool_call>[{ONE}]</tool_call>"
    reply = tv.parse(text, format="tool-n1", context=tv.Context(reasoning_open=True))
    assert reply.reasoning == "so "
    assert reply.content == " be it</think>"
    both = tv.parse(
        f" <think>a</think><tool_call>[{ONE}]</tool_call>",
        format="tool-n1",
        context=tv.Context(reasoning_open=True),
    )
    assert both.reasoning == "a"
    assert both.flags == ()


def test_several_thoughts_are_all_reasoning():
    reply = tv.parse("<think>a</think>x<think>b</think>", format="hermes")
    assert reply.reasoning == "a\nb"
    assert reply.content == "x"


def test_integers_stay_exact():
    number = 2**63 * 10**20 + 1
    reply = tv.parse(
        f'<tool_call>[{{"name": "f", "arguments": {{"n": {number}}}}}]</tool_call>', format="tool-n1"
    )
    assert reply.calls[0].arguments == {"n": number}


@pytest.mark.parametrize(
    "text", ['{"a": 1, "a": 2}', '{"\\u0022": {"b": [], "b": 3}}', '{"\\u0022a": 1, "x": {"y": 1, "y": 1}}']
)
def test_duplicate_keys_are_seen_at_any_depth(text):
    assert decode(text, Limits()).duplicate_keys


@pytest.mark.parametrize(
    "text", ['{"a": 1, "b": {"a": 2}}', '["\\u0022", "\\"", "a\\"a"]', '{"\\u0022": 1}', "[]"]
)
def test_keys_that_only_look_alike_are_no_duplicates(text):
    assert not decode(text, Limits()).duplicate_keys


def test_depth_counts_brackets_outside_strings():
    assert nesting('[{"a": "[[[[" }, ["]"]]') == 2
    assert nesting('["unended [[[') == 1
    assert decode("[" * 128 + "]" * 128, Limits()).status == "ok"
    assert decode("[" * 129 + "]" * 129, Limits()).status == "limit_exceeded"
    assert read_value("[" * 100_000, 0, Limits())[0].status == "limit_exceeded"


def test_digits_are_bounded_in_numbers_and_not_in_strings():
    assert decode("1" * 1000, Limits()).status == "ok"
    assert decode("1" * 1001, Limits()).status == "limit_exceeded"
    assert decode('"' + "1" * 5000 + '"', Limits()).status == "ok"
    assert read_value("1" * 5000, 0, Limits())[0].status == "limit_exceeded"


def test_a_call_of_too_much_text_is_not_read_and_the_others_are():
    big = json.dumps({"name": "f", "arguments": {"a": "x" * 70_000}})
    for name, text in (
        ("tool-n1", f"<tool_call>[{big}, {TWO}]</tool_call>"),
        ("hermes", f"<tool_call>{big}</tool_call><tool_call>{TWO}</tool_call>"),
    ):
        assert [attempt.status for attempt in tv.parse(text, format=name).attempts] == [
            "limit_exceeded",
            "ok",
        ]


@pytest.mark.parametrize("name", ["tool-n1", "hermes", "openai-message"])
def test_attempts_are_counted_up_to_the_limit_and_the_rest_is_one(name):
    calls = [{"name": "f", "arguments": {"i": index}} for index in range(300)]
    reply = tv.parse(tv.render(calls, format=name), format=name)
    assert len(reply.calls) == 256
    assert reply.attempts[-1].status == "limit_exceeded"
    assert len(reply.attempts) == 257


def test_a_completion_of_too_much_text_is_one_attempt():
    reply = tv.parse("x" * 1_000_001, format="hermes")
    assert [attempt.status for attempt in reply.attempts] == ["limit_exceeded"]


# Messages


def call_entry(arguments: object, name: object = "f") -> dict[str, object]:
    return {"id": "1", "type": "function", "function": {"name": name, "arguments": arguments}}


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        ('{"a": 1}', "ok"),
        ({"a": 1}, "ok"),
        ("", "ok"),
        ("null", "non_object_args"),
        ("[1]", "non_object_args"),
        (None, "non_object_args"),
        ("{'a': 1}", "invalid_json"),
        ('{"a": ', "invalid_json"),
        ('"{}"', "non_object_args"),
        ("x" * 70_000, "limit_exceeded"),
        ('{"a": ' + "[" * 200 + "]" * 200 + "}", "limit_exceeded"),
        ({"a": float("inf"), "b": {1: object()}}, "invalid_json"),
    ],
)
def test_arguments_of_a_message_are_judged_and_never_replaced(arguments, status):
    reply = tv.parse({"role": "assistant", "tool_calls": [call_entry(arguments)]}, format="openai-message")
    assert [attempt.status for attempt in reply.attempts] == [status]


def test_parsed_arguments_nested_beyond_the_limit_are_told_as_such():
    deep: object = 1
    for _ in range(200):
        deep = [deep]
    for value in (deep, _nested(3_000)):
        reply = tv.parse({"tool_calls": [call_entry({"a": value})]}, format="openai-message")
        assert reply.attempts[0].status == "limit_exceeded"


def _nested(levels: int) -> object:
    value: object = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("message", "statuses"),
    [
        ({"tool_calls": "f()"}, ["wrong_dialect"]),
        ({"tool_calls": ["f()"]}, ["wrong_dialect"]),
        ({"tool_calls": [{"name": "f", "arguments": "{}"}]}, ["ok"]),
        ({"tool_calls": [call_entry("{}", name=None)]}, ["missing_name"]),
        ({"function_call": {"name": "f", "arguments": "{}"}}, ["ok"]),
        ({"content": [{"type": "text", "text": "a"}, "b", {"type": "image"}]}, []),
        ({"content": 7}, []),
        ({}, []),
    ],
)
def test_messages_of_any_shape_are_read(message, statuses):
    reply = tv.parse(message, format="openai-message")
    assert [attempt.status for attempt in reply.attempts] == statuses


def test_arguments_cut_by_the_length_limit_are_truncated():
    message = {"tool_calls": [call_entry('{"a": ')]}
    reply = tv.parse(message, format="openai-message", context=tv.Context(finish_reason="length"))
    assert reply.attempts[0].status == "truncated"


def test_only_the_assistants_turns_are_read():
    turns = [
        {"role": "assistant", "content": "<think>a</think>", "tool_calls": [call_entry("{}")]},
        {"role": "tool", "content": f"<tool_call>{ONE}</tool_call>"},
        {"role": "assistant", "content": f"<tool_call>{TWO}</tool_call>"},
    ]
    reply = tv.parse(turns, format="hermes")
    assert [call.name for call in reply.calls] == ["f", "g"]
    assert tv.parse([{"role": "tool", "content": ONE}], format="hermes").attempts == ()
    assert tv.parse([3], format="hermes").attempts[0].status == "wrong_dialect"


def test_a_message_without_calls_is_text_and_its_reasoning_may_stand_beside():
    message = {"role": "assistant", "reasoning_content": "why", "content": f"<tool_call>{ONE}</tool_call>"}
    reply = tv.parse(message, format="hermes")
    assert reply.reasoning == "why"
    assert [call.name for call in reply.calls] == ["f"]


@pytest.mark.parametrize("completion", [None, 3, b"x", object()])
def test_what_is_no_completion_is_no_call(completion):
    assert tv.parse(completion, format="tool-n1").calls == ()


# Rendering


@pytest.mark.parametrize("name", ["tool-n1", "hermes", "openai-message"])
def test_what_is_rendered_reads_back(name):
    calls = [
        {"name": "f", "arguments": {"a": "</tool_call><think>", "ü": [None, 1.5, {"b": "\\"}]}},
        {"name": "g", "arguments": {}},
    ]
    reply = tv.parse(tv.render(calls, format=name, reasoning="ß <tool_call>", content="Hi."), format=name)
    assert [{"name": call.name, "arguments": call.arguments} for call in reply.calls] == calls
    assert reply.reasoning == "ß <tool_call>"
    assert reply.content.strip() == "Hi."


@pytest.mark.parametrize(
    ("calls", "options", "path"),
    [
        ([], {"reasoning": "a</think>b"}, "reasoning"),
        ([], {"content": "<tool_call>"}, "content"),
        ([], {"content": "</think>"}, "content"),
        ([{"name": "f", "arguments": {"a": float("nan")}}], {}, "calls"),
        ([{"name": "f", "arguments": {"a": "\ud800"}}], {}, "calls"),
        ([{"name": "f", "arguments": {"a": {1, 2}}}], {}, "calls"),
        ([{"name": "", "arguments": {}}], {}, "calls"),
        ([{"name": "f"}], {}, "calls"),
    ],
)
def test_what_a_format_cannot_express_is_refused(calls, options, path):
    with pytest.raises(RenderError) as caught:
        tv.render(calls, format="hermes", **options)
    assert caught.value.path == path


def test_a_message_refuses_what_is_no_json():
    with pytest.raises(RenderError):
        tv.render([{"name": "f", "arguments": {"a": float("inf")}}], format="openai-message")


def test_an_unknown_format_and_wrong_tools_are_errors_with_a_mend():
    with pytest.raises(ProfileError, match="did you mean 'hermes'"):
        tv.parse("x", format="herms")
    with pytest.raises(ToolsError, match=r"tools\[0\].name"):
        tv.parse("x", format="hermes", tools=[{}])


def test_a_format_is_a_declaration():
    longcat = JsonBlocks(
        "longcat",
        start="<longcat_tool_call>",
        end="</longcat_tool_call>",
        think_start="[T]",
        think_end="[/T]",
    )
    text = longcat.render([tv.ToolCall("f", {"a": 1})], reasoning="hm")
    assert text == '[T]hm[/T]\n<longcat_tool_call>{"name": "f", "arguments": {"a": 1}}</longcat_tool_call>'
    case = tv.Verifier("tool-n1").compile(answer=[])
    assert longcat.read(text, case, tv.Context()).calls == (tv.ToolCall("f", {"a": 1}),)
    assert longcat.quick(text, case) == [("f", {"a": 1})]


# Python's own JSON, for leaves that copy it


@pytest.mark.parametrize(
    "text",
    [
        "[NaN, Infinity, 1e400]",
        '"\\ud800"',
        '{"a": 1, "a": 2}',
        "[1, [2, {}], []]",
        "7",
        "",
        "[1,]",
        "tru",
        "{1:2}",
    ],
)
def test_python_json_reads_and_refuses_what_json_loads_does(text):
    loaded = load_python_json(text, Limits())
    try:
        value = json.loads(text)
    except json.JSONDecodeError:
        assert loaded.status == "invalid"
    else:
        assert json.dumps(loaded.value) == json.dumps(value)


def test_python_json_never_raises_within_an_empty_stack():
    limits = Limits(depth=950)
    deep = "[" * 940 + "]" * 940
    assert with_room(load_python_json, deep, limits).status == "ok"
    assert _from_below(lambda: with_room(load_python_json, deep, limits).status, 500) == "ok"
    assert load_python_json("[" * 960 + "]" * 960, limits).raised == "RecursionError"
    assert load_python_json("[" * 100_000, limits).raised == "RecursionError"
    assert with_room(load_python_json, "[" * 940 + "x", limits).status == "invalid"
    assert load_python_json("1" * 5000, limits).raised == "ValueError"
    assert load_python_json("{", limits).status == "invalid"


def _from_below(what, frames: int):
    return what() if frames == 0 else _from_below(what, frames - 1)


# Vectors


def _vectors(name: str) -> list[dict[str, object]]:
    path = VECTORS / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no vectors for {name}")
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


@pytest.mark.parametrize("name", ["tool_n1", "hermes", "openai_message"])
def test_canonical_texts_give_the_intended_calls(name):
    for row in _vectors(name):
        if row["canonical"]:
            reply = tv.parse(row["text"], format=name.replace("_", "-"), tools=row["tools"])
            calls = [{"name": call.name, "arguments": call.arguments} for call in reply.calls]
            assert json.dumps(calls, sort_keys=True) == json.dumps(row["intended_calls"], sort_keys=True), (
                row["id"]
            )
            if (
                name != "tool_n1" and "quirk_class" not in row
            ):  # the peer that read tool_n1 does not split reasoning
                assert (reply.reasoning or None) == (row.get("expected_reasoning") or None), row["id"]


HARMLESS = {
    "bad_name_spaces", "name_wrong_case", "crlf", "in_markdown_fence", "stray_end_after_call", "name_padded", "keys_reordered",
    "args_empty_text", "prose_between", "two_tool_call_blocks", "trunc_parallel_60pct", "object_not_list",
}  # fmt: skip


@pytest.mark.parametrize("name", ["tool_n1", "hermes", "openai_message"])
def test_other_texts_never_pass_silently(name):
    for row in _vectors(name):
        if row["canonical"] or any(row["id"].endswith(harmless) for harmless in HARMLESS):
            continue
        reply = tv.parse(row["text"], format=name.replace("_", "-"), tools=row["tools"])
        odd = [attempt for attempt in reply.attempts if attempt.status != "ok" or attempt.flags]
        assert odd or not reply.calls, row["id"]
