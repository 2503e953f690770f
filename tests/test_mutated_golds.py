"""Golds of real data: each earns 1 as it is, and none of the wrong replies next to it is let through."""

import json

import golds
import pytest

import toolverify as tv
from toolverify.testing import every_mutation, retyped

pytestmark = pytest.mark.skipif(
    not golds.DATA.is_dir(), reason=f"no data at {golds.DATA}; set TOOLVERIFY_SHARED"
)


@pytest.fixture(scope="module")
def real_golds():
    found = list(golds.golds())
    assert len(found) >= 2000
    return found


def _text(calls):
    return tv.render(calls, format="tool-n1", reasoning="t")


def _case(verifier, gold):
    """A case with the row's tools; where these are malformed, without."""
    try:
        return verifier.compile(answer=gold.calls, tools=gold.tools)
    except tv.ToolverifyError:
        return verifier.compile(answer=gold.calls)


def _defaults(tools):
    """Every default that stands anywhere in the tools, by the name of its parameter."""
    found = set()
    stack = [tools]
    while stack:
        item = stack.pop()
        if isinstance(item, dict):
            found |= {
                (key, json.dumps(child["default"])) for key, child in item.items() if _has_default(child)
            }
        if isinstance(item, dict | list):
            stack += item.values() if isinstance(item, dict) else item
    return found


def _has_default(schema):
    return isinstance(schema, dict) and "default" in schema


def _wrong(gold, *, defaults_count):
    """The wrong replies; an argument left out equals its default where defaults are equivalent."""
    known = set() if defaults_count else _defaults(gold.tools)
    for mutation in every_mutation(gold.calls):
        if mutation.dropped is None or (mutation.dropped[0], json.dumps(mutation.dropped[1])) not in known:
            yield mutation


def _let_through(verifier, gold, mutations):
    case = _case(verifier, gold)
    rewards = verifier.rewards([_text(mutation.calls) for mutation in mutations], [case] * len(mutations))
    return [mutation.what for mutation, reward in zip(mutations, rewards, strict=True) if reward != 0]


def test_a_gold_as_it_is_earns_one(real_golds):
    verifier = tv.Verifier("tool-n1")
    for gold in real_golds:
        case = verifier.compile(answer=gold.calls)
        verdict = verifier.score(_text(gold.calls), case=case)
        assert (verdict.reward, verdict.findings) == (1, ()), gold.origin
        assert verifier.rewards([_text(gold.calls)], [case]) == [1], gold.origin


def test_most_golds_satisfy_their_tools(real_golds):
    verifier = tv.Verifier("typed")
    passed = [verifier.score(_text(gold.calls), case=_case(verifier, gold)).passed for gold in real_golds]
    assert sum(passed) > 0.85 * len(passed)


def test_a_gold_that_fails_typed_says_why(real_golds):
    """Golds break their own schemas: that is told, path by path, and nothing else is ever the reason."""
    verifier = tv.Verifier("typed")
    for gold in real_golds:
        verdict = verifier.score(_text(gold.calls), case=_case(verifier, gold))
        reasons = {finding.code for finding in verdict.findings if finding.level == "error"}
        assert verdict.passed is (not reasons), gold.origin
        assert reasons <= {"schema.violated", "call.unknown_tool"}, gold.origin


@pytest.mark.parametrize("name", ["tool-n1", "typed"])
def test_no_mutated_gold_is_let_through(name, real_golds):
    verifier = tv.Verifier(name)
    tried, through = 0, []
    for gold in real_golds:
        mutations = list(_wrong(gold, defaults_count=name == "tool-n1"))
        tried += len(mutations)
        through += [(gold.origin, what) for what in _let_through(verifier, gold, mutations)]
    assert through == []
    assert tried > 50_000


def test_a_mutated_gold_has_a_reason(real_golds):
    verifier = tv.Verifier("typed")
    for gold in real_golds[::20]:
        case = _case(verifier, gold)
        for mutation in _wrong(gold, defaults_count=False):
            verdict = verifier.score(_text(mutation.calls), case=case)
            assert any(finding.level == "error" for finding in verdict.findings), (gold.origin, mutation.what)


def test_a_value_written_as_another_type_is_wrong_without_coercion(real_golds):
    verifier = tv.Verifier("tool-n1")
    tried = 0
    for gold in real_golds:
        made = [{**call, "arguments": retyped(call["arguments"])} for call in gold.calls]
        if made != gold.calls:
            tried += 1
            case = verifier.compile(answer=gold.calls)
            assert verifier.rewards([_text(made)], [case]) == [0], gold.origin
    assert tried > 500
