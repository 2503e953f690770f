"""Formats with one tag per parameter: real texts, statuses, types from the schema, rendering, hostile texts."""

from __future__ import annotations

import gzip
import json
import os
import pickle
import re
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolverify.calls import Attempt, Case, Context, Expected, Reply, ToolCall
from toolverify.errors import RenderError
from toolverify.formats.engines.tag_calls import TagCalls
from toolverify.formats.engines.typed_text import typed
from toolverify.limits import DEFAULT_LIMITS, Limits
from toolverify.schema import read_tools
from toolverify.testing import calls, check_format, hostile_texts, thoughts
from toolverify_formats.tag_formats import FORMATS

SHARED = Path(os.environ.get("TOOLVERIFY_SHARED", Path(__file__).resolve().parents[4] / "shared"))
VECTORS = SHARED / "vectors" / "formats"
BY_NAME = {made.name: made for made in FORMATS}
NAMES = list(BY_NAME)
TYPED_BY_TOOLS = [name for name, made in BY_NAME.items() if made.typed_by_tools]
NO_TOOLS = Case(Expected(((),)))


def case_with(tools: Any, limits: Limits = DEFAULT_LIMITS) -> Case:
    return Case(Expected(((),)), limits=limits, given_tools=tools, specs=read_tools(tools))


def read(name: str, text: str, case: Case = NO_TOOLS, context: Context | None = None) -> Reply:
    reply = BY_NAME[name].read(text, case, context or Context())
    assert "".join(segment.text for segment in reply.segments) == text
    assert all(text[slice(*attempt.span)] == attempt.raw for attempt in reply.attempts)
    return reply


def statuses(reply: Reply) -> list[str]:
    return [attempt.status for attempt in reply.attempts]


def exactly(value: Any) -> str:
    return json.dumps(value, sort_keys=True)


def plain(made: Any) -> list[dict[str, Any]]:
    return [{"name": call.name, "arguments": call.arguments} for call in made]


# Real texts


def vectors(name: str) -> list[dict[str, Any]]:
    path = VECTORS / f"{name.replace('-', '_')}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no vectors for {name}")
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def read_row(name: str, row: dict[str, Any]) -> Reply:
    opening, ending = BY_NAME[name].think
    opened = row["mode"] == "reasoning+tool" and ending in row["text"] and opening not in row["text"]
    return read(name, row["text"], case_with(row["tools"]), Context(reasoning_open=opened))


@pytest.mark.parametrize("name", NAMES)
def test_canonical_texts_give_the_intended_calls(name):
    for row in vectors(name):
        if row["canonical"]:
            reply = read_row(name, row)
            assert exactly(plain(reply.calls)) == exactly(row["intended_calls"]), row["id"]


@pytest.mark.parametrize("name", NAMES)
def test_canonical_texts_give_reasoning_and_content(name):
    """The peer strips what it returns, keeps of the text around calls what stands before them, and leaks some drafts."""
    for row in vectors(name):
        if row["canonical"] and "quirk_class" not in row:
            reply = read_row(name, row)
            assert (reply.reasoning or "").strip() == (row.get("expected_reasoning") or "").strip(), row["id"]
            assert reply.content.strip().startswith((row["expected_content"] or "").strip()), row["id"]


