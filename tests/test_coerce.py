"""Coercion by schema: what is read as what, what stays, and what is told of it."""

import json
from pathlib import Path

import pytest

import toolverify as tv
from toolverify.calls import ToolCall
from toolverify.coerce import REASONS, LenientCoercion, LosslessCoercion
from toolverify.findings import CODES
from toolverify.schema import read_tool

TABLE = json.loads((Path(__file__).parent / "tables" / "coercion.json").read_text(encoding="utf-8"))
COERCIONS = {"lossless": LosslessCoercion(), "lenient": LenientCoercion()}


def coerced(how, parameters, arguments):
    tool = read_tool({"name": "f", "parameters": parameters})
    return COERCIONS[how].coerce(ToolCall("f", arguments), tool)


def exactly(value):
    """JSON text, which tells 5 from 5.0 and true from 1."""
    return json.dumps(value, sort_keys=True)


@pytest.mark.parametrize("row", TABLE["values"], ids=lambda row: row["id"])
@pytest.mark.parametrize("how", ["lossless", "lenient"])
def test_a_value_is_read_as_the_table_says(how, row):
    parameters = {"type": "object", "properties": {"x": row["schema"]}, **row.get("beside", {})}
    wanted = row.get(how, row["got"])
    found = coerced(how, parameters, {"x": row["got"]})
    assert exactly(found.call.arguments) == exactly({} if wanted == "left out" else {"x": wanted})
    if exactly(wanted) == exactly(row["got"]):
        assert found.changes == ()
    else:
        assert found.changes
        assert f"coercion.{found.changes[0].reason}" in CODES
        again = coerced(how, parameters, found.call.arguments)
        assert again.changes == ()


@pytest.mark.parametrize("row", TABLE["changes"], ids=lambda row: row["id"])
def test_every_change_is_told_with_its_path(row):
    found = coerced(row["how"], row["parameters"], row["arguments"])
    told = [[change.path, change.before, change.after, change.reason] for change in found.changes]
    assert exactly(told) == exactly(row["changes"])
    assert exactly(found.call.arguments) == exactly(row["after"])


def test_every_reason_has_a_code_with_meaning_and_mend():
    assert {f"coercion.{reason}" for reason in REASONS} <= CODES.keys()


TOOLS = [
    {
        "name": "f",
        "parameters": {
            "type": "object",
            "properties": {
                "n": {"type": "integer"},
                "o": {"type": "object", "properties": {"k": {"type": "number"}}, "required": ["k"]},
                "s": {"type": "string", "default": "x"},
            },
        },
    }
]


def profile(**keys):
    data = {"name": "own", "format": "tool-n1", "rules": ["calls", "as-written"], **keys}
    data.setdefault("combine", {"use": "weighted", "weights": {"calls": 1.0, "as-written": 0.5}})
    return tv.Verifier(tv.Profile.model_validate(data))


def test_the_wire_value_is_kept_and_each_change_is_a_note():
    verdict = profile(coercion="lossless").score(
        calls=[
            {"name": "f", "arguments": {"n": "3", "o": {"k": "1.5"}}},
            {"name": "f", "arguments": {"n": 4}},
        ],
        answer=[{"name": "f", "arguments": {"n": 3, "o": {"k": 1.5}}}, {"name": "f", "arguments": {"n": 4}}],
        tools=TOOLS,
    )
    assert verdict.scores == {"calls": 1.0, "as-written": 0.5}
    assert verdict.reward == 1.25
    assert [
        (finding.code, finding.level, finding.path, finding.got, finding.expected)
        for finding in verdict.findings
    ] == [
        ("coercion.json_text", "note", "calls[0].arguments.n", "3", 3),
        ("coercion.json_text", "note", "calls[0].arguments.o.k", "1.5", 1.5),
    ]


def test_a_wrong_value_is_told_as_it_was_written():
    verdict = profile(coercion="lossless").score(
        calls=[{"name": "f", "arguments": {"n": "4"}}],
        answer=[{"name": "f", "arguments": {"n": 3}}],
        tools=TOOLS,
    )
    differs = next(finding for finding in verdict.findings if finding.code == "argument.differs")
    assert (differs.path, differs.expected, differs.got) == ("calls[0].arguments.n", 3, "4")


def test_the_answer_is_read_as_calls_are():
    typed = tv.Verifier("typed")
    text = '<think>t</think><tool_call>[{"name": "f", "arguments": {"n": %s}}]</tool_call>'
    case = typed.compile(answer=[{"name": "f", "arguments": {"n": "3"}}], tools=TOOLS)
    assert typed.rewards([text % "3", text % '"3"', text % "3.0", text % '"4"'], [case] * 4) == [1, 1, 1, 0]


def test_alternatives_are_read_as_calls_are():
    own = profile(coercion="lossless", answers="possible", rules=["calls"], combine="all")
    case = own.compile(answer=[{"f": {"n": ["3", 5]}}], tools=TOOLS)
    assert [
        own.score(calls=[{"name": "f", "arguments": {"n": n}}], case=case).passed for n in (3, "5", "3", 4)
    ] == [
        True,
        True,
        True,
        False,
    ]


def test_without_tools_and_for_tools_that_are_not_offered_nothing_is_coerced():
    own = profile(coercion="lossless")
    answer = [{"name": "f", "arguments": {"n": 3}}]
    assert not own.score(calls=[{"name": "f", "arguments": {"n": "3"}}], answer=answer).passed
    other = [{**TOOLS[0], "name": "g"}]
    assert not own.score(calls=[{"name": "f", "arguments": {"n": "3"}}], answer=answer, tools=other).passed


