"""How texts are read: as BFCL's decoder reads them, oddities included, and nothing is ever run."""

import time

import bfcl_data
import pytest

import toolverify as tv
from toolverify.calls import Case, Expected, ToolCall
from toolverify.errors import RenderError
from toolverify_bfcl.reading import BfclPrompt

SLOW = 10.0  # seconds: what is not linear takes minutes; speed itself is measured in benchmarks


def _read(text, category="simple"):
    return BfclPrompt().read(text, Case(Expected(((),))), tv.Context(category=category))


def _calls(text, category="simple"):
    return [(call.name, call.arguments) for call in _read(text, category).calls]


PYTHON = {
    "f(a=1)": {"a": 1},
    "`[f(a=1)]`\n": {"a": 1},
    "[f(a=1": None,
    "[f(5)]": {},
    "[f(5, a=1)]": {"a": 1},
    "[f(a=1, 5)]": None,
    "[f(a=1, a=2)]": {"a": 2},
    "[f(**{'a': 1})]": {"None": {"a": 1}},
    "[f(from=1)]": None,
    "[f(a=true)]": {"a": "true"},
    "[f(a=+5)]": {"a": -5},
    "[f(a=~5)]": {"a": -5},
    "[f(a=not True)]": {"a": -1},
    "[f(a=--5)]": None,
    "[f(a=-'x')]": None,
    "[f(a=...)]": {"a": "..."},
    "[f(a=(1, 2))]": {"a": (1, 2)},
    "[f(a={1: 'x'})]": {"a": {1: "x"}},
    "[f(a={[1]: 'x'})]": None,
    "[f(a={**x})]": None,
    "[f(a={1, 2})]": None,
    "[f(a=x.y)]": None,
    "[f(a=f'x')]": None,
    "[f(a=1 if x else 2)]": None,
    "[f(a=[x for x in y])]": None,
    "[f(a=lambda: 1)]": None,
    "[f(a=x > 1)]": None,
    "[f(a=2*3)]": None,
    "[f(a=(__import__('os').getpid())*1)]": None,
    "[f(a=now())]": {"a": "now()"},
    '[f(a=day("x",1).date())]': {"a": "day('x', 1).date()"},
    "[f(a=g(b=1))]": {"a": {"g": {"b": 1}}},
    "[f(a=x[0])]": {"a": "x[0]"},
    "[f(a=x[1:2])]": {"a": "x[1:2]"},
    "[f(a=b'x')]": {"a": b"x"},
    '[f(a="b" "c")]': {"a": "bc"},
    "[f(a=1e999)]": {"a": float("inf")},
    "[f(a='\0')]": None,
    "[f(a='\ud800')]": None,
    "[f(a=1)] done": None,
    "Sure: [f(a=1)]": None,
    "[[f(a=1)]]": None,
    "[3]": None,
}


@pytest.mark.parametrize(("text", "arguments"), PYTHON.items())
def test_python_is_read_as_the_decoder_reads_it(text, arguments):
    reply = _read(text)
    assert [call.arguments for call in reply.calls] == ([] if arguments is None else [arguments])
    assert reply.decoding == ("calls" if arguments is not None else reply.decoding)
    assert "".join(segment.text for segment in reply.segments) == text


def test_names_are_dotted_or_nothing():
    assert [name for name, _ in _calls("[a.b.c(), g()(x=1), x[0].h()]")] == ["a.b.c", "", "h"]


def test_no_call_decodes_to_no_call():
    for text in ("", "[]", "\n```\n"):
        assert _read(text).decoding == "calls"
        assert not _read(text).attempts


def test_a_text_that_is_not_calls_is_content_and_one_that_begins_so_is_an_attempt():
    assert _read("I cannot do that.").content == "I cannot do that."
    assert [attempt.status for attempt in _read("[f(a='x").attempts] == ["truncated"]
    assert [attempt.status for attempt in _read("[f(a=x.y)]").attempts] == ["invalid_json"]


def test_spans_give_the_texts_of_the_calls():
    text = "``` f(a=1), g.h(b='x') ```"
    reply = _read(text)
    assert [text[slice(*attempt.span)] for attempt in reply.attempts] == ["f(a=1)", "g.h(b='x')"]


JAVA = {
    '[A.b(c="x", d=1.5f)]': {"c": "x", "d": "1.5f"},
    "[A.b(c='x y', d=true)]": {"c": "x y", "d": "true"},
    "[A.b(c=new int[]{1, 2})]": {"c": "new int[]{1,2}"},
    '[A.b(c=new ArrayList<>(Arrays.asList("a", "b")))]': {"c": 'new ArrayList<>(Arrays.asList("a", "b"))'},
    '[A.b(c=new HashMap<String, Object>() {{ put("k", 1); }})]': {"c": "new HashMap<String,Object>()"},
    "[A.b(c=x + y, d=f(1, 2), e=(int) 5, g=x -> y)]": {
        "c": "x+y",
        "d": "f(1, 2)",
        "e": "(int)5",
        "g": "x->y",
    },
    "[A.b(other, c=1)]": {"None": "other", "c": "1"},
    "[A.b(c=x, c=y)]": None,
    "[A.b(c=['x', 'y'])]": None,
    "[A.b(c={1, 2, 3})]": None,
    "[A.b(c=new int[5])]": None,
    "[A.b(c=1)]": None,  # too short to lack its semicolon
    "[A.b(c=1);]": {"c": "1"},
    '[A.b(c="é", d=e)]': {"c": 'é"', "=": ")"},  # bytes counted, characters cut
}
SCRIPT = {
    "[f(a=1, b='x', c=\"y\")]": {"a": "1", "b": "x", "c": "y"},
    "[f(a=[1, 2], b={c: 1, 'd': [x]})]": {"a": "[1, 2]", "b": "{c: 1, 'd': [x]}"},
    "[f(a=function(x) { return x; }, b=(x, y) => x + y)]": {
        "a": "function(x) { return x; }",
        "b": "(x, y) => x + y",
    },
    "[f(a=`x${y}`, b=/x[/]/g, c=new Date())]": {"a": "`x${y}`", "b": "/x[/]/g", "c": "new Date()"},
    "[f(a='x' + 'y')]": {"a": "x' + 'y"},
    "[f(other)]": {"None": "other"},
    "[f({a: 1})]": {},
    "[f(x, y)]": None,
    "[f(a=1 b=2)]": None,
    "[f(a=<b c>)]": None,
}


