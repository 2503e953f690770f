"""Gemma's formats: bare keys, and strings between markers of their own."""

import gzip
import json
import os
import time
from pathlib import Path

import pytest
from hypothesis import given, settings

import toolverify as tv
from toolverify import testing
from toolverify.calls import Case, Expected, ToolCall
from toolverify.errors import RenderError
from toolverify.limits import Limits
from toolverify_formats import key_value_formats

VECTORS = Path(os.environ.get("TOOLVERIFY_SHARED", Path(__file__).resolve().parents[4] / "shared"))
FORMATS = {format_.name: format_ for format_ in key_value_formats.FORMATS}
NAMES = list(FORMATS)
GEMMA = FORMATS["gemma4"]
START, END, QUOTE = GEMMA.start, GEMMA.end, GEMMA.escape
SLOW = 2.0  # seconds: what is not linear takes minutes; speed itself is measured in benchmarks

#: What is no canonical text and yet reads as whole calls; the reasons stand beside the statuses.
DECIDED = {
    "m_trunc_parallel_90pct": ["ok", "unclosed"],  # the second call tells
    "m_stray_end_after_call": ["ok"],  # the marker is text behind the call
    "m_bad_name_spaces": ["ok"],  # a call of a tool that is not there
    "m_name_wrong_case": ["ok"],  # the same
    "m_crlf": ["ok"],  # the text has no line ends at all
    "m_in_markdown_fence": ["ok"],  # the fence is text around the call
    "x_space_after_colon": ["ok"],  # white space between the parts of an object is free
}
#: Content where the peers drop what stands behind a call.
CONTENT = {"prose_after": "I will report back."}


def vectors(name):
    path = VECTORS / "vectors" / "formats" / f"{name}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no vectors for {name}")
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def read(text, name="gemma4", limits=None, **context):
    """The reply to a text; whatever the text is, nothing of it is lost, and spans point at what they say."""
    reply = FORMATS[name].read(text, Case(Expected(((),)), limits=limits or Limits()), tv.Context(**context))
    assert "".join(segment.text for segment in reply.segments) == text
    for attempt in reply.attempts:
        assert text[slice(*attempt.span)] == attempt.raw
        assert (attempt.call is not None) == (attempt.status == "ok")
        assert attempt.status == "ok" or attempt.detail
    return reply


def statuses(text, **context):
    return [attempt.status for attempt in read(text, **context).attempts]


def block(arguments, name="f"):
    return f"{START}call:{name}{{{arguments}}}{END}"


def exactly(calls):
    return json.dumps([[call.name, call.arguments] for call in calls], sort_keys=True)


def intended(row):
    return json.dumps([[call["name"], call["arguments"]] for call in row["intended_calls"]], sort_keys=True)


@pytest.mark.parametrize("name", NAMES)
def test_canonical_texts_give_the_intended_calls_reasoning_and_content(name):
    rows = [row for row in vectors(name) if row["canonical"]]
    assert len(rows) > 30
    for row in rows:
        reply, what = read(row["text"], name), row["id"].partition("-")[2]
        assert exactly(reply.calls) == intended(row), what
        assert {attempt.status for attempt in reply.attempts} <= {"ok", "in_reasoning"}, what
        if "quirk_class" not in row:
            assert (reply.reasoning or "") == (row.get("expected_reasoning") or ""), what
            peer = row["expected_content"] or ""
            assert reply.content.strip() == CONTENT.get(what, peer.strip()), what


@pytest.mark.parametrize("name", NAMES)
def test_other_texts_are_whole_calls_only_where_that_was_decided(name):
    for row in vectors(name):
        what, found = row["id"].partition("-")[2], [one.status for one in read(row["text"], name).attempts]
        if not row["canonical"]:
            assert found == DECIDED.get(what, found), what
            assert what in DECIDED or "ok" not in found, what


