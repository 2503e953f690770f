"""What the checker says of calls, in words and paths, and where it raises in the reference."""

import pickle

import bfcl_data
import pytest

import toolverify as tv
from toolverify.errors import AnswerError, ToolsError

CITY = {"type": "string"}


def _tool(name="f", **properties):
    return {"name": name, "parameters": {"type": "dict", "properties": properties, "required": []}}


def _score(arguments, gold, properties, *, category="simple", profile="bfcl-ast", name="f", **extra):
    return tv.Verifier(profile).score(
        calls=[{"name": name, "arguments": arguments}],
        answer=[{"f": gold}],
        tools=[_tool(**properties)],
        context=tv.Context(category=category, extra=extra),
    )


def test_a_finding_tells_where_and_what():
    verdict = _score({"city": "Bergen"}, {"city": ["Oslo"]}, {"city": CITY})
    (finding,) = verdict.findings
    assert finding.code == "bfcl.value_error.string"
    assert finding.source_code == "value_error:string"
    assert finding.path == "calls[0].arguments.city"
    assert (finding.expected, finding.got) == ({"any_of": ["Oslo"]}, "Bergen")
    assert "calls[0].arguments.city" in verdict.explain()


def test_a_finding_leads_into_nested_values():
    properties = {"a": {"type": "array", "items": {"type": "dict"}}}
    verdict = _score({"a": [{"k": 1}, {"k": 2}]}, {"a": [[{"k": [1]}, {"k": [3]}]]}, properties)
    assert verdict.findings[0].path == "calls[0].arguments.a[1].k"
    assert verdict.findings[0].source_code == "value_error:dict_value"


@pytest.mark.parametrize(
    ("properties", "gold", "raises"),
    [
        ({"a": {"type": "object"}}, {"a": [1]}, "KeyError"),
        ({"a": {"type": "array"}}, {"a": [[1]]}, "KeyError"),
        ({"a": {"type": "integer"}}, {"a": 1}, "TypeError"),
    ],
)
def test_where_the_reference_raises_the_call_fails_with_the_name(properties, gold, raises):
    verdict = _score({"a": [1] if properties["a"]["type"] == "array" else 1}, gold, properties)
    assert bfcl_data.outcome(verdict) == (False, raises)
    assert verdict.findings[0].code == "bfcl.reference_raises"


def test_types_of_java_without_a_conversion_raise():
    verdict = _score({"a": "x"}, {"a": ["x"]}, {"a": {"type": "Set"}}, category="simple_java")
    assert bfcl_data.outcome(verdict) == (False, "NotImplementedError")


def test_a_tool_without_required_raises():
    verdict = tv.Verifier("bfcl-ast").score(
        calls=[{"name": "f", "arguments": {}}],
        answer=[{"f": {}}],
        tools=[{"name": "f", "parameters": {"type": "dict", "properties": {}}}],
    )
    assert bfcl_data.outcome(verdict) == (False, "KeyError")


def test_dots_are_underscores_in_function_calling_alone():
    tools = [_tool("a.b")]
    rows = [("bfcl-ast", {}, "a.b"), ("bfcl-ast", {"mode": "fc"}, "a_b"), ("bfcl-ast-fc", {}, "a_b")]
    for profile, extra, right in rows:
        for name in ("a.b", "a_b"):
            verdict = tv.Verifier(profile).score(
                calls=[{"name": name, "arguments": {}}],
                answer=[{"a.b": {}}],
                tools=tools,
                context=tv.Context(extra=extra),
            )
            wrong = "simple_function_checker:wrong_func_name"
            assert bfcl_data.outcome(verdict) == ((True, None) if name == right else (False, wrong))


def test_parallel_calls_are_paired_greedily():
    gold = [{"f": {"x": [1, 2]}}, {"f": {"x": [1]}}]
    calls = [{"name": "f", "arguments": {"x": 1}}, {"name": "f", "arguments": {"x": 2}}]
    verdict = tv.Verifier("bfcl-ast").score(calls=calls, answer=gold, tools=[_tool(x={"type": "integer"})])
    assert bfcl_data.outcome(verdict) == (False, "parallel_function_checker_no_order:cannot_find_match")
    assert [(pair.call, pair.expected, pair.equal) for pair in verdict.pairs] == [(0, 0, True), (1, 1, False)]
    assert verdict.scores["bfcl-ast"] == 0.5


