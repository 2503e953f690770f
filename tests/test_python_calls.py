"""Calls in Python's syntax: every text is read within bounds, nothing is run, and one bad call hides no good one."""

import gzip
import json
import os
import random
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolverify.calls import Case, Context, Expected, ToolCall
from toolverify.errors import RenderError
from toolverify.formats.engines import Fault, NotLiteral, PythonCalls, literal_value, read_expression
from toolverify.limits import Limits

VECTORS = (
    Path(os.environ.get("TOOLVERIFY_SHARED", Path(__file__).resolve().parents[2] / "shared")) / "vectors"
)
FORMATS = {
    "pythonic": PythonCalls("pythonic"),
    "bfcl_prompt": PythonCalls("pythonic-bare", brackets="optional"),
    "llama4_pythonic": PythonCalls(
        "llama4", start="<|python_start|>", end="<|python_end|>", markers="optional"
    ),
    "lfm2": PythonCalls("lfm2", start="<|tool_call_start|>", end="<|tool_call_end|>"),
    "olmo3": PythonCalls(
        "olmo3",
        start="<function_calls>",
        end="</function_calls>",
        brackets="none",
        json_words=True,
        padding="\n",
    ),
}
FREE = PythonCalls("free", free_names=True)
SLOW = 5.0  # seconds: what is not linear takes minutes; speed itself is measured in benchmarks


def _read(text, format_=FORMATS["pythonic"], *, tools=(), limits=None, **context):
    tools = [{"name": name, "parameters": {}} for name in tools]
    case = Case(Expected(((),)), given_tools=tools, limits=limits or Limits())
    reply = format_.read(text, case, Context(**context))
    assert "".join(segment.text for segment in reply.segments) == text
    for attempt in reply.attempts:
        assert text[slice(*attempt.span)] == attempt.raw
        assert (attempt.call is not None) == (attempt.status == "ok")
        assert attempt.status == "ok" or attempt.detail
    return reply


def _arguments(values):
    (call,) = _read(f"[f(a={values})]").calls
    return call.arguments["a"]


