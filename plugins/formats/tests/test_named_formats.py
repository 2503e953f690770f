"""Formats that write a name as it is and arguments as JSON: DeepSeek, Kimi, Mistral."""

import gzip
import json
import os
import pickle
from pathlib import Path

import pytest
from hypothesis import given, settings

import toolverify as tv
from toolverify import testing
from toolverify.calls import Case, Expected, ToolCall
from toolverify.errors import RenderError
from toolverify_formats import named_formats

VECTORS = Path(os.environ.get("TOOLVERIFY_SHARED", Path(__file__).resolve().parents[4] / "shared"))
FORMATS = {format_.name: format_ for format_ in named_formats.FORMATS}
NAMES = list(FORMATS)
CASE = Case(Expected(((),)))
ONE, TWO = ToolCall("f", {"a": 1}), ToolCall("g", {})

#: What is no canonical text and yet reads as whole calls, by format; the reasons stand beside the statuses.
DECIDED = {
    "m_trunc_93pct": ["ok", "truncated"],  # the call is whole, the marker behind it is not
    "m_trunc_parallel_90pct": ["ok"],  # the second call tells
    "m_doubled_start_marker": ["wrong_dialect", "ok"],  # the first marker is an attempt of its own
    "m_stray_end_after_call": ["ok"],  # the marker is text behind the calls
    "m_bad_name_spaces": ["ok"],  # a call of a tool that is not there
    "m_name_wrong_case": ["ok"],  # the same
    "m_crlf": ["ok"],  # white space around markers is free
    "m_uppercase_markers": ["ok"],  # Mistral's markers are upper case as they are
    "m_in_markdown_fence": ["ok"],  # the fence is text around the calls
    "j_dup_keys": ["ok"],  # flagged
    "j_args_pretty_multiline": ["ok"],  # JSON all the same
    "j_args_trailing_text": ["ok"],  # in Mistral a call ends with its arguments, and text may follow
    "x_space_after_name": ["ok"],  # white space around a name is free
    "x_newline_after_sep": ["ok"],  # white space around arguments is free
    "x_text_between": ["ok", "ok"],  # text may stand between Mistral's calls
}


def vectors(name):
    path = VECTORS / "vectors" / "formats" / f"{name.replace('-', '_')}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no vectors for {name}")
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def read(name, text, **context):
    return FORMATS[name].read(text, CASE, tv.Context(**context))


def read_row(name, row):
    text = row["text"]
    opened = row["mode"] == "reasoning+tool" and "</think>" in text and "<think>" not in text
    return read(name, text, reasoning_open=opened)


def exactly(calls):
    return json.dumps([[call.name, call.arguments] for call in calls], sort_keys=True)


def intended(row):
    return json.dumps([[call["name"], call["arguments"]] for call in row["intended_calls"]], sort_keys=True)


@pytest.mark.parametrize("name", NAMES)
def test_canonical_texts_give_the_intended_calls_reasoning_and_content(name):
    for row in vectors(name):
        if not row["canonical"]:
            continue
        reply = read_row(name, row)
        assert exactly(reply.calls) == intended(row), row["id"]
        assert all(attempt.status in {"ok", "in_reasoning"} for attempt in reply.attempts), row["id"]
        if "quirk_class" not in row and row["mode"] == "reasoning+tool":
            assert (reply.reasoning or "") == (row["expected_reasoning"] or ""), row["id"]
        if "quirk_class" not in row:  # the peers drop text behind a call
            assert reply.content.strip().startswith((row["expected_content"] or "").strip()), row["id"]


@pytest.mark.parametrize("name", NAMES)
def test_other_texts_pass_only_where_that_was_decided(name):
    for row in vectors(name):
        reply = read_row(name, row)
        assert "".join(segment.text for segment in reply.segments) == row["text"]
        kind = row["id"].removeprefix(row["format"] + "-")
        if not row["canonical"] and reply.calls:
            statuses = [attempt.status for attempt in reply.attempts]
            assert statuses[: len(DECIDED[kind])] == DECIDED[kind], row["id"]
            assert "dup_keys" not in kind or reply.attempts[0].flags == ("duplicate_keys",)


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
    assert pickle.loads(pickle.dumps(FORMATS[name])) == FORMATS[name]  # noqa: S301  # our own bytes


def mistral(*calls):
    return "".join(f"[TOOL_CALLS]{call}" for call in calls)


def kimi(*ids):
    calls = [f"<|tool_call_begin|>{id_}<|tool_call_argument_begin|>{{}}<|tool_call_end|>" for id_ in ids]
    return f"<|tool_calls_section_begin|>{''.join(calls)}<|tool_calls_section_end|>"


def deepseek(*calls):
    body = "".join(f"<｜tool▁call▁begin｜>{call}<｜tool▁call▁end｜>" for call in calls)
    return f"<｜tool▁calls▁begin｜>{body}<｜tool▁calls▁end｜>"