@pytest.mark.parametrize(
    ("text", "status"),
    [
        (block("city:Oslo"), "invalid_json"),
        (block("a:True"), "invalid_json"),
        (block("a:None"), "invalid_json"),
        (block("a:05"), "invalid_json"),
        (block("a:1e999"), "invalid_json"),
        (block("a:NaN"), "invalid_json"),
        (block("a:1,"), "invalid_json"),
        (block("a"), "invalid_json"),
        (block(":1"), "invalid_json"),
        (block("a:{b:1"), "invalid_json"),
        (block("a:[b:1]"), "invalid_json"),
        (block("a:1}{b:2"), "invalid_json"),
        (block(f"a:{QUOTE}x{QUOTE}{QUOTE}y{QUOTE}"), "invalid_json"),
        (block(f"{QUOTE}a{QUOTE}:1"), "invalid_json"),
        (block(f"a:{QUOTE}\ud800{QUOTE}"), "invalid_json"),
        (block('a:"x"'), "wrong_dialect"),
        (block('"a":1'), "wrong_dialect"),
        (f"{START}call:f(a:1){END}", "wrong_dialect"),
        (f"{START}f{{a:1}}{END}", "wrong_dialect"),
        (f'{START}{{"name": "f", "arguments": {{}}}}{END}', "wrong_dialect"),
        (f"{START}call:{{a:1}}{END}", "missing_name"),
        (f"{START}call:f{END}", "non_object_args"),
        (f"{START}call:f{{a:1}}", "unclosed"),
        (f"{START}call:f{{a:1}}<tool", "unclosed"),
        (f"{START}call:f{{a:1}} so be it", "invalid_json"),
        (START, "truncated"),
        (f"{START}cal", "truncated"),
        (f"{START}call:get_wea", "truncated"),
        (f"{START}call:f{{", "truncated"),
        (f"{START}call:f{{a:1,bc", "truncated"),
        (f"{START}call:f{{a:-", "truncated"),
        (f"{START}call:f{{a:1.", "truncated"),
        (f"{START}call:f{{a:tru", "truncated"),
        (f"{START}call:f{{a:[1,{{b:2", "truncated"),
        (f"{START}call:f{{a:{QUOTE}", "truncated"),
        (f"{START}call:f{{a:{QUOTE}so", "truncated"),
        (f"{START}call:f{{a:{QUOTE}so{QUOTE[:3]}", "truncated"),
        (block(f"a:{'[' * 200}{']' * 200}"), "limit_exceeded"),
        (block(f"a:{'9' * 1_001}"), "limit_exceeded"),
        (block(f"a:{QUOTE}{'x' * 70_000}{QUOTE}"), "limit_exceeded"),
    ],
)
def test_every_attempt_has_the_status_of_its_syntax_and_hides_no_other_call(text, status):
    assert statuses(text) == [status]
    if text.endswith(END):
        assert statuses(f"{text}{block('', 'g')}") == [status, "ok"]


def test_values_are_what_they_are():
    text = f"a:9007199254740993, b c:-1.5e3 ,d:[true,false,null,[]],e:{{}},f:{QUOTE} {{x:1}},{END} {QUOTE}"
    (call,) = read(block(text)).calls
    assert exactly([call]) == exactly(
        [
            ToolCall(
                "f",
                {
                    "a": 9007199254740993,
                    "b c": -1500.0,
                    "d": [True, False, None, []],
                    "e": {},
                    "f": f" {{x:1}},{END} ",
                },
            )
        ]
    )


def test_repeated_keys_are_flagged_and_the_last_one_counts():
    for text in ("a:1,a:2", "a:2,b:{c:1,c:2}"):
        (attempt,) = read(block(text)).attempts
        assert attempt.flags == ("duplicate_keys",)
        assert attempt.call.arguments["a"] == 2


def test_a_string_without_its_end_hides_no_call():
    good = block(f"q:{QUOTE}x{QUOTE}", "g")
    for bad in (block(f"a:{QUOTE}x"), block(f"a:{QUOTE}x{QUOTE},b:{QUOTE}y")):
        assert statuses(f"{bad}{good}{good}") == ["invalid_json", "ok", "ok"]
        assert statuses(f"{bad}{block('', 'g')}") == ["invalid_json", "ok"]
        assert statuses(f"{bad}{good}", finish_reason="length") == ["invalid_json", "ok"]
    assert statuses(f"{START}call:f{{a:1{good}") == ["invalid_json", "ok"]
    assert statuses(f"{START}call:f{{a:1}}{good}") == ["unclosed", "ok"]
    assert statuses(f"{START}call:f{{a:{QUOTE}x{START}call:g{{}}{END}") == ["invalid_json", "ok"]


def test_the_length_limit_tells_what_was_cut():
    assert statuses(f"{START}call:f{{a:1}}", finish_reason="length") == ["truncated"]
    cut = f"{START}call:f{{a:{QUOTE}it ends with }}{END} an"
    assert statuses(cut) == ["invalid_json"]
    assert statuses(cut, finish_reason="length") == ["truncated"]


def test_gemmas_reasoning_has_a_label():
    draft = f"Maybe {block('', 'f')}?"
    reply = read(f"<|channel>thought\n{draft}<channel|>Well.{block('', 'g')}")
    assert reply.reasoning == draft
    assert reply.content == "Well."
    assert [attempt.status for attempt in reply.attempts] == ["in_reasoning", "ok"]
    for text in ("thought\nso<channel|>x", "<|channel>thought\nso<channel|>x"):
        opened = read(text, reasoning_open=True)
        assert (opened.reasoning, opened.content) == ("so", "x")
    assert read("<|channel>thought\non and on").flags == ("reasoning_unclosed",)


def test_the_marker_of_the_tools_turn_is_no_content():
    assert read(f"{block('')}\n{GEMMA.after}").content == ""
    assert read(f"{block('')} {GEMMA.after}response:f{{}}").content == "response:f{}"
    assert read(f"Well.{GEMMA.after}").content == f"Well.{GEMMA.after}"


def test_attempts_and_members_are_bounded():
    reply = read(block("a:1") * 300)
    assert len(reply.calls) == 256
    assert reply.attempts[-1].status == "limit_exceeded"
    many = block(",".join(f"k{index}:{index}" for index in range(3_000)))
    found = read(many * 20).attempts
    assert [attempt.status for attempt in found] == ["ok"] * 5 + ["limit_exceeded"] * 15
    assert "members" in found[-1].detail