@pytest.mark.parametrize("name", FORMATS)
def test_well_formed_texts_give_the_calls_that_were_meant(name):
    path = VECTORS / "formats" / f"{name}.jsonl.gz"
    if not path.is_file():
        pytest.skip(f"no vectors at {path}; set TOOLVERIFY_SHARED")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    assert sum(row["canonical"] for row in rows) > 30
    for row in rows:
        reply = _read(row["text"], FORMATS[name])
        if row["canonical"]:
            calls = [{"name": call.name, "arguments": call.arguments} for call in reply.calls]
            assert calls == row["intended_calls"], row["id"]
            assert (reply.reasoning or "").strip() == (row.get("expected_reasoning") or "").strip(), row["id"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", 3),
        ("-3", -3),
        ("+3", 3),
        ("1_000", 1000),
        ("0x1F", 31),
        ("0o17", 15),
        ("0b11", 3),
        ("9007199254740993", 9007199254740993),
        ("1.5", 1.5),
        (".5", 0.5),
        ("-1e-7", -1e-7),
        ("'it\\'s'", "it's"),
        ('"a\\n\\x41\\u00e9\\N{BULLET}\\101"', "a\nAé•A"),
        ("r'\\d'", "\\d"),
        ("u'x'", "x"),
        ("'''a\n'b' '''", "a\n'b' "),
        ('"a" \'b\'\n"c"', "abc"),
        ("'\\d'", "\\d"),
        ("True", True),
        ("None", None),
        ("(1, 'x', [None])", [1, "x", [None]]),
        ("()", []),
        ("(1)", 1),
        ('{"a": {"b": [1, 2.0]}, \'c\': ()}', {"a": {"b": [1, 2.0]}, "c": []}),
        ("[1, 2,]", [1, 2]),
        ("['a', 'b', 'c', 'd', \"e\", 6]", ["a", "b", "c", "d", "e", 6]),
    ],
)
def test_literals(text, value):
    read = _arguments(text)
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x", "a name is no literal"),
        ("true", "a name is no literal"),
        ("2*3", "an operation is no literal"),
        ("f(1)", "a call is no literal"),
        ("f'x'", "a fstring is no literal"),
        ("b'x'", "a constant is no literal"),
        ("1j", "a constant is no literal"),
        ("...", "a constant is no literal"),
        ("lambda: 1", "a lambda is no literal"),
        ("[y for y in x]", "a comprehension is no literal"),
        ("{1, 2}", "a set is no literal"),
        ("x.y", "a attribute is no literal"),
        ("x[0]", "a subscript is no literal"),
        ("1 if x else 2", "a conditional is no literal"),
        ("--1", "a unary is no literal"),
        ("not 1", "a unary is no literal"),
        ("-True", "a unary is no literal"),
        ("{1: 2}", "a key that is no string"),
        ("{**x}", "a key that is no string"),
        ("1e999", "beyond what JSON holds"),
        ("05", "leading zeros"),
        ("'\\x4'", "malformed escape"),
        ("'\\ud800'", "surrogate"),
        ("'a\nb'", "a line ends inside a string"),
        ("1x", "unexpected 'x'"),
        ("x[1 2]", "unexpected '2'"),
        ("x[1,,2]", "unexpected ','"),
        ("x[]", "unexpected ']'"),
        ("", "unexpected ')'"),
    ],
)
def test_what_is_no_literal_is_an_attempt_that_says_so(text, said):
    reply = _read(f"[g(b=1), f(a={text}), h(c=2)]")
    assert [attempt.status for attempt in reply.attempts] == ["ok", "invalid_json", "ok"]
    assert said in reply.attempts[1].detail
    assert reply.attempts[1].name == "f"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("[f(1)]", "non_object_args"),
        ("[f(*a)]", "invalid_json"),
        ("[f(**{'a': 1})]", "invalid_json"),
        ("[f(), 3]", "wrong_dialect"),
        ("[f(), {'name': 'g'}]", "wrong_dialect"),
        ("[f(), (1)(a=2)]", "missing_name"),
        ("[f(a=1)", "unclosed"),
        ("[f(), g(a=1", "truncated"),
        ("[f(), g(a='x", "truncated"),
        ("[f(), ", "truncated"),
        ("[f(), g(a=1 b=2)]", "invalid_json"),
        (f"[f(), g(a={'[' * 200}1{']' * 200})]", "limit_exceeded"),
        (f"[f(), g(a={'9' * 5000})]", "limit_exceeded"),
        (f"[f(), g(a='{'x' * 70_000}')]", "limit_exceeded"),
        (f"[f(), g({'a=1, ' * 1_001})]", "limit_exceeded"),
    ],
)
def test_faults_have_their_status(text, status):
    assert _read(text).attempts[-1].status == status


def test_repeated_names_and_keys_are_flagged_and_the_last_one_counts():
    for text in (
        "[f(a=1, a=2)]",
        '[f(a={"k": 1, "k": 2})]',
        "[f(a={'k': 1, 'k': 2})]",
        "[f(a=[{'k': 1, 'k': 2}])]",
    ):
        (attempt,) = _read(text).attempts
        assert attempt.flags == ("duplicate_keys",)
    assert _read("[f(a=1, a=2)]").calls[0].arguments == {"a": 2}


def test_names_may_be_free():
    tools = ["Market Trends API", "/path/name", "User Feed (Video Posts) V2", "a, b", "User Feed"]
    text = '[Market Trends API(t="x"), /path/name(a=1), User Feed (Video Posts) V2(x=1), a, b(), User Feed (y=2)]'
    assert [call.name for call in _read(text, FREE, tools=tools).calls] == [*tools]
    assert [call.name for call in _read("[Other API(a=1), products/list()]", FREE).calls] == [
        "Other API",
        "products/list",
    ]
    assert _read("See [the docs (v2)] there.", FREE).attempts == ()


