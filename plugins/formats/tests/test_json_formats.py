"""Formats whose calls are JSON: wrappers of every kind, and none."""

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
from toolverify_formats import json_formats

VECTORS = Path(os.environ.get("TOOLVERIFY_SHARED", Path(__file__).resolve().parents[4] / "shared"))
FORMATS = {format_.name: format_ for format_ in json_formats.FORMATS}
NAMES = list(FORMATS)
SLOW = 2.0  # seconds: what is not linear takes minutes; speed itself is measured in benchmarks
ONE, TWO = '{"name": "f", "arguments": {"a": 1}}', '{"name": "g", "arguments": {}}'
LLAMA, LLAMA_TWO = ONE.replace("arguments", "parameters"), TWO.replace("arguments", "parameters")

#: What is no canonical text and yet reads as whole calls; the reasons stand beside the statuses.
DECIDED = {
    "prose_between": ["ok", "ok"],  # flagged where a text should hold one list: several blocks
    "m_two_blocks_glued": ["ok", "ok"],  # the same
    "m_two_lists": ["ok", "ok"],  # text may stand between blocks
    "m_trunc_parallel_60pct": ["ok"],  # the second call has not begun
    "m_stray_end_after_call": ["ok"],  # the marker is text behind the call
    "m_bad_name_spaces": ["ok"],  # a call of a tool that is not there
    "m_name_wrong_case": ["ok"],  # the same
    "m_crlf": ["ok"],  # white space around JSON is free
    "m_uppercase_markers": ["ok"],  # a bare list has no markers
    "m_in_markdown_fence": ["ok"],  # the fence is text around the calls
    "j_name_padded": ["ok"],  # a call of a tool that is not there
    "j_keys_reordered": ["ok"],  # an object has no order
    "j_args_pretty_multiline": ["ok"],  # JSON all the same
    "j_args_called_parameters": ["ok"],  # InternLM has them so; elsewhere it is another dialect
    "x_bare_object": ["ok"],  # flagged: one object for a list
    "x_repeated_marker": ["ok", "ok"],  # flagged: several blocks
    "x_two_blocks": ["ok", "ok"],  # the same
    "x_json_answer_two_objs": ["ok"],  # other JSON in plain text is text
    "x_negative_number": ["ok"],  # a literal
    "x_hex_octal": ["ok"],  # a literal
    "x_tuple_arg": ["ok"],  # a literal, which JSON has as a list
    "x_implicit_concat": ["ok"],  # strings beside each other are one literal
    "x_triple_quotes": ["ok"],  # a literal
    "x_reserved_kwarg": ["ok"],  # a tool's parameter may be named `from`
    "x_dotted_call": ["ok"],  # tools have such names
    "x_underscore_name": ["ok"],  # the same
}
#: Canonical texts without calls in which something yet tries to be one.
TRIES = {"j_json_scalar_in_block", "x_list_of_strings"}
#: Where a peer's reasoning is not what the text holds, and why.
OTHER_REASONING = {"cohere4-think_fake_call_inside"}  # the peer ends reasoning at the draft


def vectors(name):
    path = VECTORS / "vectors" / "formats" / f"{name.replace('-', '_')}.jsonl.gz"
    if not path.exists():
        pytest.skip(f"no vectors for {name}")
    with gzip.open(path, "rt", encoding="utf-8") as stream:
        return [json.loads(line) for line in stream]


def read(name, text, limits=None, **context):
    """The reply to a text; whatever the text is, nothing of it is lost, and spans point at what they say."""
    reply = FORMATS[name].read(text, Case(Expected(((),)), limits=limits or Limits()), tv.Context(**context))
    assert "".join(segment.text for segment in reply.segments) == text
    for attempt in reply.attempts:
        assert text[slice(*attempt.span)] == attempt.raw
        assert attempt.status == "ok" or attempt.detail
    return reply


def read_row(name, row):
    """A text of a file; where only the end of the reasoning stands in it, the prompt has opened it."""
    start, end = FORMATS[name].think_start, FORMATS[name].think_end
    opened = row["mode"] == "reasoning+tool" and start not in row["text"] and end in row["text"]
    return read(name, row["text"], reasoning_open=opened)


def statuses(reply):
    return [attempt.status for attempt in reply.attempts]


def exactly(calls):
    return json.dumps([[call.name, call.arguments] for call in calls], sort_keys=True)


