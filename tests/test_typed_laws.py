"""Laws of `typed`: both ways give one reward, whatever coercion and defaults have to do."""

import copy
import json

from hypothesis import assume, given
from hypothesis import strategies as st

import toolverify as tv
from toolverify.calls import ToolCall
from toolverify.coerce import LenientCoercion, LosslessCoercion
from toolverify.schema import fits, read_tools
from toolverify.testing import every_mutation, plain, retyped, tasks

TYPED = tv.Verifier("typed")
COERCIONS = (LosslessCoercion(), LenientCoercion())


def text(calls):
    return tv.render(calls, format="tool-n1", reasoning="t")


@st.composite
def documented_tasks(draw):
    """A task some of whose optional arguments have a default: the answer's own value, another one, or a wrong type."""
    task = draw(tasks())
    tools, calls = copy.deepcopy(task.tools), plain(task.calls)
    for tool in tools:
        parameters = tool.get("function", tool)["parameters"]
        known = {name: value for call in calls for name, value in call["arguments"].items()}
        for name, schema in parameters.get("properties", {}).items():
            if isinstance(schema, dict) and name in known and draw(st.booleans()):
                schema["default"] = draw(st.sampled_from([known[name], json.dumps(known[name]), None]))
                if draw(st.booleans()) and name in parameters.get("required", []):
                    parameters["required"].remove(name)
    return tools, calls


def variants(calls):
    """The calls as other writers write them, and with one thing wrong."""
    yield calls
    yield [{**call, "arguments": retyped(call["arguments"])} for call in calls]
    for mutation in every_mutation(calls):
        if "Infinity" in json.dumps(mutation.calls):  # twice the largest double is no JSON
            continue
        yield mutation.calls
        yield [{**call, "arguments": retyped(call["arguments"])} for call in mutation.calls]


@given(documented_tasks(), st.data())
def test_both_ways_give_one_reward(task, data):
    tools, calls = task
    case = TYPED.compile(answer=calls, tools=tools)
    every = list(variants(calls))
    some = every[:2] + data.draw(st.lists(st.sampled_from(every), max_size=6))
    texts = [text(made) for made in some]
    assert TYPED.rewards(texts, [case] * len(texts)) == [TYPED.score(one, case=case).reward for one in texts]


@given(documented_tasks())
def test_a_fitting_call_is_never_changed_and_coercion_is_idempotent(task):
    tools, calls = task
    specs = read_tools(tools)
    for call in [made for variant in list(variants(calls))[:40] for made in variant]:
        tool = specs.get(call["name"])
        if tool is None:
            continue
        given_call = ToolCall(call["name"], call["arguments"])
        for coercion in COERCIONS:
            once = coercion.coerce(given_call, tool)
            again = coercion.coerce(once.call, tool)
            assert (again.call, again.changes) == (once.call, ())
            if fits(tool, given_call.arguments):
                assert once.call.arguments == given_call.arguments
            if not once.changes:
                assert once.call == given_call


@given(documented_tasks())
def test_leaving_out_and_writing_out_a_default_are_one(task):
    tools, calls = task
    specs = read_tools(tools)
    case = TYPED.compile(answer=calls, tools=tools)
    assume(TYPED.score(text(calls), case=case).passed)
    for index, call in enumerate(calls):
        for name, default in case.defaults.get(call["name"], {}).items():
            if call["arguments"].get(name, ...) == default:
                rest = {key: value for key, value in call["arguments"].items() if key != name}
                made = [*calls[:index], {**call, "arguments": rest}, *calls[index + 1 :]]
                verdict = TYPED.score(text(made), case=case)
                codes = {finding.code for finding in verdict.findings if finding.level == "error"}
                assert verdict.passed or (
                    codes == {"schema.violated"} and not fits(specs[call["name"]], rest)
                )
