"""Messages in parts: gpt-oss with its channels, and Anthropic's content blocks."""

import gzip
import json
import os
from pathlib import Path

import pytest
from hypothesis import given, settings

import toolverify as tv
from toolverify import testing
from toolverify.calls import Case, Expected, ToolCall
from toolverify.errors import RenderError
from toolverify.limits import Limits
from toolverify_formats import channel_formats

VECTORS = Path(os.environ.get("TOOLVERIFY_SHARED", Path(__file__).resolve().parents[4] / "shared"))
FORMATS = {format_.name: format_ for format_ in channel_formats.FORMATS}
NAMES = list(FORMATS)
CASE = Case(Expected(((),)))

#: What is no canonical text and yet reads as whole calls.
DECIDED = {
    "m_trunc_80pct": ["ok"],  # only the end marker is missing: a server that stops there strips it
    "m_trunc_93pct": ["ok"],  # the same
    "m_trunc_parallel_90pct": ["ok"],  # the second call tells
    "m_stray_end_after_call": ["ok"],  # the marker is text behind the call
    "m_name_wrong_case": ["ok"],  # a call of a tool that is not there
    "m_crlf": ["ok"],  # there are no line ends to change
    "m_two_blocks_glued": ["ok", "wrong_dialect"],  # the second message does not begin
    "j_dup_keys": ["ok"],  # flagged
    "j_args_pretty_multiline": ["ok"],  # JSON all the same
    "x_browser_builtin": ["ok"],  # flagged: a tool outside the namespace
    "x_no_functions_prefix": ["ok"],  # the same
    "x_unknown_block": ["wrong_dialect", "ok"],  # the block is an attempt of its own
}
FLAGGED = {
    "j_dup_keys": "duplicate_keys",
    "x_browser_builtin": "ambiguous",
    "x_no_functions_prefix": "ambiguous",
}


def vectors(name):
    path = VECTORS / "vectors" / "formats" / f"{name.replace('-', '_')}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no vectors for {name}")
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def read(name, completion, **context):
    return FORMATS[name].read(completion, CASE, tv.Context(**context))


def exactly(calls):
    return json.dumps([[call.name, call.arguments] for call in calls], sort_keys=True)


def intended(row):
    return json.dumps([[call["name"], call["arguments"]] for call in row["intended_calls"]], sort_keys=True)


@pytest.mark.parametrize("name", NAMES)
def test_canonical_texts_give_the_intended_calls_reasoning_and_content(name):
    for row in vectors(name):
        if not row["canonical"]:
            continue
        reply = read(name, row["text"])
        assert exactly(reply.calls) == intended(row), row["id"]
        assert all(not attempt.flags for attempt in reply.attempts if attempt.status == "ok"), row["id"]
        if "quirk_class" not in row:
            assert (reply.reasoning or "") == (row["expected_reasoning"] or ""), row["id"]
            assert reply.content == (row["expected_content"] or ""), row["id"]


@pytest.mark.parametrize("name", NAMES)
def test_other_texts_pass_only_where_that_was_decided(name):
    for row in vectors(name):
        reply = read(name, row["text"])
        kind = row["id"].removeprefix(row["format"] + "-")
        if not row["canonical"] and reply.calls:
            statuses = [attempt.status for attempt in reply.attempts]
            assert statuses[: len(DECIDED[kind])] == DECIDED[kind], row["id"]
            assert kind not in FLAGGED or reply.attempts[0].flags == (FLAGGED[kind],)


@pytest.mark.parametrize("name", NAMES)
def test_formats_conform(name):
    testing.check_format(FORMATS[name], examples=30)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@given(made=testing.calls(), thought=testing.thoughts(), content=testing.texts())
def test_what_is_written_is_read_back(name, made, thought, content):
    try:
        text = FORMATS[name].render(made, reasoning=thought, content=content)
    except RenderError:
        return
    reply = read(name, text)
    assert (exactly(reply.calls), reply.reasoning, reply.content) == (exactly(made), thought, content)


# Harmony


def call(name, body="{}", end="<|call|>"):
    return f"<|channel|>commentary to=functions.{name} <|constrain|>json<|message|>{body}{end}"


def thought(text, end="<|end|>"):
    return f"<|channel|>analysis<|message|>{text}{end}"