# Real texts


@pytest.mark.parametrize("name", NAMES)
def test_canonical_texts_give_the_intended_calls(name):
    for row in vectors(name):
        if row["canonical"]:
            reply = read_row(name, row)
            wanted = [ToolCall(call["name"], call["arguments"]) for call in row["intended_calls"]]
            assert exactly(reply.calls) == exactly(wanted), row["id"]
            odd = [attempt for attempt in reply.attempts if attempt.status not in {"ok", "in_reasoning"}]
            assert not odd or any(row["id"].endswith(kind) for kind in TRIES), row["id"]
            assert not any(attempt.flags for attempt in reply.attempts), row["id"]


@pytest.mark.parametrize("name", NAMES)
def test_reasoning_and_content_are_those_of_the_text(name):
    for row in vectors(name):
        if row["canonical"] and "-think_" in row["id"] and row["id"] not in OTHER_REASONING:
            reply = read_row(name, row)
            assert (reply.reasoning or None) == row["expected_reasoning"], row["id"]
            assert (reply.content.strip() or None) == row["expected_content"], row["id"]
        elif row["canonical"] and not row["intended_calls"]:
            reply = read_row(name, row)
            assert reply.content == row["text"] or "block" in {part.kind for part in reply.segments}, row[
                "id"
            ]


@pytest.mark.parametrize("name", NAMES)
def test_other_texts_never_pass_unless_that_was_decided(name):
    for row in vectors(name):
        if not row["canonical"]:
            reply = read_row(name, row)
            told = [attempt for attempt in reply.attempts if attempt.status != "ok" or attempt.flags]
            kind = row["id"].partition("-")[2]
            if reply.calls and not told:
                assert DECIDED.get(kind) == statuses(reply), row["id"]


# Statuses

