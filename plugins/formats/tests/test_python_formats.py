"""Formats in Python's syntax: only literals are values, and nothing is evaluated."""

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
from toolverify_formats import python_formats

VECTORS = Path(os.environ.get("TOOLVERIFY_SHARED", Path(__file__).resolve().parents[4] / "shared"))
FORMATS = {format_.name: format_ for format_ in python_formats.FORMATS}
NAMES = list(FORMATS)
#: The file of a format's vectors, where it has another name.
FILES = {"pythonic-bare": "bfcl_prompt", "llama4-pythonic": "llama4_pythonic"}
SLOW = 2.0  # seconds: what is not linear takes minutes; speed itself is measured in benchmarks

#: What is no canonical text and yet reads as whole calls; the reasons stand beside the statuses.
DECIDED = {
    "prose_between": ["ok", "ok"],  # flagged: several blocks
    "m_two_blocks_glued": ["ok", "ok"],  # the same
    "m_stray_end_after_call": ["ok"],  # the marker is text behind the calls
    "m_missing_start_marker": [
        "ok"
    ],  # Llama 4 writes calls without markers, and this one is text behind them
    "m_uppercase_markers": ["ok"],  # the same, on both sides
    "m_name_wrong_case": ["ok"],  # a call of a tool that is not there
    "m_crlf": ["ok"],  # white space around calls is free
    "m_in_markdown_fence": ["ok"],  # the fence is text around the calls
    "x_python_tag": ["ok"],  # the tag is text before the calls
    "x_leading_prose": ["ok"],  # text may stand before the calls
    "x_text_before_start": ["ok"],  # the same
    "x_trailing_prose": ["ok"],  # and behind them
    "x_no_brackets": ["ok"],  # in OLMo 3 nothing else is right, in the bare format they may be left out
    "x_json_literals": ["ok"],  # in LFM 2; elsewhere `true` is a name, which is no literal
    "x_negative_number": ["ok"],  # a literal
    "x_plus_number": ["ok"],  # a literal with a sign
    "x_hex_octal": ["ok"],  # a literal
    "x_implicit_concat": ["ok"],  # strings beside each other are one literal
    "x_triple_quotes": ["ok"],  # a literal
    "x_tuple_arg": ["ok"],  # a literal, which JSON has as a list
    "x_dup_kwarg": ["ok"],  # flagged
    "x_reserved_kwarg": ["ok"],  # a tool's parameter may be named `from`
    "x_dotted_call": ["ok"],  # tools have such names
    "x_underscore_name": ["ok"],  # the same
    "x_digit_name": ["ok"],  # the same
    "x_unicode_name": ["ok"],  # the same
}
#: Where one of several calls is whole, or a fault stands beside whole calls.
IN_PART = {
    "m_doubled_start_marker": [["wrong_dialect", "ok"], ["unclosed", "ok"]],
    "x_list_mixed": [["ok", "wrong_dialect"], ["ok", "invalid_json"]],
    "x_semicolon": [["ok", "ok"], ["ok", "invalid_json"]],  # two lists are two blocks, and flagged
}
#: Canonical lines without calls whose lists are attempts all the same, as a marker stands before them.
NO_CALLS = {"x_list_of_strings"}
#: The content of canonical lines where the peers keep or drop other text: a dialect's parser that reads no call there
#: gives back the whole text, and some drop what stands around calls.
CONTENT = {
    "name_dotted": "",
    "name_hyphen": "",
    "array_of_objects": "",
    "string_with_own_end_marker": "",
    "ws_around": "",
    "x_multiline_call": "",
    "prose_before": "Let me check the weather for you.",
    "prose_after": "I will report back.",
    "prose_both": "Sure!  Done.",
    "prose_between": "and then",
    "m_in_python_fence": "```python\n\n```",
}


def vectors(name):
    path = VECTORS / "vectors" / "formats" / f"{FILES.get(name, name)}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no vectors for {name}")
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def read(text, name, **context):
    """The reply to a text; whatever the text is, nothing of it is lost, and spans point at what they say."""
    reply = FORMATS[name].read(text, Case(Expected(((),))), tv.Context(**context))
    assert "".join(segment.text for segment in reply.segments) == text
    for attempt in reply.attempts:
        assert text[slice(*attempt.span)] == attempt.raw
        assert (attempt.call is not None) == (attempt.status == "ok")
        assert attempt.status == "ok" or attempt.detail
    return reply


def statuses(text, name, **context):
    return [attempt.status for attempt in read(text, name, **context).attempts]


def exactly(calls):
    return json.dumps([[call.name, call.arguments] for call in calls], sort_keys=True)


def intended(row):
    return json.dumps([[call["name"], call["arguments"]] for call in row["intended_calls"]], sort_keys=True)


@pytest.mark.parametrize("name", NAMES)
def test_canonical_texts_give_the_intended_calls_and_reasoning(name):
    rows = [row for row in vectors(name) if row["canonical"]]
    assert len(rows) > 30
    for row in rows:
        reply, what = read(row["text"], name), row["id"].partition("-")[2]
        assert exactly(reply.calls) == intended(row), what
        assert what in NO_CALLS or {attempt.status for attempt in reply.attempts} <= {"ok", "in_reasoning"}, (
            what
        )
        if "quirk_class" not in row:
            assert (reply.reasoning or "") == (row.get("expected_reasoning") or ""), what


@pytest.mark.parametrize("name", NAMES)
def test_the_content_of_canonical_texts_is_what_stands_outside_calls(name):
    for row in vectors(name):
        what = row["id"].partition("-")[2]
        if row["canonical"] and what not in {"x_empty_list", "x_list_of_strings"}:
            wanted = CONTENT.get(what, (row["expected_content"] or "").strip())
            assert read(row["text"], name).content.strip() == wanted, what