#: Texts that are not canonical and yet hold nothing but whole calls, by the end of their ids; and why they may.
HARMLESS = {
    "unknown_arg": "whether a parameter exists is no question of syntax",
    "m_bad_name_spaces": "whether a tool exists is none either",
    "m_name_wrong_case": "the same",
    "m_crlf": "line ends of another system",
    "m_in_markdown_fence": "the fence is content",
    "m_stray_end_after_call": "the marker is content",
    "x_observation_suffix": "so is the end-of-turn token",
    "minicpm5-m_doubled_start_marker": "half a marker is content",
    "x_two_functions_one_block": "models write it, and nothing in it can be read in two ways",
    "x_two_outer_blocks": "the same",
    "x_key_spaces": "white space around a name is no part of it",
    "x_name_on_next_line": "the same",
    "x_int_padded": "white space around JSON is no part of it",
    "x_int_as_float": "3.0 is an integer, says JSON Schema",
    "x_int_garbage": "the text stays, and is no integer: the schema tells",
    "x_int_with_underscore": "the same",
    "x_bool_as_one": "the text stays, and is no boolean",
    "x_number_infinity": "the text stays, and is no number",
    "x_string_quoted": "a string is its text, to the letter",
    "x_cdata": "the same",
    "x_string_true_for_int": "the wire says that it is a string",
    "x_wrong_type_tag": "the same",
    "x_attr_escape": "names are escaped on this wire",
    "x_same_args_two_tools_wrapped": "all arguments as one object, in each of two calls",
}


@pytest.mark.parametrize("name", NAMES)
def test_other_texts_never_pass_silently(name):
    for row in vectors(name):
        if row["canonical"] or row["id"].endswith(tuple(HARMLESS)):
            continue
        reply = read_row(name, row)
        odd = [attempt for attempt in reply.attempts if attempt.status != "ok" or attempt.flags]
        assert odd or not reply.calls, row["id"]


#: Statuses of some texts that are not canonical, by the end of their ids.
BROKEN = {
    "m_trunc_30pct": ["truncated"],
    "m_start_marker_in_prose": ["wrong_dialect"],
    "m_missing_start_marker": ["wrong_dialect"],
    "qwen3_coder-m_doubled_start_marker": ["unclosed", "ok"],
    "qwen3_coder-x_missing_param_end": ["unclosed"],
    "x_missing_last_param_end": ["unclosed"],
    "x_missing_function_end": ["unclosed"],
    "x_hermes_json_in_block": ["wrong_dialect"],
    "x_quoted_attr": ["wrong_dialect"],
    "x_missing_value_end": ["unclosed"],
    "x_missing_value": ["wrong_dialect"],
    "x_good_then_truncated": ["ok", "truncated"],
    "x_outer_end_swapped": ["unclosed"],
    "x_string_false_for_str": ["invalid_json"],
    "x_string_false_bad_json": ["invalid_json"],
    "x_text_between_invokes": ["ok", "wrong_dialect", "ok"],
    "x_no_type_attr": ["wrong_dialect"],
    "x_bad_json_object": ["invalid_json"],
}
#: A text without one marker that begins a call holds none.
NO_ATTEMPT = {"glm45-m_missing_start_marker", "glm47-m_missing_start_marker"}


@pytest.mark.parametrize("name", NAMES)
def test_broken_texts_have_the_status_of_what_is_wrong(name):
    for row in vectors(name):
        for ending, expected in BROKEN.items():
            if row["id"].endswith(ending) and row["id"] not in NO_ATTEMPT and name != "minicpm5":
                assert statuses(read_row(name, row)) == expected, row["id"]


# What is cut off, what is damaged


@pytest.mark.parametrize("name", NAMES)
def test_a_text_that_is_cut_anywhere_holds_no_call(name):
    made = BY_NAME[name]
    text = made.render([ToolCall("get_weather", {"city": "Oslo", "when": "a\nb"})], reasoning="So.")
    whole = text.index(made.call[1]) + len(made.call[1])
    for stop in range(len(text)):
        for finish_reason in (None, "length"):
            reply = read(name, text[:stop], context=Context(finish_reason=finish_reason))
            optional = made.end_optional and finish_reason is None and not text[whole:stop].strip()
            assert not reply.calls or (stop >= whole and optional), text[:stop]
            assert {"truncated", "unclosed"}.issuperset(statuses(reply)) or optional
            if finish_reason and reply.attempts:
                assert statuses(reply) == ["truncated"]