READINGS = [
    ("granite3", f"<tool_call>[{ONE}, {TWO}]", ["ok", "ok"], []),
    ("granite3", f"<|tool_call|> [{ONE}]</tool_call> thanks", ["ok"], []),
    ("granite3", f"<tool_call>[{ONE}]</tool_", ["unclosed"], []),
    ("granite3", f"<tool_call>[{ONE}", ["ok", "truncated"], []),
    ("granite3", f"<tool_call>[{ONE}, {{bad}}, {TWO}]", ["ok", "invalid_json", "ok"], []),
    ("granite3", f"<tool_call>[{ONE}]]", ["ok", "invalid_json"], []),
    ("granite3", f"<tool_call>[{ONE}]<tool_call>[{TWO}]", ["ok", "ok"], ["several_blocks"]),
    ("granite3", f"<tool_call>{ONE}", ["ok"], ["single_object"]),
    ("granite3", "<tool_call>oh", ["invalid_json"], []),
    ("granite3", "<tool_call>", ["truncated"], []),
    ("granite3", "<tool_call>[]", [], []),
    ("granite3", f"<think><tool_call>[{ONE}] or so</think>", ["in_reasoning"], []),
    ("granite3", "<think><tool_call>[{} or so</think>", ["in_reasoning"], []),
    ("granite-20b-fc", f"<function_call> {ONE}\n<function_call> {TWO}", ["ok", "ok"], []),
    ("granite-20b-fc", f"<function_call> {ONE}\n{TWO}", ["ok", "invalid_json"], []),
    ("granite-20b-fc", f"<function_call> {ONE}}}", ["ok", "invalid_json"], []),
    ("granite-20b-fc", f"<function_call> {ONE} {{oh", ["ok", "invalid_json"], []),
    ("granite-20b-fc", f"<function_call> [{ONE}]", ["wrong_dialect"], []),
    ("granite-20b-fc", '<function_call><no_function>{"response": "hi"}', [], []),
    ("mistral-v3", f'[TOOL_CALLS] [{ONE[:-1]}, "id": "abc"}}]', ["ok"], []),
    ("mistral-v3", f"[TOOL_CALLS][TOOL_CALLS] [{ONE}]", ["invalid_json", "ok"], []),
    ("nemotron-toolcall", f"<TOOLCALL>[{ONE}, {TWO}]</TOOLCALL>", ["ok", "ok"], []),
    ("nemotron-toolcall", "<TOOLCALL>[f(a=1), g()]</TOOLCALL>", ["ok", "ok"], []),
    ("nemotron-toolcall", f"<TOOLCALL>[f(a=1)]</TOOLCALL><TOOLCALL>[{TWO}]</TOOLCALL>", ["ok", "ok"], []),
    ("nemotron-toolcall", f"<TOOLCALL>[{ONE}]", ["unclosed"], []),
    ("nemotron-toolcall", f"<TOOLCALL>[{ONE}] oh</TOOLCALL>", ["ok", "invalid_json"], []),
    ("nemotron-toolcall", "<TOOLCALL>[f(a=1)]", ["unclosed"], []),
    ("nemotron-toolcall", "<TOOLCALL>[]", ["unclosed"], []),
    ("nemotron-toolcall", f"<TOOLCALL>{ONE}</TOOLCALL>", ["ok"], ["single_object"]),
    ("xlam", f"Sure! [{ONE}] Done.", ["ok"], []),
    ("xlam", f"```json\n[{ONE}]\n```", ["ok"], []),
    ("xlam", f"<think>so</think>[TOOL_CALLS][{ONE}]", ["ok"], []),
    ("xlam", 'Here: [1, 2] and [{"a": 1}], [{"name": "Ann", "age": 3}].', [], []),
    ("xlam", f"[[{ONE}]]", ["ok", "invalid_json"], []),
    ("xlam", '[{"na', ["truncated"], []),
    ("xlam", "[{'name': 'f'}]", ["invalid_json"], []),
    ("xlam", f"a thought</think>[{ONE}]", ["ok"], ["reasoning_not_opened"]),
    ("llama3-json", f"{LLAMA}; {LLAMA_TWO}", ["ok", "ok"], []),
    ("llama3-json", f"<|python_tag|>{LLAMA}, {LLAMA_TWO}<|eom_id|>", ["ok", "ok"], []),
    ("llama3-json", f"{LLAMA}; {LLAMA_TWO[:-3]}", ["ok", "truncated"], []),
    ("llama3-json", f"First {LLAMA} and {LLAMA_TWO}.", ["ok", "ok"], []),
    ("llama3-json", ONE, ["wrong_dialect"], []),
    ("llama3-json", '{"name": "f"}', ["non_object_args"], []),
    ("llama3-json", '{"name": "f", "parameters": []}', ["non_object_args"], []),
    ("llama3-json", '{"parameters": {}}', ["missing_name"], []),
    ("llama3-json", '{"name": "f", oh}', ["invalid_json"], []),
    ("llama3-json", '{"na', ["truncated"], []),
    ("llama3-json", '<|python_tag|>brave_search.call(query="x")', ["invalid_json"], []),
    ("llama3-json", 'So {"a": 1}, {x | x > 0} and {"name": "Ann", "age": 3}.', [], []),
    ("llama3-json", f"[{LLAMA}]", ["ok", "invalid_json"], []),
    ("hunyuan-a13b", f"<think>\nhm\n</think>\n<answer>\n<tool_calls>[{ONE}]</tool_calls>\n</answer>", ["ok"], []),
    ("hunyuan-a13b", f"<tool_calls>[{ONE}]", ["unclosed"], []),
    ("ernie45", f"<tool_call>\n{ONE}\n</tool_call>\n\n<tool_call>\n{TWO}\n</tool_call>\n", ["ok", "ok"], []),
    ("ernie45", f"<tool_call>\n{ONE}\n<tool_call>\n{TWO}\n</tool_call>\n", ["unclosed", "ok"], []),
    ("ernie45", f"<tool_call>{{bad</tool_call><tool_call>{TWO}</tool_call>", ["invalid_json", "ok"], []),
    ("phi4-mini", f"functools[{ONE}, {TWO}]", ["ok", "ok"], []),
    ("phi4-mini", "import functools", [], []),
    ("phi4-mini", "functools[", ["truncated"], []),
    ("internlm2", f"<|action_start|><|plugin|>\n{LLAMA}", ["ok"], []),
    ("internlm2", f"<|action_start|><|plugin|>\n{LLAMA}<|action", ["unclosed"], []),
    ("internlm2", f"<|action_start|><|plugin|>\n{LLAMA[:-4]}<|action_end|>", ["invalid_json"], []),
    ("apertus", '<|tools_prefix|>[{"f": {"a": 1}}, {"g": {}}]<|tools_suffix|>', ["ok", "ok"], []),
    ("apertus", f"<|tools_prefix|>[{ONE}, {{}}, 1]<|tools_suffix|>", ["wrong_dialect", "missing_name", "wrong_dialect"], []),
    ("apertus", '<|tools_prefix|>[{"f": null}, {"": {}}]<|tools_suffix|>', ["non_object_args", "missing_name"], []),
    ("cohere4", '<|START_ACTION|>[{"tool_name": "f", "parameters": {}}]<|END_ACTION|>', ["ok"], []),
    ("cohere4", f"<|START_ACTION|>[{LLAMA}]<|END_ACTION|>", ["wrong_dialect"], []),
    ("cohere4", '<|START_ACTION|>[{"parameters": {}}]<|END_ACTION|>', ["missing_name"], []),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "wanted", "flags"), READINGS)