@pytest.mark.parametrize(
    ("completion", "category", "passed"),
    [
        ("I cannot do that.", "irrelevance", True),
        ("[]", "live_irrelevance", True),
        ("[f(a=1)]", "irrelevance", False),
        ("[f(a=2*3)]", "irrelevance", False),
        ("[f(a=1)]", "live_relevance", True),
        ("[f(a=1)", "live_relevance", True),
        ("I cannot do that.", "relevance", False),
        ("[]", "relevance", False),
        ("I cannot do that.", None, True),
    ],
)
def test_relevance_asks_whether_anything_is_called(completion, category, passed):
    context = tv.Context(category=category)
    verdict = tv.Verifier("bfcl-ast").score(completion, answer=[], tools=[], context=context)
    assert verdict.passed == passed
    if not passed:
        kind = "irrelevance_error:decoder_success" if "irr" in category else "relevance_error:decoder_failed"
        assert verdict.findings[0].source_code == kind


def test_messages_with_calls_need_no_text():
    call = {"function": {"name": "f", "arguments": '{"city": "oslo"}'}}
    verifier = tv.Verifier("bfcl-ast")
    case = verifier.compile(answer=[{"f": {"city": ["Oslo"]}}], tools=[_tool(city=CITY)])
    assert verifier.score({"role": "assistant", "tool_calls": [call]}, case=case).passed
    broken = {"function": {"name": "f", "arguments": '{"city": '}}
    verdict = verifier.score({"role": "assistant", "tool_calls": [broken]}, case=case)
    assert bfcl_data.outcome(verdict) == (False, "ast_decoder:decoder_failed")


def test_values_of_java_made_by_function_calling_become_texts():
    for extra, passed in (({"mode": "fc"}, True), ({}, False)):
        verdict = _score({"a": 3}, {"a": [3]}, {"a": {"type": "integer"}}, category="simple_java", **extra)
        assert verdict.passed == passed


def test_openai_tools_are_read_as_they_are():
    tools = [{"type": "function", "function": _tool(city=CITY)}]
    verdict = tv.Verifier("bfcl-ast").score(
        "[f(city='oslo')]", answer=[{"f": {"city": ["Oslo"]}}], tools=tools
    )
    assert verdict.passed


def test_answers_in_the_common_form_have_one_alternative():
    answer = [{"name": "f", "arguments": {"city": "Oslo", "o": {"k": 1}, "l": [{"k": 2}]}}]
    properties = {"city": CITY, "o": {"type": "dict"}, "l": {"type": "array", "items": {"type": "dict"}}}
    case = tv.Verifier("bfcl-ast").compile(answer=answer, tools=[_tool(**properties)])
    assert case.expected.extra == ({"f": {"city": ["Oslo"], "o": [{"k": [1]}], "l": [[{"k": [2]}]]}},)
    for text, passed in (("k': 1}, l=[{'k': 2}", True), ("k': 2}, l=[{'k': 2}", False)):
        verdict = tv.Verifier("bfcl-ast").score(f"[f(city='oslo', o={{'{text}])]", case=case)
        assert verdict.passed == passed


@pytest.mark.parametrize(
    ("answer", "path"),
    [
        ({}, "answer"),
        ([{"f": 1}], "answer[0].f"),
        ([{"f": {}, "g": {}}], "answer[0]"),
        ([{"": {}}], "answer[0]"),
    ],
)
def test_a_wrong_answer_is_refused(answer, path):
    with pytest.raises(AnswerError) as caught:
        tv.Verifier("bfcl-ast").compile(answer=answer, tools=[])
    assert caught.value.path == path
    assert caught.value.mend


def test_calls_without_tools_are_refused():
    with pytest.raises(ToolsError, match="tools"):
        tv.Verifier("bfcl-ast").compile(answer=[{"f": {}}])


def test_a_profile_may_pair_otherwise():
    profile = tv.Verifier("bfcl-ast").profile.model_copy(update={"matcher": _reference("unordered")})
    verdict = tv.Verifier(profile).score("[f()]", answer=[{"f": {}}], tools=[_tool()])
    assert verdict.passed


def _reference(name):
    return type(tv.Verifier("bfcl-ast").profile.matcher)(use=name)


def test_verifiers_and_cases_pickle():
    verifier = tv.Verifier("bfcl-ast")
    case = verifier.compile(answer=[{"f": {"city": ["Oslo"]}}], tools=[_tool(city=CITY)])
    again, case = pickle.loads(pickle.dumps((verifier, case)))  # noqa: S301  # our own bytes
    assert again.score('[f(city="Oslo")]', case=case).passed