TAG = re.compile(r"\]<\]minimax\[>\[<[^<>]*>|<\|(?:open|close)\|>[^<]*<\|sep\|>|<[^<>|]*>|<｜[^<>]*>")
PAIRS = [
    ({"x": "a", "y": "b"}, {"z": "c"}),
    ({"x": "a"}, {"x": "c"}),
    ({"x": "l\nm"}, {}),
    ({}, {"z": "c"}),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_a_call_without_one_of_its_tags_never_hides_the_next_and_is_never_another(name, first, second):
    made = BY_NAME[name]
    text = made.render([ToolCall("f", first), ToolCall("g", second)])
    begin, end = len(made.block[0]), text.index(f"{made.call[0].partition('{')[0]}g")
    for tag in TAG.finditer(text, begin, end):
        if tag.group() in made.block:
            continue
        reply = read(name, text[: tag.start()] + text[tag.end() :])
        assert ToolCall("g", second) in reply.calls, tag.group()
        other = [call for call in reply.calls if call.name == "f" and call.arguments != first]
        assert not other or any(attempt.flags for attempt in reply.attempts), tag.group()


@pytest.mark.parametrize("name", NAMES)
def test_a_draft_in_the_reasoning_is_recorded_and_does_not_count(name):
    made = BY_NAME[name]
    draft = made.render([ToolCall("draft", {"x": "1"})])
    text = made.render([ToolCall("f", {"x": "2"})], reasoning=f"Maybe {draft} or not.")
    reply = read(name, text)
    assert statuses(reply) == ["in_reasoning", "ok"]
    assert reply.attempts[0].raw == draft
    assert plain(reply.calls) == [{"name": "f", "arguments": {"x": "2"}}]


# Values that hold tags

QWEN = "<tool_call>\n<function=f>\n{}</function>\n</tool_call>"


def one(values: str) -> Attempt:
    [attempt] = read("qwen3-coder", QWEN.format(values)).attempts
    return attempt


@pytest.mark.parametrize(
    ("values", "arguments", "flags"),
    [
        ("<parameter=a>\nx </parameter> y\n</parameter>\n", {"a": "x </parameter> y"}, ("ambiguous",)),
        ("<parameter=a>\n</parameter></parameter>\n", {"a": "</parameter>"}, ("ambiguous",)),
        ("<parameter=a>\n'<parameter=b>'\n</parameter>\n", {"a": "'<parameter=b>'"}, ("ambiguous",)),
        ("<parameter=a>\n</function>\n</parameter>\n", {"a": "</function>"}, ()),
        ("<parameter=a>\n</tool_call>\n</parameter>\n", {"a": "</tool_call>"}, ()),
        (
            "<parameter=a>\nx</parameter>\n</function> y\n</parameter>\n",
            {"a": "x</parameter>\n</function> y"},
            ("ambiguous",),
        ),
        ("<parameter=a>\n1\n</parameter>\n<parameter=a>\n2\n</parameter>\n", {"a": "2"}, ("duplicate_keys",)),
        ("<parameter=a>\n\n\nx\n\n</parameter>\n", {"a": "\n\nx\n"}, ()),
        ("<parameter=a>\n\n</parameter>\n", {"a": ""}, ()),
        ("<parameter=a>\n</parameter>\n", {"a": ""}, ()),
        ("<parameter=a></parameter>\n", {"a": ""}, ()),
        ("<parameter=a>\r\nx\r\n</parameter>\r\n", {"a": "x"}, ()),
        ("<parameter=a>\nx\r\n</parameter>\n", {"a": "x\r"}, ()),
    ],
)
def test_values_are_kept_to_the_letter(values, arguments, flags):
    attempt = one(values)
    assert attempt.call == ToolCall("f", arguments)
    assert attempt.flags == flags
    assert attempt.wire == arguments


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ("<parameter=a>\nx\n<parameter=b>\ny\n</parameter>\n", "unclosed"),
        ("<parameter=a>\nx\n", "unclosed"),
        ("{}", "wrong_dialect"),
        ("<parameter=a>\nx\n</parameter>\nand\n<parameter=b>\ny\n</parameter>\n", "unclosed"),
        ("and", "wrong_dialect"),
        ("<arg_key>a</arg_key>", "wrong_dialect"),
    ],
)
def test_what_is_no_parameter_is_told(values, status):
    assert one(values).status == status