@pytest.mark.parametrize(("text", "arguments"), JAVA.items())
def test_java_is_read_as_the_decoder_reads_it(text, arguments):
    assert _calls(text, "simple_java") == ([] if arguments is None else [("A.b", arguments)])


@pytest.mark.parametrize(("text", "arguments"), SCRIPT.items())
def test_javascript_is_read_as_the_decoder_reads_it(text, arguments):
    assert _calls(text, "simple_javascript") == ([] if arguments is None else [("f", arguments)])


@pytest.mark.parametrize("text", ["[f(a=1), g(b=2)]", "[hello]", "[new f(a=1)]", "[f(a=1).b]"])
def test_javascript_that_is_no_call_has_the_wrong_format(text):
    assert _read(text, "simple_javascript").decoding == "wrong_format"


def test_calls_are_written_and_read_again():
    calls = [ToolCall("a.b", {"x": [1, None, {"k": "it's"}], "y": -1.5}), ToolCall("c", {})]
    assert list(_read(BfclPrompt().render(calls)).calls) == calls
    assert _read(BfclPrompt().render(calls, reasoning="so")).reasoning == "so"
    for wrong in (ToolCall("get-it", {}), ToolCall("f", {"from": 1})):
        with pytest.raises(RenderError):
            BfclPrompt().render([wrong])
    with pytest.raises(RenderError):
        BfclPrompt().render(calls, content="c")


def test_reasoning_is_cut_off_where_a_text_begins_with_it():
    reply = _read("\n<think>f(a=1)?</think>\n[g()]")
    assert (reply.reasoning, [call.name for call in reply.calls]) == ("f(a=1)?", ["g"])
    assert _read("so</think>[g()]").decoding == "failed"
    opened = tv.Context(reasoning_open=True)
    assert len(BfclPrompt().read("so</think>[g()]", Case(Expected(((),))), opened).calls) == 1
    assert _read("<think>[g()]").flags == ("reasoning_unclosed",)


TOOLS = {
    "python": {"a": "string"},
    "java": {"a": "HashMap", "b": "ArrayList", "c": "Array"},
    "javascript": {"a": "dict", "b": "array"},
}
PIECES = [
    "[",
    "(",
    "{",
    "-",
    '"',
    "'",
    "a.",
    "9",
    "f(a=",
    "not ",
    "new ",
    "new A(",
    "new HashMap<",
    'put("',
    "add(",
]
PIECES += [
    ">",
    "()",
    "new int[]{",
    "],[",
    ":",
    "a: b, ",
    "))",
    "}}",
    "/*",
    "`",
    "\\",
    "x[",
    "=>",
    "x ? ",
    "\n",
    "é",
]


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("language", TOOLS)
def test_a_million_characters_of_anything_are_refused_at_once(language, piece):
    verifier = tv.Verifier("bfcl-ast")
    properties = {name: {"type": kind, "items": {"type": "String"}} for name, kind in TOOLS[language].items()}
    tools = [{"name": "f", "parameters": {"type": "dict", "properties": properties, "required": []}}]
    case = verifier.compile(answer=[{"f": {name: ["x"] for name in properties}}], tools=tools)
    context = tv.Context(category=f"simple_{language}")
    long = piece * (990_000 // len(piece))
    filled = piece * (60_000 // len(piece))
    starts = (
        "",
        "[[",
        "{",
        "new ArrayList<>(Arrays.asList(",
        "new ArrayList<>() {{ ",
        'new HashMap<A>() {{ put("',
    )
    began = time.perf_counter()
    for text in (long, f"[f(a={long}", filled, f"[f(a={filled})]"):
        assert not verifier.score(text, case=case, context=context).passed
    spent = time.perf_counter() - began
    assert spent < 4 * SLOW
    for name in properties:
        for start in starts:
            began = time.perf_counter()
            call = {"name": "f", "arguments": {name: start + filled}}
            assert not verifier.score(calls=[call], case=case, context=context).passed
            assert time.perf_counter() - began < SLOW


def test_more_than_is_read_is_no_refusal_of_a_call():
    verifier = tv.Verifier("bfcl-ast")
    text = f"[{', '.join(['f(a=1)'] * 20_000)}]"
    verdict = verifier.score(text, answer=[], tools=[])
    assert bfcl_data.outcome(verdict) == (False, "irrelevance_error:decoder_success")
    assert verdict.findings[0].code == "bfcl.limit_exceeded"