@pytest.mark.parametrize("name", NAMES)
def test_other_texts_are_whole_calls_only_where_that_was_decided(name):
    for row in vectors(name):
        if row["canonical"]:
            continue
        what, found = row["id"].partition("-")[2], statuses(row["text"], name)
        if what in IN_PART:
            assert found in IN_PART[what], what
        elif "ok" in found:
            assert found == DECIDED.get(what), what


@pytest.mark.parametrize("name", NAMES)
def test_what_is_no_literal_or_has_no_name_is_told(name):
    for arguments, status in (
        ('"Oslo"', "non_object_args"),
        ('"Oslo", days=3', "non_object_args"),
        ("days=2*3", "invalid_json"),
        ("days=n", "invalid_json"),
        ("days=now()", "invalid_json"),
        ("**{'days': 3}", "invalid_json"),
        ("days=05", "invalid_json"),
        ("days=1e999", "invalid_json"),
        ("days={1, 2}", "invalid_json"),
        ("days=f'{x}'", "invalid_json"),
    ):
        text = written(name, f"f({arguments})", "g(a=-1, b=[1, {'c': None}])")
        reply = read(text, name)
        assert [attempt.status for attempt in reply.attempts] == [status, "ok"], arguments
        assert reply.attempts[0].name == "f"
        assert reply.calls == (ToolCall("g", {"a": -1, "b": [1, {"c": None}]}),)


def written(name, *calls):
    format_ = FORMATS[name]
    body = "\n".join(calls) if format_.brackets == "none" else f"[{', '.join(calls)}]"
    return f"{format_.start}{format_.padding}{body}{format_.padding}{format_.end}"


@pytest.mark.parametrize("name", ["lfm2", "olmo3"])
def test_words_of_json_are_read_where_the_dialect_has_them(name):
    text = written(name, "f(a=true, b=[false, null], c=True)")
    assert read(text, name).calls == (ToolCall("f", {"a": True, "b": [False, None], "c": True}),)


def test_words_of_json_are_names_elsewhere():
    for name in ("pythonic", "pythonic-bare", "llama4-pythonic"):
        assert statuses(written(name, "f(a=true)"), name) == ["invalid_json"]


@pytest.mark.parametrize("name", ["lfm2", "olmo3", "llama4-pythonic"])
def test_a_text_that_ends_in_a_block_says_how(name):
    text = written(name, "f(a=1)")
    format_ = FORMATS[name]
    whole = text.removesuffix(format_.end).rstrip()
    assert statuses(whole + format_.end[:4], name) == ["unclosed"]
    assert statuses(whole + format_.end[:4], name, finish_reason="length") == ["truncated"]
    assert statuses(format_.start, name) == ["truncated"]
    assert statuses(text[: text.index("=")], name) == ["truncated"]
    bare = ["ok"] if name == "llama4-pythonic" else ["unclosed"]
    assert statuses(whole, name) == bare


@pytest.mark.parametrize("name", ["pythonic", "pythonic-bare", "llama4-pythonic"])
def test_a_list_without_markers_that_is_cut_says_so(name):
    assert statuses("[get_weath", name) == ["truncated"]
    assert statuses("Well: [get_weather(", name) == ["truncated"]
    assert statuses("[f(a=1), ge", name) == ["ok", "truncated"]
    assert statuses("[f(a=1)", name) == ["unclosed"]
    assert statuses("[f(a=1)", name, finish_reason="length") == ["truncated"]
    assert statuses("a[b", name) == []
    assert statuses("[[f()]]", name) == ["wrong_dialect"]


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
    assert reply.content.strip() == content.strip()


def test_calls_are_written_as_the_models_templates_write_them():
    made = [ToolCall("f", {"a": "it's", "b": [True, None]}), ToolCall("g", {})]
    texts = {name: FORMATS[name].render(made, reasoning="So.") for name in NAMES}
    thought = "<think>So.</think>\n"
    calls = '[f(a="it\'s", b=[True, None]), g()]'
    assert texts == {
        "pythonic": f"{thought}{calls}",
        "pythonic-bare": f"{thought}{calls}",
        "llama4-pythonic": f"{thought}<|python_start|>{calls}<|python_end|>",
        "lfm2": f"{thought}<|tool_call_start|>{calls}<|tool_call_end|>",
        "olmo3": f'{thought}\n<function_calls>\nf(a="it\'s", b=[true, null])\ng()\n</function_calls>',
    }


@pytest.mark.parametrize("argument", ["a b", "\u00ba", "", "1a"])
def test_an_argument_that_is_no_name_is_refused(argument):
    for format_ in FORMATS.values():
        with pytest.raises(RenderError):
            format_.render([ToolCall("f", {argument: 1})])


HOSTILE = {
    "open lists of calls": "[f(a=[" * 160_000,
    "open calls": "[f(" * 330_000,
    "lists in lists": "[" * 1_000_000,
    "lists in lists, spaced": "[ " * 500_000,
    "a name without an end": "[" + "a" * 1_000_000,
    "names": "[a" * 500_000,
    "long lists": "[" + ", ".join(["f(a=[" + "1," * 30_000 + "])"] * 16) + "]",
    "halves of markers": "<|" * 500_000,
}


@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("name", NAMES)
def test_hostile_texts_are_read_in_time(name, what):
    for text in (HOSTILE[what], FORMATS[name].start + HOSTILE[what]):
        began = time.process_time()
        reply = read(text, name)
        assert time.process_time() - began < SLOW
        assert len(reply.attempts) <= 257