def test_a_call_without_a_name_is_told():
    reply = read("qwen3-coder", "<tool_call>\n<function=>\n</function>\n</tool_call>")
    assert statuses(reply) == ["missing_name"]


def test_all_arguments_may_stand_as_one_object_where_the_format_allows_it():
    call = '<｜DSML｜invoke name="f">{}</｜DSML｜invoke>'
    text = f"<｜DSML｜tool_calls>{call}</｜DSML｜tool_calls>"
    wrapped = '<｜DSML｜parameter name="arguments" string="false">{"a": 1}</｜DSML｜parameter>'
    for body in ('\n{"a": 1}\n', wrapped):
        assert plain(read("deepseek-v4", text.format(body)).calls) == [{"name": "f", "arguments": {"a": 1}}]
    own = [{"name": "f", "parameters": {"type": "object", "properties": {"arguments": {"type": "object"}}}}]
    assert read("deepseek-v4", text.format(wrapped), case_with(own)).calls[0].arguments == {
        "arguments": {"a": 1}
    }
    assert statuses(read("deepseek-v4", text.format('{"a": }'))) == ["wrong_dialect"]


def test_tags_may_have_a_suffix_where_the_format_allows_it():
    text = BY_NAME["hy-v3"].render([ToolCall("f", {"a": "1>2"})])
    suffixed = re.sub(r"(</?(?:tool_calls?|tool_sep|arg_key|arg_value))>", r"\1:x1>", text)
    assert plain(read("hy-v3", suffixed).calls) == [{"name": "f", "arguments": {"a": "1>2"}}]


def test_markers_around_content_are_no_content():
    text = BY_NAME["kimi-k3"].render([ToolCall("f", {})], reasoning="Hm.", content="Hi.")
    reply = read("kimi-k3", text)
    assert (reply.reasoning, reply.content, len(reply.calls)) == ("Hm.", "Hi.", 1)


# Types


SCHEMA = {
    "$defs": {"Count": {"type": "integer"}, "Again": {"$ref": "#/$defs/Again"}},
    "properties": {
        "text": {"type": "string"},
        "count": {"type": "integer"},
        "number": {"type": "number"},
        "yes": {"type": "boolean"},
        "maybe": {"type": ["string", "null"]},
        "either": {"anyOf": [{"type": "string"}, {"type": "number"}, {"type": "boolean"}]},
        "list": {"type": "array"},
        "object": {"properties": {}},
        "referred": {"allOf": [{"$ref": "#/$defs/Count"}]},
        "endless": {"$ref": "#/$defs/Again"},
        "choice": {"enum": [1, 2]},
        "mixed": {"enum": ["1", 2, None]},
        "anything": {},
    },
}


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("text", "3", "3"),
        ("text", ' "3" ', ' "3" '),
        ("text", "null", "null"),
        ("count", "3", 3),
        ("count", " 3\n", 3),
        ("count", "-0", 0),
        ("count", "3.0", 3.0),
        ("count", "3.5", "3.5"),
        ("count", "1_000", "1_000"),
        ("count", "true", "true"),
        ("count", "9" * 400, int("9" * 400)),
        ("count", "9" * 1_001, "9" * 1_001),
        ("number", "9007199254740993", 9007199254740993),
        ("number", "2.0", 2.0),
        ("number", "1e400", "1e400"),
        ("number", "NaN", "NaN"),
        ("yes", "true", True),
        ("yes", "False", False),
        ("yes", "1", "1"),
        ("maybe", "null", None),
        ("maybe", "None", None),
        ("maybe", "nil", "nil"),
        ("maybe", '"x"', '"x"'),
        ("either", "12", 12),
        ("either", "abc", "abc"),
        ("either", "[1]", "[1]"),
        ("list", '["a", 1]', ["a", 1]),
        ("list", "['a', None, {'b': True}]", ["a", None, {"b": True}]),
        ("list", "[f()]", "[f()]"),
        ("list", "{}", "{}"),
        ("list", "[" * 200 + "]" * 200, "[" * 200 + "]" * 200),
        ("object", '{"a": 1.0}', {"a": 1.0}),
        ("object", "{'a': 1, 2}", "{'a': 1, 2}"),
        ("referred", "7", 7),
        ("endless", "7", "7"),
        ("choice", "2", 2),
        ("mixed", "1", "1"),
        ("mixed", "2", 2),
        ("mixed", "null", None),
        ("anything", "1", "1"),
        ("unknown", "1", "1"),
    ],
)
def test_a_text_is_typed_as_its_schema_says(name, text, value):
    schema = SCHEMA["properties"].get(name)
    assert exactly(typed(text, schema, DEFAULT_LIMITS, SCHEMA)) == exactly(value)