START = "<|start|>assistant"

# Each row: text, the attempts as (status, name, flags), content, reasoning.
READINGS = [
    (START + call("f"), [("ok", "f", ())], "", None),
    (thought("hm") + START + call("f") + START + call("g"), [("ok", "f", ()), ("ok", "g", ())], "", "hm"),
    (call("f", "{,}") + START + call("g"), [("invalid_json", "f", ()), ("ok", "g", ())], "", None),
    (call("f", '{"a": "<|call|>"}'), [("ok", "f", ())], "", None),
    (call("f", "{}", ""), [("ok", "f", ())], "", None),
    (call("f", "{}", "<|ca"), [("unclosed", "f", ())], "", None),
    (call("f", '{"a": "', ""), [("truncated", "f", ())], "", None),
    (call("f", "{}", "<|end|>"), [("ok", "f", ("ambiguous",))], "", None),
    (call("f", "{}", START) + call("g"), [("unclosed", "f", ()), ("ok", "g", ())], "", None),
    (call("f", "[]"), [("non_object_args", "f", ())], "", None),
    (call(""), [("missing_name", None, ())], "", None),
    (call("f g"), [("wrong_dialect", "f", ())], "", None),
    ("<|channel|>commentary to= <|message|>{}<|call|>", [("missing_name", None, ())], "", None),
    ("<|channel|>commentary to=functions.f to=functions.g<|message|>{}<|call|>", [("wrong_dialect", "f", ())], "", None),
    ("<|channel|>commentary to=functions.f<|call|>", [("wrong_dialect", None, ())], "", None),
    ("<|channel|>analysis to=functions.f<|message|>{}<|call|>", [("ok", "f", ("ambiguous",))], "", None),
    ("<|channel|>analysis to=python code<|message|>print(1)<|call|>", [("invalid_json", "python", ())], "", None),
    (" to=functions.f<|channel|>commentary<|message|>{}<|call|>", [("ok", "f", ())], "", None),
    (" to=functions.f", [("truncated", None, ())], "", None),
    (START + " to=functions.f<|channel|>commentary<|message|>{}<|call|>", [("ok", "f", ())], "", None),
    ("<|start|>user to=functions.f<|channel|>commentary<|message|>{}<|call|>", [("wrong_dialect", "f", ())], "", None),
    ("<|start|>functions.f to=assistant<|channel|>commentary<|message|>{}<|end|>", [], "{}", None),
    (thought("no " + call("f") + " no") + START + call("g"), [("in_reasoning", None, ()), ("ok", "g", ())], "", "no " + call("f") + " no"),
    (thought("one") + START + thought("two") + START + "<|channel|>final<|message|>c<|return|>", [], "c", "one\ntwo"),
    ("<|channel|>final<|message|>a" + call("f"), [("wrong_dialect", "f", ())], "a", None),
    ("text " + call("f"), [("wrong_dialect", "f", ())], "text ", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "attempts", "content", "reasoning"), READINGS)
def test_every_message_is_read_as_what_its_heading_says(text, attempts, content, reasoning):
    reply = read("harmony", text)
    assert [(attempt.status, attempt.name, attempt.flags) for attempt in reply.attempts] == attempts
    assert (reply.content, reply.reasoning) == (content, reasoning)
    assert "".join(segment.text for segment in reply.segments) == text
    for attempt in reply.attempts:
        assert text[slice(*attempt.span)] == attempt.raw


def test_reasoning_that_the_prompt_opened_ends_with_its_message():
    text = "hm<|end|>" + START + call("f")
    reply = read("harmony", text, reasoning_open=True)
    assert (reply.reasoning, [made.name for made in reply.calls]) == ("hm", ["f"])
    written = read("harmony", thought("hm") + START + call("f"), reasoning_open=True)
    assert (written.reasoning, [made.name for made in written.calls]) == ("hm", ["f"])


def test_reasoning_without_an_end_is_told():
    reply = read("harmony", thought("hm", ""))
    assert (reply.reasoning, reply.flags) == ("hm", ("reasoning_unclosed",))