def test_options_decide_what_is_read():
    dropping = PythonCalls("x", positional="drop", json_words=True)
    assert _read("[f(1, a=true, b=null)]", dropping).calls == (ToolCall("f", {"a": True, "b": None}),)
    bare = PythonCalls("x", brackets="optional")
    assert [call.name for call in _read("f(a=1)\ng()", bare).calls] == ["f", "g"]
    named = PythonCalls("x", resolve=lambda expression: f"<{expression.kind} {expression.text}>")
    assert _read("[f(a=[x, 1+2])]", named).calls[0].arguments == {"a": ["<name x>", "<operation 1+2>"]}


def test_reasoning_is_split_first_and_drafts_do_not_count():
    reply = _read("<think>Maybe [f(a=1)]?</think>\n[g()]")
    assert reply.reasoning == "Maybe [f(a=1)]?"
    assert [attempt.status for attempt in reply.attempts] == ["in_reasoning", "ok"]
    assert _read("so</think>[g()]").flags == ("reasoning_not_opened",)
    assert _read("so</think>[g()]", reasoning_open=True).reasoning == "so"
    assert _read("<think>on and on").flags == ("reasoning_unclosed",)


def test_several_blocks_are_read_and_flagged():
    reply = _read("First [f(a=1)] and then [g()].")
    assert [call.name for call in reply.calls] == ["f", "g"]
    assert reply.flags == ("several_blocks",)
    assert reply.content == "First  and then ."