@pytest.mark.parametrize("name", NAMES)
def test_conformance(name):
    testing.check_format(FORMATS[name], examples=60)


@pytest.mark.parametrize("name", NAMES)
@settings(deadline=None)
@given(made=testing.calls(), thought=testing.thoughts(), content=testing.texts())
def test_what_is_written_is_read_again(name, made, thought, content):
    try:
        text = FORMATS[name].render(made, reasoning=thought, content=content)
    except RenderError:
        return
    reply = read(text, name)
    assert exactly(reply.calls) == exactly(made)
    assert reply.reasoning == thought
    assert reply.content == content


def test_calls_are_written_as_the_models_template_writes_them():
    made = [ToolCall("f", {"a": "x", "b": [1.5, True, None, {"c": "y"}]}), ToolCall("g", {})]
    assert GEMMA.render(made, reasoning="So.", content="Well.") == (
        "<|channel>thought\nSo.<channel|>Well."
        '<|tool_call>call:f{a:<|"|>x<|"|>,b:[1.5,true,null,{c:<|"|>y<|"|>}]}<tool_call|><|tool_call>call:g{}<tool_call|>'
    )


@pytest.mark.parametrize(
    ("call", "options", "path"),
    [
        (ToolCall("f", {"a": f"x{QUOTE}"}), {}, "calls"),
        (ToolCall("f", {"a:b": 1}), {}, "calls"),
        (ToolCall("f", {"a": {"": 1}}), {}, "calls"),
        (ToolCall("f", {"a": {1: 1}}), {}, "calls"),
        (ToolCall("f", {"a": float("nan")}), {}, "calls"),
        (ToolCall("f", {"a": {1, 2}}), {}, "calls"),
        (ToolCall("f", {"a": "\ud800"}), {}, "calls"),
        (ToolCall("f(x)", {}), {}, "calls"),
        (ToolCall("", {}), {}, "calls"),
        (ToolCall("f", {}), {"reasoning": "a<channel|>b"}, "reasoning"),
        (ToolCall("f", {}), {"content": START}, "content"),
    ],
)
def test_what_cannot_be_written_is_refused(call, options, path):
    with pytest.raises(RenderError) as caught:
        GEMMA.render([call], **options)
    assert caught.value.path == path


BEGIN = f"{START}call:f{{"
HOSTILE = {
    "members": BEGIN + "a:1," * 250_000,
    "calls of members": (BEGIN + "a:1," * 1_000 + f"b:2}}{END}") * 250,
    "numbers": (BEGIN + "a:[" + "1," * 30_000 + f"1]}}{END}") * 16,
    "strings": (BEGIN + "a:[" + f"{QUOTE}{QUOTE}," * 5_000 + f"1]}}{END}") * 18,
    "strings that do not end": f"{BEGIN}a:{QUOTE}" * 50_000,
    "calls with strings that do not end": f"{BEGIN}a:{QUOTE}}}{END}" * 30_000,
    "an end in every string": (f"{BEGIN}a:{QUOTE}}}{END}" + f"{QUOTE}b" * 5_000) * 28,
    "start markers": START * 90_000,
    "end markers": BEGIN + END * 90_000,
    "string markers": BEGIN + QUOTE * 200_000,
    "angle brackets": BEGIN + "<" * 1_000_000,
    "blocks of angle brackets": (START + "<" * 60_000 + END) * 16,
    "braces": BEGIN + "{" * 1_000_000,
    "nested calls": (BEGIN + "a:" + "[" * 30_000 + "]" * 30_000 + f"}}{END}") * 16,
    "colons": (START + "call:" + ":" * 60_000 + f"{{}}{END}") * 16,
    "words": (BEGIN + "a " * 30_000 + f":1}}{END}") * 16,
    "a name without an end": START + "call:" + "n " * 500_000,
    "drafts": GEMMA.think_start + f"{BEGIN}}}{END}" * 35_000,
    "tools' turns": f"{BEGIN}}}{END}{GEMMA.after}" * 20_000,
    "blanks behind calls": (f"{BEGIN}}}{END}" + " " * 4_000) * 250,
}


@pytest.mark.parametrize("what", HOSTILE)
def test_hostile_texts_are_read_in_time(what):
    began = time.process_time()
    reply = read(HOSTILE[what])
    assert time.process_time() - began < SLOW
    assert len(reply.attempts) <= 257


@pytest.mark.parametrize("name", NAMES)
def test_every_prefix_of_a_text_is_read(name):
    format_ = FORMATS[name]
    made = [ToolCall("f", {"a": "b}, c", "d": [1, {"e": None}]}), ToolCall("g", {})]
    text = format_.render(made, reasoning="Hm.", content="So. ") + format_.after
    whole = [exactly(made[:count]) for count in range(3)]
    for end in range(len(text) + 1):
        assert exactly(read(text[:end], name).calls) in whole