def test_a_call_with_too_many_values_to_look_at_stays_as_it_is():
    parameters = {"type": "object", "properties": {"x": {"type": "array", "items": {"type": "integer"}}}}
    few, many = ["1"] * 900, ["1"] * 1_100
    assert coerced("lossless", parameters, {"x": few}).call.arguments == {"x": [1] * 900}
    assert coerced("lossless", parameters, {"x": many}).call.arguments == {"x": many}


def test_work_on_one_reply_is_bounded():
    parameters = {"type": "object", "properties": {"x": {"type": "array", "items": {"type": "integer"}}}}
    own = profile(coercion="lossless")
    call = {"name": "f", "arguments": {"x": ["1"] * 900}}
    verdict = own.score(calls=[call] * 20, answer=[], tools=[{"name": "f", "parameters": parameters}])
    assert verdict.scores["as-written"] == pytest.approx(1 - 5 / 20)


@pytest.mark.parametrize("value", [float("nan"), 10**400, "9" * 2_000, '{"k": 1, "k": 2}', "\ud800"])
def test_odd_values_stay_as_they_are(value):
    for how in COERCIONS:
        parameters = {"type": "object", "properties": {"x": {"type": "integer", "maximum": 5}}}
        assert coerced(how, parameters, {"x": value}).changes == ()


RECURSIVE = {
    "type": "object",
    "properties": {"tree": {"$ref": "#/$defs/node"}},
    "$defs": {
        "node": {
            "type": "object",
            "properties": {
                "value": {"type": "integer"},
                "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
            },
        }
    },
}


def test_references_are_followed_to_any_depth():
    wire = {"value": "1", "next": {"value": 2, "next": {"value": "3", "next": None}}}
    found = coerced("lossless", RECURSIVE, {"tree": wire})
    assert found.call.arguments == {
        "tree": {"value": 1, "next": {"value": 2, "next": {"value": 3, "next": None}}}
    }
    assert [change.path for change in found.changes] == [
        "arguments.tree.value",
        "arguments.tree.next.next.value",
    ]


def test_defaults_count_both_ways_where_the_tool_would_take_them():
    own = profile(
        defaults="equivalent",
        rules=["calls", "arguments"],
        combine={"use": "weighted", "weights": {"calls": 1.0, "arguments": 1.0}},
    )
    with_it, without = {"n": 3, "s": "x"}, {"n": 3}
    for made, wanted in ((with_it, without), (without, with_it), (with_it, with_it), (without, without)):
        verdict = own.score(
            calls=[{"name": "f", "arguments": made}], answer=[{"name": "f", "arguments": wanted}], tools=TOOLS
        )
        assert verdict.reward == 2.0, (made, wanted)
    other = own.score(
        calls=[{"name": "f", "arguments": {"n": 3, "s": "y"}}],
        answer=[{"name": "f", "arguments": without}],
        tools=TOOLS,
    )
    assert [finding.code for finding in other.findings][:1] == ["argument.surplus"]
    assert other.scores["arguments"] == 0.5


@pytest.mark.parametrize(
    ("schema", "beside"),
    [
        ({"type": "string", "default": "x"}, {"required": ["s"]}),
        ({"type": "integer", "default": "x"}, {}),
        ({"type": "string"}, {}),
    ],
    ids=["required", "of another type", "none"],
)
def test_a_default_that_the_tool_would_not_take_is_none(schema, beside):
    own = profile(defaults="equivalent", rules=["calls"], combine="all")
    tools = [{"name": "f", "parameters": {"type": "object", "properties": {"s": schema}, **beside}}]
    answer = [{"name": "f", "arguments": {"s": "x"}}]
    assert not own.score(calls=[{"name": "f", "arguments": {}}], answer=answer, tools=tools).passed
    assert own.score(calls=answer, answer=answer, tools=tools).passed


def test_defaults_and_coercion_give_one_reward_on_both_ways():
    typed = tv.Verifier("typed")
    texts = [
        f'<think>t</think><tool_call>[{{"name": "f", "arguments": {json.dumps(arguments)}}}]</tool_call>'
        for arguments in (
            {"n": "3"},
            {"n": 3.0, "s": "x"},
            {"n": 3, "s": "y"},
            {},
            {"n": "x"},
            {"n": 3, "s": 5},
        )
    ]
    for answer in ({"n": 3}, {"n": 3, "s": "x"}, {"n": 3, "s": "y"}):
        case = typed.compile(answer=[{"name": "f", "arguments": answer}], tools=TOOLS)
        long = [typed.score(text, case=case).reward for text in texts]
        assert typed.rewards(texts, [case] * len(texts)) == long


def test_a_default_whose_absence_breaks_the_schema_goes_the_long_way():
    tools = [{"name": "f", "parameters": {**TOOLS[0]["parameters"], "minProperties": 2}}]
    typed = tv.Verifier("typed")
    case = typed.compile(answer=[{"name": "f", "arguments": {"n": 3, "s": "x"}}], tools=tools)
    text = '<think>t</think><tool_call>[{"name": "f", "arguments": {"n": 3}}]</tool_call>'
    assert typed.rewards([text], [case]) == [typed.score(text, case=case).reward] == [0]