def test_every_attempt_has_the_status_of_its_syntax(name, text, wanted, flags):
    reply = read(name, text)
    assert statuses(reply) == wanted
    assert list(reply.flags) == flags


def test_a_whole_list_without_its_end_marker_is_truncated_where_the_length_ended_it():
    text = f"<TOOLCALL>[{ONE}]"
    assert statuses(read("nemotron-toolcall", text, finish_reason="length")) == ["truncated"]
    assert statuses(read("granite3", f"<tool_call>[{ONE}]", finish_reason="length")) == ["ok"]


def test_keys_that_a_dialect_does_not_know_are_told():
    reply = read("mistral-v3", f'[TOOL_CALLS] [{ONE[:-1]}, "id": "a", "index": 3}}, {TWO}]')
    assert [attempt.flags for attempt in reply.attempts] == [("extra_keys",), ()]
    repeated = read("apertus", '<|tools_prefix|>[{"f": {"a": 1, "a": 2}}]<|tools_suffix|>')
    assert repeated.attempts[0].flags == ("duplicate_keys",)


def test_the_markers_around_content_are_no_part_of_it():
    text = f"<think>\nhm\n</think>\n<answer>\n One.\n<tool_calls>[{ONE}]</tool_calls>\n</answer>"
    reply = read("hunyuan-a13b", text)
    assert (reply.reasoning, reply.content) == ("hm", "\n One.\n")
    reply = read("cohere4", "<|START_RESPONSE|>Hi.<|END_RESPONSE|>")
    assert reply.content == "Hi."
    reply = read("ernie45", "so\n</think>\n\n\n<response>\nHi.\n</response>\n", reasoning_open=True)
    assert (reply.reasoning, reply.content) == ("so\n", "\n\n\nHi.\n")


def test_other_json_in_plain_text_is_content():
    reply = read("llama3-json", f'As in {{"name": "Ann", "age": 3}}: {LLAMA}')
    assert reply.content == 'As in {"name": "Ann", "age": 3}: '
    assert [call.name for call in reply.calls] == ["f"]


# Limits


@pytest.mark.parametrize("name", NAMES)
def test_attempts_are_counted_up_to_the_limit_and_the_rest_is_one(name):
    made = [ToolCall("f", {"i": index}) for index in range(300)]
    reply = read(name, FORMATS[name].render(made))
    assert len(reply.calls) == 256
    assert statuses(reply)[256:] == ["limit_exceeded"]


@pytest.mark.parametrize("name", ["granite3", "llama3-json", "xlam", "ernie45", "apertus"])
def test_a_call_beyond_a_limit_is_not_read_and_the_others_are(name):
    made = [ToolCall("f", {"a": "x" * 200}), ToolCall("g", {})]
    reply = read(name, FORMATS[name].render(made), Limits(call=100))
    assert statuses(reply)[0] == "limit_exceeded"
    deep = [ToolCall("f", {"a": [[[[[]]]]]}), ToolCall("g", {})]
    reply = read(name, FORMATS[name].render(deep), Limits(depth=4))
    assert statuses(reply) == ["limit_exceeded", "ok"]


def test_plain_text_that_nests_without_end_is_given_up():
    for name, piece in (("llama3-json", '{"name": '), ("xlam", '[{"name": ')):
        reply = read(name, piece * 20_000)
        assert set(statuses(reply)) == {"limit_exceeded"}
        reply = read(name, f"<think>{piece * 20_000}")
        assert set(statuses(reply)) == {"in_reasoning"}