@pytest.mark.parametrize("name", TYPED_BY_TOOLS)
def test_arguments_are_typed_and_the_texts_are_kept(name):
    call = ToolCall("f", {"count": 3, "maybe": None, "text": "3"})
    tools = [{"name": "f", "parameters": {"type": "object", **SCHEMA}}]
    text = BY_NAME[name].render([call])
    [attempt] = read(name, text, case_with(tools)).attempts
    assert exactly(attempt.call.arguments) == exactly(call.arguments)
    assert attempt.wire == {"count": "3", "maybe": "null", "text": "3"}
    [untyped] = read(name, text).attempts
    assert untyped.call.arguments == untyped.wire == attempt.wire


def test_additional_arguments_are_typed_as_the_schema_says_of_them():
    tools = [{"name": "f", "parameters": {"type": "object", "additionalProperties": {"type": "integer"}}}]
    assert read("glm45", BY_NAME["glm45"].render([ToolCall("f", {"a": 1})]), case_with(tools)).calls[
        0
    ].arguments == {"a": 1}


def test_a_key_twice_in_a_value_is_flagged():
    tools = [{"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "object"}}}}]
    for body in ('{"b": 1, "b": 2}', "{'b': 1, 'b': 2}"):
        text = QWEN.format(f"<parameter=a>\n{body}\n</parameter>\n")
        [attempt] = read("qwen3-coder", text, case_with(tools)).attempts
        assert attempt.flags == ("duplicate_keys",)
        assert attempt.call.arguments == {"a": {"b": 2}}


# Elements within elements

MM = "]<]minimax[>["


def element(name: str, text: str) -> str:
    return f"{MM}<{name}>{text}{MM}</{name}>"


def nested(body: str, properties: dict[str, Any] | None = None) -> Attempt:
    text = f'{MM}<tool_call>{MM}<invoke name="f">{body}{MM}</invoke>{MM}</tool_call>'
    tools = [{"name": "f", "parameters": {"type": "object", "properties": properties or {}}}]
    [attempt] = read("minimax-m3", text, case_with(tools)).attempts
    return attempt


@pytest.mark.parametrize(
    ("body", "schema", "value"),
    [
        (element("item", "1") + element("item", "2"), {"type": "array"}, ["1", "2"]),
        (element("item", "1"), {"type": "array", "items": {"type": "integer"}}, [1]),
        (element("item", "1"), None, ["1"]),
        (element("item", "1"), {"type": "object"}, {"item": "1"}),
        (element("b", "1"), None, {"b": "1"}),
        (
            element("a", element("a", "1")) + element("b", "2"),
            {"type": "object"},
            {"a": {"a": "1"}, "b": "2"},
        ),
        ("", {"type": "array"}, []),
        (" ", {"type": "object"}, {}),
        ("", {"type": "string"}, ""),
        ('{"b": 1}', {"type": "object"}, {"b": 1}),
        (element("b", "1"), {"type": "string"}, element("b", "1")),
        (f"x{element('b', '1')}", {"type": "object"}, f"x{element('b', '1')}"),
        (element("b", "1"), {"type": "array"}, element("b", "1")),
    ],
)
def test_elements_within_elements_are_objects_and_lists(body, schema, value):
    attempt = nested(element("a", body), None if schema is None else {"a": schema})
    assert exactly(attempt.call.arguments) == exactly({"a": value})
    assert attempt.wire == {"a": body}


def test_elements_nested_too_deep_stay_a_text():
    body = f"{MM}<a>" * 500 + "1" + f"{MM}</a>" * 500
    assert nested(element("a", body)).call.arguments == {"a": body}


# Rendering


@pytest.mark.parametrize("name", NAMES)
def test_the_conformance_kit_finds_nothing(name):
    check_format(BY_NAME[name], examples=40)


def describing(value: Any) -> dict[str, Any]:
    """A schema of one value, to the last element."""
    if isinstance(value, dict):
        return {"type": "object", "properties": {key: describing(member) for key, member in value.items()}}
    if isinstance(value, list):
        return {"type": "array", **({"prefixItems": [describing(part) for part in value]} if value else {})}
    names = {str: "string", bool: "boolean", int: "integer", float: "number", type(None): "null"}
    return {"type": names[type(value)]}


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@given(made=calls(), thought=st.none() | thoughts())
def test_what_is_rendered_reads_back_typed(name, made, thought):
    made = list({call.name: call for call in made}.values())
    try:
        text = BY_NAME[name].render(made, reasoning=thought)
    except RenderError:
        return
    tools = [{"name": call.name, "parameters": describing(call.arguments)} for call in made]
    reply = read(name, text, case_with(tools))
    assert exactly(plain(reply.calls)) == exactly(plain(made))
    assert reply.reasoning == thought


WRITABLE = {
    "text": "a\n\nb </p> <b>x</b> & \\ \"q\" 'q' ü 🙂\n",
    "padded": "  x  ",
    "number": 1.5,
    "int": 10**30,
    "null": None,
    "nested": {"a": [1, {"b": "c"}], "d": []},
    "empty": "",
}


@pytest.mark.parametrize("name", NAMES)
def test_ordinary_calls_can_be_written(name):
    made = [ToolCall("calendar.create-event", WRITABLE), ToolCall("f", {}), ToolCall("f", {"x": "</think>"})]
    text = BY_NAME[name].render(made, reasoning="Hm.\n", content="Hi.")
    tools = [{"name": "calendar.create-event", "parameters": describing(WRITABLE)}]
    reply = read(name, text, case_with(tools))
    assert exactly(plain(reply.calls)) == exactly(plain(made))
    assert (reply.reasoning, reply.content.strip()) == ("Hm.\n", "Hi.")


@pytest.mark.parametrize(
    ("made", "options", "path"),
    [
        ([ToolCall("f", {"a": "x\n</parameter>\n<parameter=b>\ny"})], {}, "calls"),
        ([ToolCall("f>", {})], {}, "calls"),
        ([ToolCall(" f", {})], {}, "calls"),
        ([ToolCall("f", {"a\nb": "x"})], {}, "calls"),
        ([ToolCall("f", {"a": float("nan")})], {}, "calls"),
        ([ToolCall("f", {"a": "\ud800"})], {}, "calls"),
        ([ToolCall("f", {"a": {1, 2}})], {}, "calls"),
        ([], {"reasoning": "a</think>b"}, "reasoning"),
        ([], {"content": "a<think>b</think>"}, "reasoning"),
        ([], {"content": "a <function=f> b"}, "calls"),
    ],
)
def test_what_tags_cannot_hold_is_refused(made, options, path):
    with pytest.raises(RenderError) as caught:
        BY_NAME["qwen3-coder"].render(made, **options)
    assert caught.value.path == path


@pytest.mark.parametrize("name", NAMES)
def test_a_format_survives_pickling_once_it_was_used(name):
    made = BY_NAME[name]
    made.render([ToolCall("f", {})])
    assert pickle.loads(pickle.dumps(made)) == made  # noqa: S301  # our own bytes


def test_a_format_is_a_declaration():
    made = TagCalls("mine", block=("", ""), call=("<do {name}>", "</do>"), parameter=("<{name}>", "</>"))
    text = made.render([ToolCall("f", {"a": "1"})])
    assert text == "<do f>\n<a>\n1\n</>\n</do>"
    assert made.read(text, NO_TOOLS, Context()).calls == (ToolCall("f", {"a": "1"}),)


# Limits and hostile texts


@pytest.mark.parametrize("name", NAMES)
def test_attempts_are_counted_up_to_the_limit_and_the_rest_is_one(name):
    text = BY_NAME[name].render([ToolCall("f", {"x": "1"})] * 20)
    reply = read(name, text, Case(Expected(((),)), limits=Limits(attempts=5)))
    assert statuses(reply) == ["ok"] * 5 + ["limit_exceeded"]


@pytest.mark.parametrize("name", NAMES)
def test_a_call_of_too_much_text_is_not_read_and_the_next_is(name):
    text = BY_NAME[name].render([ToolCall("f", {"x": "a" * 70_000}), ToolCall("g", {"x": "1"})])
    assert statuses(read(name, text)) == ["limit_exceeded", "ok"]


def own_hostile_texts(made: TagCalls, size: int) -> dict[str, str]:
    """Texts of the format's tags, in orders that invite searching again and again."""
    call = made.call[0].replace("{name}", "f").replace("{index}", "1")
    kind = "true" if made.types == "flag" else "string"
    opening = made.parameter[0].replace("{name}", "x").replace("{gap}", "").replace("{type}", kind)
    value, ending = opening, made.parameter[1].replace("{name}", "x")
    start, end = made.block
    whole = f"{call}{value}1{ending}{made.call[1]}"
    begun = start + call + value
    closing = ending + made.call[1] + end
    pieces = {
        "values opened": (start + call, value),
        "values opened on lines": (start + call, f"\n{value}"),
        "values ended": (begun, ending),
        "values ended, and junk": (begun, f"{ending}j"),
        "values ended, and spaces": (begun, ending + " " * 50),
        "calls ended in a value": (begun, f"{ending}{made.call[1]}j"),
        "values": (start + call, value + ending),
        "calls in values": (start, call + value),
        "blocks in values": ("", begun),
        "broken calls": ("", f"{begun}a{ending}junk{ending}{made.call[1]}j"),
        "calls": (start, whole),
        "blocks": ("", start + whole + end),
        "brackets": ("", begun + "[" * 60_000 + closing),
        "lists of Python": ("", f"{begun}[" + "'a'," * 15_000 + f"]{closing}"),
        "drafts": (made.think[0], start + whole + end),
        "lines": (begun, "\n\t"),
    }
    return {what: before + piece * (size // len(piece) + 1) for what, (before, piece) in pieces.items()}


@pytest.mark.parametrize("name", NAMES)
def test_a_megabyte_of_hostile_text_takes_no_time(name):
    """Each of them takes less than 50 ms on a quiet machine; ten times that is allowed here."""
    made = BY_NAME[name]
    tools = [
        {"name": "f", "parameters": {"type": "object", "properties": {"x": {"type": ["array", "null"]}}}}
    ]
    case = case_with(tools)
    for what, text in [*own_hostile_texts(made, 1_000_000).items(), *hostile_texts(made, 1_000_000)]:
        begun = time.process_time()
        made.read(text, case, Context())
        assert time.process_time() - begun < 0.5, what