# Each row: format, text, the attempts as (status, name), content.
READINGS = [
    ("mistral-v11", mistral('f[CALL_ID]abc123[ARGS]{"a": 1}') + "</s>", [("ok", "f")], ""),
    ("mistral-v11", mistral("f[ARGS]{}") + " so</s>", [("ok", "f")], " so</s>"),
    ("mistral-v11", mistral("f[ARGS]{}", "[ARGS]{}"), [("ok", "f"), ("missing_name", None)], ""),
    ("mistral-v11", mistral("f[ARGS]{,}", "g[ARGS]{}"), [("invalid_json", "f"), ("ok", "g")], ""),
    ("mistral-v11", mistral("f[ARGS]{}}"), [("invalid_json", "f")], ""),
    ("mistral-v11", mistral('f[ARGS]{"a": "[TOOL_CALLS]x[ARGS]{}"}'), [("ok", "f")], ""),
    ("mistral-v11", mistral(' [{"name": "f", "arguments": {}}]'), [("wrong_dialect", None)], ""),
    ("mistral-v11", mistral("f {}"), [("wrong_dialect", None)], ""),
    ("mistral-v11", mistral("f"), [("truncated", None)], ""),
    ("mistral-v11", "Say [TOOL_CALLS] to call.", [], "Say [TOOL_CALLS] to call."),
    ("mistral-v11", mistral("f\nso[ARGS]{}"), [("wrong_dialect", None)], ""),
    ("mistral-v11", mistral("f\ud800[ARGS]{}"), [("missing_name", None)], ""),
    ("kimi-k2", kimi("functions.f:0", "g:1") + "<|im_end|>\n", [("ok", "f"), ("ok", "g")], ""),
    ("kimi-k2", kimi("functions.functions.a:1:0"), [("ok", "functions.a:1")], ""),
    ("kimi-k2", kimi("functions.f"), [("ok", "f")], ""),
    ("kimi-k2", kimi("call_abc123"), [("missing_name", None)], ""),
    ("kimi-k2", kimi("functions_f_0"), [("missing_name", None)], ""),
    ("kimi-k2", kimi("functions.:0"), [("missing_name", None)], ""),
    ("kimi-k2", kimi(), [], ""),
    ("deepseek-v31", deepseek("f<｜tool▁sep｜>{}") + "<｜end▁of▁sentence｜>", [("ok", "f")], ""),
    ("deepseek-v31", deepseek("f<｜tool▁sep｜>[]"), [("non_object_args", "f")], ""),
    ("deepseek-v31", deepseek("f<｜tool▁sep｜>{}").replace("calls", "list"), [("wrong_dialect", "f")], None),
    ("deepseek-v31", "<｜tool▁calls▁begin｜>so" + deepseek("f<｜tool▁sep｜>{}"), [("wrong_dialect", None), ("ok", "f")], ""),
    ("deepseek-v3", deepseek("f<｜tool▁sep｜>{}"), [("wrong_dialect", None)], ""),
    ("deepseek-v3", deepseek("function<｜tool▁sep｜>f\n```json\n{}"), [("wrong_dialect", "f")], ""),
    ("deepseek-v3", deepseek("function<｜tool▁sep｜>f\n```json\n{}\n```", "function<"), [("ok", "f"), ("wrong_dialect", None)], ""),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "attempts", "content"), READINGS)
def test_every_attempt_has_the_status_of_its_syntax(name, text, attempts, content):
    reply = read(name, text)
    assert [(attempt.status, attempt.name) for attempt in reply.attempts] == attempts
    assert content is None or reply.content == content
    for attempt in reply.attempts:
        assert text[slice(*attempt.span)] == attempt.raw


def test_an_id_without_an_index_is_ambiguous():
    assert read("kimi-k2", kimi("functions.f")).attempts[0].flags == ("ambiguous",)
    assert read("kimi-k2", kimi("f:0")).attempts[0].flags == ()


def test_a_section_that_is_not_closed_is_told_and_its_calls_count():
    text = kimi("f:0").removesuffix("<|tool_calls_section_end|>")
    reply = read("kimi-k2", text)
    assert [call.name for call in reply.calls] == ["f"]
    assert reply.flags == ("section_unclosed",)


@pytest.mark.parametrize("name", NAMES)
def test_a_text_cut_anywhere_gives_no_call_that_was_not_whole(name):
    text = FORMATS[name].render([ONE, TWO])
    whole = [exactly([]), exactly([ONE]), exactly([ONE, TWO])]
    for end in range(len(text)):
        reply = read(name, text[:end], finish_reason="length")
        assert exactly(reply.calls) in whole
        assert [attempt for attempt in reply.attempts if attempt.status not in {"ok", "truncated"}] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_draft_inside_reasoning_does_not_count(name):
    draft = FORMATS[name].render([ONE])
    text = FORMATS[name].render([TWO], reasoning=f"say {draft}, no")
    reply = read(name, text)
    assert [attempt.status for attempt in reply.attempts] == ["in_reasoning", "ok"]
    assert exactly(reply.calls) == exactly([TWO])


@pytest.mark.parametrize("name", NAMES)
def test_attempts_are_counted_up_to_the_limit_and_the_rest_is_one(name):
    reply = read(name, FORMATS[name].render([ToolCall("f", {"i": index}) for index in range(300)]))
    assert len(reply.calls) == 256
    assert [attempt.status for attempt in reply.attempts[256:]] == ["limit_exceeded"]


@pytest.mark.parametrize("name", NAMES)
def test_what_cannot_be_written_is_refused(name):
    format_ = FORMATS[name]
    for odd in ("", " f", "a\nb", "\ud800", f"a{format_.arguments.strip()}b", f"a{format_.start}"):
        with pytest.raises(RenderError):
            format_.render([ToolCall(odd, {})])
    for options in ({"reasoning": format_.think_end}, {"content": format_.start}):
        with pytest.raises(RenderError):
            format_.render([ONE], **options)
    with pytest.raises(RenderError):
        format_.render([ToolCall("f", {"a": float("nan")})])