PIECES = {
    "objects that are no calls": '{"name": 1, "a": 2} ',
    "lists that are no calls": '[{"name": 1, "a": 2}] ',
    "fences": "```json\n",
    "nested objects": '{"name": ',
    "nested lists": '[{"name": ',
    "strings without end": '[{"name": "',
    "joined objects": '{"name": "f", "parameters": {}}; ',
    "broken objects": '{"name": x} ',
    "frames": "<answer></answer><response>",
    "declined": "<function_call><no_function>",
    "long calls": '{"name": "f", "parameters": {"a": "' + "x" * 60_000 + '"}} ',
}


@pytest.mark.parametrize("name", NAMES)
def test_a_million_characters_are_read_in_no_time(name):
    for what, piece in PIECES.items():
        for before in ("", FORMATS[name].think_start):
            text = before + piece * (1_000_000 // len(piece) - 1)
            start = time.process_time()
            read(name, text)
            assert time.process_time() - start < SLOW, what


# Rendering


@pytest.mark.parametrize("name", NAMES)
def test_the_format_conforms(name):
    testing.check_format(FORMATS[name], examples=15)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=25, deadline=None)
@given(made=testing.calls(), thought=testing.thoughts())
def test_what_is_rendered_reads_back(name, made, thought):
    try:
        text = FORMATS[name].render(made, reasoning=thought, content="Hi.")
    except RenderError:
        return
    reply = read(name, text)
    assert exactly(reply.calls) == exactly(made)
    assert reply.reasoning == thought
    assert reply.content.strip() == "Hi."
    assert not [attempt for attempt in reply.attempts if attempt.flags]


RENDERED = {
    "granite3": f"<tool_call>[{ONE}, {TWO}]",
    "granite-20b-fc": f"<function_call> {ONE}\n<function_call> {TWO}",
    "mistral-v3": f"[TOOL_CALLS] [{ONE}, {TWO}]",
    "nemotron-toolcall": f"<TOOLCALL>[{ONE}, {TWO}]</TOOLCALL>",
    "xlam": f"[{ONE}, {TWO}]",
    "llama3-json": f"{LLAMA}; {LLAMA_TWO}",
    "jamba": f"<tool_calls>[{ONE}, {TWO}]</tool_calls>",
    "phi4-mini": f"functools[{ONE}, {TWO}]",
    "internlm2": f"<|action_start|><|plugin|>\n{LLAMA}<|action_end|>\n<|action_start|><|plugin|>\n{LLAMA_TWO}<|action_end|>",
    "apertus": '<|tools_prefix|>[{"f": {"a": 1}}, {"g": {}}]<|tools_suffix|>',
}  # fmt: skip


@pytest.mark.parametrize("name", RENDERED)
def test_calls_are_written_as_the_models_template_does(name):
    assert FORMATS[name].render([ToolCall("f", {"a": 1}), ToolCall("g", {})]) == RENDERED[name]


def test_content_stands_in_its_frame_behind_reasoning():
    made = [ToolCall("f", {"a": 1})]
    assert FORMATS["hunyuan-a13b"].render(made, reasoning="hm", content="Hi.") == (
        f"<think>\nhm\n</think>\n<answer>\nHi.<tool_calls>[{ONE}]</tool_calls>\n</answer>"
    )
    assert FORMATS["ernie45"].render(made, reasoning="hm", content="Hi.") == (
        f"<think>hm</think>\n<response>\nHi.\n</response>\n<tool_call>\n{ONE}\n</tool_call>"
    )
    assert FORMATS["cohere4"].render([], reasoning="hm", content="Hi.") == (
        "<|START_THINKING|>hm<|END_THINKING|><|START_TEXT|>Hi.<|END_TEXT|>"
    )


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("granite3", {"reasoning": "a</think>b"}),
        ("granite3", {"content": "a <|tool_call|>"}),
        ("hunyuan-a13b", {"content": "</answer>"}),
        ("llama3-json", {"content": "a set {1}"}),
        ("xlam", {"content": "```"}),
        ("xlam", {"calls": [ToolCall("f", {"a": float("nan")})]}),
        ("apertus", {"calls": [ToolCall("f", {"a": "\ud800"})]}),
    ],
)
def test_what_a_format_cannot_express_is_refused(name, options):
    with pytest.raises(RenderError):
        FORMATS[name].render(**{"calls": [], **options})