def test_a_text_cut_anywhere_gives_no_call_that_was_not_whole():
    text = FORMATS["harmony"].render([ToolCall("f", {"a": 1}), ToolCall("g", {})], reasoning="hm")
    whole = [exactly([]), exactly([ToolCall("f", {"a": 1})])]
    for end in range(len(text)):
        reply = read("harmony", text[:end], finish_reason="length")
        assert exactly(reply.calls) in whole
        assert {attempt.status for attempt in reply.attempts} <= {"ok", "truncated"}


@pytest.mark.parametrize("odd", ["", "a b", " f", "a<b", "\ud800"])
def test_a_name_that_is_no_word_cannot_be_written(odd):
    with pytest.raises(RenderError):
        FORMATS["harmony"].render([ToolCall(odd, {})])


@pytest.mark.parametrize("options", [{"reasoning": "<|end|>"}, {"content": "<|start|>"}])
def test_text_with_markers_cannot_be_written(options):
    with pytest.raises(RenderError):
        FORMATS["harmony"].render([], **options)


# Anthropic


def message(*blocks, **members):
    return {"role": "assistant", "content": list(blocks), **members}


def used(**members):
    return {"type": "tool_use", "id": "toolu_0", "name": "f", "input": {}, **members}


@pytest.mark.parametrize(
    ("completion", "statuses", "content"),
    [
        (message(used(), {"type": "text", "text": "so"}, used()), ["ok", "ok"], "so"),
        (message(used(input="{}")), ["non_object_args"], ""),
        (message(used(input=None)), ["non_object_args"], ""),
        (message(used(name=None)), ["missing_name"], ""),
        (message(used(input={"a": "x" * 70_000})), ["limit_exceeded"], ""),
        (message(used(input={1: 2})), ["invalid_json"], ""),
        (message(used(input={"a": object()})), ["invalid_json"], ""),
        (message({"type": "mystery"}, used()), ["wrong_dialect", "ok"], ""),
        (message({"type": "text"}, {"type": []}, 7, None), ["wrong_dialect"] * 3, ""),
        (message({"type": "server_tool_use"}, {"type": "web_search_tool_result"}), [], ""),
        (message("plain"), [], "plain"),
        (message(tool_calls=[{"function": {"name": "f", "arguments": "{}"}}]), ["wrong_dialect"], ""),
        ({"content": "plain"}, [], "plain"),
        ("plain", [], "plain"),
        ('{"a": 1}', [], '{"a": 1}'),
        ('{"type": "message", "content": [{"type": "tool_use", "name": "f", "input": {}}]}', ["ok"], ""),
        ("{}" * 9, [], "{}" * 9),
    ],
)
def test_blocks_of_any_shape_are_read(completion, statuses, content):
    reply = read("anthropic-tool-use", completion)
    assert [attempt.status for attempt in reply.attempts] == statuses
    assert reply.content == content


def test_thinking_in_several_blocks_is_one_text():
    thoughts = [{"type": "thinking", "thinking": word} for word in ("a", "b")]
    reply = read("anthropic-tool-use", message(*thoughts, {"type": "redacted_thinking", "data": "x"}))
    assert reply.reasoning == "ab"
    assert [segment.kind for segment in reply.segments] == ["reasoning"] * 3


def test_keys_that_stand_twice_in_the_text_of_a_message_are_told():
    text = json.dumps(message(used(input={"a": 1, "b": 2}))).replace('"b"', '"a"')
    assert read("anthropic-tool-use", text).attempts[0].flags == ("duplicate_keys",)


def test_blocks_are_counted_up_to_the_limit():
    case = Case(Expected(((),)), limits=Limits(attempts=2))
    reply = FORMATS["anthropic-tool-use"].read(message(used(), used(), used()), case, tv.Context())
    assert [attempt.status for attempt in reply.attempts] == ["ok", "ok", "limit_exceeded"]


def test_a_message_that_is_no_json_cannot_be_written():
    with pytest.raises(RenderError):
        FORMATS["anthropic-tool-use"].render([ToolCall("f", {"a": float("nan")})])


@pytest.mark.parametrize("name", NAMES)
def test_attempts_are_counted_up_to_the_limit_and_the_rest_is_one(name):
    reply = read(name, FORMATS[name].render([ToolCall("f", {"i": index}) for index in range(300)]))
    assert len(reply.calls) == 256
    assert [attempt.status for attempt in reply.attempts[256:]] == ["limit_exceeded"]