def test_markers_that_are_missing():
    lfm = FORMATS["lfm2"]
    assert [one.status for one in _read("<|tool_call_start|>[f(), g()]", lfm).attempts] == ["unclosed"] * 2
    assert _read("[f()]", lfm).attempts == ()
    assert [one.status for one in _read("<|tool_call_start|>f()<|tool_call_end|>", lfm).attempts] == [
        "wrong_dialect"
    ]
    mixed = "<|tool_call_start|>[f(a='<|tool_call_end|>')]<|tool_call_end|>"
    assert _read(mixed, lfm).calls == (ToolCall("f", {"a": "<|tool_call_end|>"}),)
    olmo = FORMATS["olmo3"]
    text = "<function_calls>\nf(a=1)\noops\ng()\n</function_calls>"
    assert [one.status for one in _read(text, olmo).attempts] == ["ok", "invalid_json", "ok"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
CALLS = st.lists(
    st.builds(
        ToolCall,
        st.from_regex(r"[a-z_][a-z0-9_.-]{0,8}", fullmatch=True),
        st.dictionaries(st.from_regex(r"[a-z_][a-z0-9_]{0,8}", fullmatch=True), JSON, max_size=4),
    ),
    max_size=4,
)


@given(calls=CALLS, thought=st.none() | st.text(alphabet="abc [(\n'"), name=st.sampled_from(sorted(FORMATS)))
def test_what_is_written_is_read_again(calls, thought, name):
    format_ = FORMATS[name]
    reply = _read(format_.render(calls, reasoning=thought), format_)
    assert list(reply.calls) == calls
    assert reply.reasoning == thought


@pytest.mark.parametrize(
    "call",
    [
        ToolCall("get it", {}),
        ToolCall("", {}),
        ToolCall("f", {"a b": 1}),
        ToolCall("f", {"a": float("nan")}),
        ToolCall("f", {"a": "\ud800"}),
        ToolCall("f", {"a": {1: 2}}),
        ToolCall("f", {"a": {1, 2}}),
    ],
)
def test_what_cannot_be_written_is_refused(call):
    with pytest.raises(RenderError):
        FORMATS["pythonic"].render([call])


def test_content_that_would_be_read_as_something_else_is_refused():
    for content in ("see [f()]", "<think>"):
        with pytest.raises(RenderError):
            FORMATS["pythonic"].render([], content=content)
    with pytest.raises(RenderError):
        FORMATS["pythonic"].render([], reasoning="a</think>b")


WHOLE = "<think>[x(</think> Well: [f(a=\"b)\", c=[1, {\"d\": None}], e='''g'''), h.i(j=-1.5e3, k=(True,))] so"


@pytest.mark.parametrize("name", [*FORMATS, "free"])
def test_every_prefix_of_a_text_is_read(name):
    format_ = FORMATS.get(name, FREE)
    text = f"{format_.start}{WHOLE}{format_.end}"
    for end in range(len(text) + 1):
        assert len(_read(text[:end], format_).calls) <= 2


@pytest.mark.parametrize("name", [*FORMATS, "free"])
def test_mutated_texts_are_read(name):
    format_, dice = FORMATS.get(name, FREE), random.Random(5)
    text = f"{format_.start}[f(a='b', c=[1, 2]), g(d={{'e': None}})]{format_.end} and {format_.start}[h()]{format_.end}"
    signs = [
        *"()[]{},='\"\\.:#\n \0é",
        format_.start,
        format_.end,
        "<think>",
        "</think>",
        "not ",
        "lambda",
        "if",
    ]
    for _ in range(1_500):
        mutated = list(text)
        for _ in range(dice.randint(1, 4)):
            mutated[dice.randrange(len(mutated))] = dice.choice(signs)
        _read("".join(mutated), format_)


HOSTILE = {
    "brackets": "[" * 1_000_000,
    "open calls": "[f(" * 330_000,
    "open lists": "[f(a=" + "[" * 1_000_000,
    "open lists of calls": "[f(a=[" * 160_000,
    "minus signs": "[f(a=" + "-" * 1_000_000,
    "negations": "[f(a=" + "not " * 250_000,
    "double quotes": '"' * 1_000_000,
    "quotes in a call": "[f(a=" + "'" * 1_000_000,
    "backslashes": "[f(a='" + "\\" * 1_000_000,
    "attributes": "[a." + "a." * 500_000,
    "attributes as a value": "[f(a=a" + ".a" * 500_000,
    "subscripts": "[f(a=a" + "[0]" * 300_000,
    "digits": "[f(a=" + "9" * 5_000 + ")]",
    "a million digits": "[f(a=" + "9" * 1_000_000 + ")]",
    "calls": "[" + "f(a=1), " * 120_000,
    "broken calls": "[" + "f(a=1 2), " * 100_000,
    "calls cut in strings": "[" + "f(a='), " * 120_000,
    "blocks": "[f(a=1)] " * 110_000,
    "thoughts": "<think></think>" * 60_000,
    "thought starts": "<think>" * 140_000,
    "blanks": " " * 1_000_000,
    "brackets and blanks": "[ " * 500_000,
    "names": "a" * 1_000_000,
    "comments": "[f(#" + "#" * 1_000_000,
    "lambdas": "[f(a=" + "lambda:" * 140_000,
    "conditions": "[f(a=" + "a if a else " * 83_000,
    "long lists": "[" + ", ".join(["f(a=[" + "1," * 30_000 + "])"] * 16) + "]",
    "long lists of strings": "[" + ", ".join(["f(a=[" + "''," * 20_000 + "])"] * 16) + "]",
    "many arguments": "[" + ", ".join(["f(" + "a=1," * 15_000 + ")"] * 16) + "]",
    "strings side by side": "[f(a=" + "'' " * 330_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_texts_are_read_in_time(name):
    for format_ in (*FORMATS.values(), FREE):
        text = format_.start + HOSTILE[name]
        began = time.perf_counter()
        reply = _read(text, format_)
        assert time.perf_counter() - began < SLOW
        assert len(reply.attempts) <= 257


def test_expressions_are_read_whole_or_not_at_all():
    assert read_expression("f(a=1)(b)[c].d", Limits()).kind == "attribute"
    assert literal_value(read_expression(" 1, 'x' ", Limits())) == [1, "x"]
    with pytest.raises(NotLiteral):
        literal_value(read_expression("x", Limits()))
    for text, status in (
        ("f(", "pending"),
        ("f)", "invalid"),
        ("*a", "invalid"),
        ("x" * 70_000, "limit_exceeded"),
    ):
        with pytest.raises(Fault) as caught:
            read_expression(text, Limits())
        assert caught.value.status == status
