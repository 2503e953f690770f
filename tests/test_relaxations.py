"""Relaxations: for a profile, for one argument of a task, and by a tool's schema."""

import copy
import json
from pathlib import Path

import pytest

import toolverify as tv
from toolverify.cli import main
from toolverify.errors import AnswerError, ProfileError, ToolsError
from toolverify.schema import without_grading

TABLE = json.loads((Path(__file__).parent / "tables" / "relaxations.json").read_text(encoding="utf-8"))


def own(**keys):
    return tv.Verifier(
        tv.Profile.model_validate({"name": "own", "format": "tool-n1", "rules": ["calls"], **keys})
    )


def call(arguments, name="f"):
    return [{"name": name, "arguments": arguments}]


def as_profile_has_it(by):
    """A profile writes options in a table; the short form is for tasks."""
    short = {"number(0.5)": {"use": "number", "tol": 0.5}, "number(1)": {"use": "number", "tol": 1}}
    return short.get(by, by) if isinstance(by, str) else by


ROWS = [
    pytest.param(row["by"], row["want"], got, verdict == "yes", id=f"{index}-{verdict}-{number}")
    for index, row in enumerate(TABLE["equal"])
    for verdict in ("yes", "no")
    for number, got in enumerate(row[verdict])
]


@pytest.mark.parametrize(("by", "want", "got", "equal"), ROWS)
def test_a_task_relaxes_one_argument(by, want, got, equal):
    case = own().compile(answer=call({"x": want, "y": "A"}), compare={"x": by})
    assert own().score(calls=call({"x": got, "y": "A"}), case=case).passed is equal
    assert not own().score(calls=call({"x": got, "y": "b"}), case=case).passed


@pytest.mark.parametrize(("by", "want", "got", "equal"), ROWS)
def test_a_profile_relaxes_all_arguments(by, want, got, equal):
    verifier = own(comparison=as_profile_has_it(by))
    case = verifier.compile(answer=call({"x": want}))
    assert verifier.score(calls=call({"x": got}), case=case).passed is equal
    text = f'<think>t</think><tool_call>[{{"name": "f", "arguments": {json.dumps({"x": got})}}}]</tool_call>'
    assert verifier.rewards([text], [case]) == [float(equal)]


@pytest.mark.parametrize(("by", "want", "got", "equal"), ROWS)
def test_a_schema_relaxes_one_argument(by, want, got, equal):
    tools = [{"name": "f", "parameters": {"type": "object", "properties": {"x": {"x-toolverify": by}}}}]
    for profile in ("typed", "tool-n1"):
        text = (
            f'<think>t</think><tool_call>[{{"name": "f", "arguments": {json.dumps({"x": got})}}}]</tool_call>'
        )
        verifier = tv.Verifier(profile)
        case = verifier.compile(answer=call({"x": want}), tools=tools)
        assert verifier.score(text, case=case).passed is equal
        assert verifier.rewards([text], [case]) == [float(equal)]


@pytest.mark.parametrize("row", TABLE["refused"], ids=lambda row: row["path"])
def test_a_wrong_wish_is_refused_with_its_path_and_the_mend(row):
    answer = call({"city": "Oslo", "pattern": "(?=a)"}, "weather")
    with pytest.raises(AnswerError) as caught:
        own().compile(answer=answer, compare=row["compare"])
    assert caught.value.path.startswith(row["path"])
    assert row["says"] in str(caught.value)


def test_the_comparison_that_decided_is_in_the_finding():
    answer = call({"a": "X", "b": "Y", "c": 1})
    verdict = own().score(
        calls=call({"a": "Z", "b": "Q", "c": 2}), answer=answer, compare={"a": "casefold", "c": "number(0.5)"}
    )
    found = {finding.path: finding.comparison for finding in verdict.findings}
    assert found == {
        "calls[0].arguments.a": "casefold",
        "calls[0].arguments.b": "json",
        "calls[0].arguments.c": "number",
    }


def test_an_ignored_argument_is_not_judged_at_all():
    verifier = own()
    case = verifier.compile(answer=call({"a": 1, "note": "x"}), compare={"note": "ignore", "more": "ignore"})
    for arguments in (
        {"a": 1},
        {"a": 1, "note": "y"},
        {"a": 1, "more": [1]},
        {"a": 1, "note": None, "more": 2},
    ):
        assert verifier.score(calls=call(arguments), case=case).passed, arguments
    assert not verifier.score(calls=call({"a": 1, "other": 2}), case=case).passed
    assert not verifier.score(calls=call({"note": "x"}), case=case).passed


NESTED = {
    "stops": [{"name": "Bern", "at": 1}, {"name": "Chur", "at": 2}],
    "who": {"first": "Ann", "tags": ["A", "B"]},
}


@pytest.mark.parametrize(
    ("compare", "change", "passes"),
    [
        ({"stops[].name": "casefold"}, ("stops", 1, "name", "CHUR"), True),
        ({"stops[].name": "casefold"}, ("stops", 1, "at", 3), False),
        ({"stops[0].name": "casefold"}, ("stops", 1, "name", "CHUR"), False),
        ({"stops[0].name": "casefold"}, ("stops", 0, "name", "BERN"), True),
        ({"f.who.first": "casefold"}, ("who", "first", "ANN"), True),
        ({"g.who": "casefold", "f.who": "json"}, ("who", "first", "ANN"), False),
        ({"f": {"who": {"first": "casefold"}}}, ("who", "first", "ANN"), True),
        ({"who": "casefold"}, ("who", "first", "ANN"), True),
        ({"who.tags": "unordered"}, ("who", "tags", ["B", "A"]), True),
        ({"who.tags": "unordered"}, ("who", "tags", ["B", "a"]), False),
    ],
)
def test_a_path_leads_into_an_argument(compare, change, passes):
    answer = [*call(NESTED), *call({"who": 1}, "g")]
    made = copy.deepcopy(answer)
    *steps, last, value = change
    place = made[0]["arguments"]
    for step in steps:
        place = place[step]
    place[last] = value
    verdict = own().score(calls=made, answer=answer, compare=compare)
    assert verdict.passed is passes
    assert own().score(calls=answer, answer=answer, compare=compare).passed


@pytest.mark.parametrize(
    "compare",
    [
        {"who.frist": "casefold"},
        {"who[]": "casefold"},
        {"stops[].nam": "casefold"},
        {"f.stops.name": "casefold"},
        {"": "casefold"},
        {"[].name": "casefold"},
        {"who": {}},
        {3: "casefold"},
    ],
)
def test_a_path_that_leads_nowhere_is_refused(compare):
    with pytest.raises(AnswerError):
        own().compile(answer=call(NESTED), compare=compare)


PART = {
    "$defs": {
        "town": {"type": "object", "properties": {"name": {"type": "string", "x-toolverify": "casefold"}}}
    }
}
PLACES = {
    "a reference": {"properties": {"x": {"$ref": "#/$defs/town"}}, **PART},
    "a branch": {"properties": {"x": {"anyOf": [{"$ref": "#/$defs/town"}, {"type": "null"}]}}, **PART},
    "additional members": {
        "properties": {"x": {"type": "object", "additionalProperties": {"x-toolverify": "casefold"}}}
    },
    "all arguments": {"properties": {}, "x-toolverify": "casefold"},
}


@pytest.mark.parametrize("where", PLACES)
def test_a_schema_is_heard_wherever_it_asks(where):
    tools = [{"name": "f", "parameters": {"type": "object", **PLACES[where]}}]
    case = own().compile(answer=call({"x": {"name": "Chur"}}), tools=tools)
    assert own().score(calls=call({"x": {"name": "CHUR"}}), case=case).passed
    assert not own().score(calls=call({"x": {"name": "Bern"}}), case=case).passed
    wrong = json.loads(json.dumps(tools).replace('"casefold"', '"casefald"'))
    with pytest.raises(ToolsError, match="did you mean"):
        own().compile(answer=call({"x": {"name": "Chur"}}), tools=wrong)


def test_a_relaxed_default_counts_both_ways():
    schema = {"type": "string", "default": "Paris", "x-toolverify": "casefold"}
    tools = [{"name": "f", "parameters": {"type": "object", "properties": {"a": schema}}}]
    verifier = own(defaults="equivalent")
    for made, wanted in (({}, {"a": "PARIS"}), ({"a": "PARIS"}, {}), ({"a": "paris"}, {"a": "PARIS"})):
        assert verifier.score(calls=call(made), answer=call(wanted), tools=tools).passed, (made, wanted)
    assert not verifier.score(calls=call({"a": "Rome"}), answer=call({}), tools=tools).passed


def test_names_with_dots_and_blanks_are_found():
    answer = call({"unit price": 1, "x": 1}, "math.add")
    own_verifier = own()
    for compare in (
        {"math.add.unit price": "number(1)"},
        {"math.add": {"unit price": "number(1)"}},
        {'["unit price"]': "number(1)"},
    ):
        made = call({"unit price": 2, "x": 1}, "math.add")
        assert own_verifier.score(calls=made, answer=answer, compare=compare).passed


def test_a_task_goes_before_a_schema_and_the_outermost_holds_for_all_inside():
    schema = {
        "type": "object",
        "x-toolverify": "casefold",
        "properties": {"a": {"type": "string", "x-toolverify": "whitespace"}, "b": {"type": "string"}},
    }
    tools = [{"name": "f", "parameters": {"type": "object", "properties": {"x": schema}}}]
    answer = call({"x": {"a": "A", "b": "B"}})
    made = call({"x": {"a": "a", "b": "b"}})
    assert own().score(calls=made, answer=answer, tools=tools).passed
    assert not own().score(calls=made, answer=answer, tools=tools, compare={"x": "json"}).passed


def test_alternatives_are_relaxed_each():
    verifier = own(answers="possible")
    answer = [{"f": {"city": ["New York", "NYC", ""], "at": [{"zip": ["10001"], "name": ["Main St", ""]}]}}]
    case = verifier.compile(answer=answer, compare={"city": "casefold", "at.name": "casefold"})
    for arguments, passes in (
        ({"city": "nyc", "at": {"zip": "10001"}}, True),
        ({"at": {"zip": "10001", "name": "MAIN ST"}}, True),
        ({"city": "LA", "at": {"zip": "10001"}}, False),
        ({"city": "nyc", "at": {"zip": "1"}}, False),
    ):
        assert verifier.score(calls=call(arguments), case=case).passed is passes, arguments


def test_a_schema_that_asks_for_what_there_is_not_is_refused():
    tools = [
        {"name": "f", "parameters": {"type": "object", "properties": {"x": {"x-toolverify": "casefald"}}}}
    ]
    with pytest.raises(ToolsError, match="did you mean 'casefold'") as caught:
        own().compile(answer=call({"x": "a"}), tools=tools)
    assert (
        caught.value.path == 'tools.f.parameters.properties.x["x-toolverify"]'
        or caught.value.path.endswith("x-toolverify")
    )


def test_a_profile_may_refuse_to_relax():
    verifier = own(relax=False)
    tools = [
        {"name": "f", "parameters": {"type": "object", "properties": {"x": {"x-toolverify": "casefold"}}}}
    ]
    answer, made = call({"x": "A"}), call({"x": "a"})
    assert not verifier.score(calls=made, answer=answer, tools=tools, compare={"x": "casefold"}).passed
    assert own().score(calls=made, answer=answer, tools=tools).passed


def test_grading_is_left_out_of_what_a_model_sees():
    tools = [
        {
            "type": "function",
            "function": {
                "name": "f",
                "parameters": {
                    "type": "object",
                    "properties": {
                        "x": {
                            "type": "array",
                            "x-toolverify": "unordered",
                            "items": {"x-toolverify": {"compare": "casefold"}},
                        }
                    },
                },
            },
        }
    ]
    shown = without_grading(tools)
    assert "x-toolverify" not in json.dumps(shown)
    assert shown[0]["function"]["parameters"]["properties"]["x"] == {"type": "array", "items": {}}
    assert without_grading(json.dumps(tools)) == shown
    assert "x-toolverify" in json.dumps(tools)


def test_a_row_brings_its_comparisons_in_meta(tmp_path, capsys):
    row = {
        "calls": call({"city": "OSLO"}),
        "answer": call({"city": "Oslo"}),
        "meta": {"compare": {"city": "casefold"}},
    }
    path = tmp_path / "rows.jsonl"
    path.write_text(
        json.dumps(row) + "\n" + json.dumps({**row, "meta": {"source": "x"}}) + "\n", encoding="utf-8"
    )
    assert main(["score", str(path), "--profile", "typed"]) == 0
    first, second = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (first["reward"], second["reward"]) == (1, 0)
    path.write_text(json.dumps({**row, "meta": {"compare": {"city": "casefald"}}}) + "\n", encoding="utf-8")
    assert main(["score", str(path), "--profile", "typed"]) == 1
    assert "did you mean 'casefold'" in capsys.readouterr().out


def test_a_wrong_option_in_a_profile_names_key_and_mend():
    with pytest.raises(ProfileError, match="unknown option 'tolerance'"):
        own(comparison={"use": "number", "tolerance": 1})
    with pytest.raises(ProfileError, match="the tolerance is"):
        own(comparison={"use": "number", "tol": -1.0})


def test_a_pattern_is_searched_in_linear_time_whatever_the_text():
    verdict = own().score(
        calls=call({"x": "a" * 60_000 + "!"}), answer=call({"x": "(a+)+"}), compare={"x": "regex"}
    )
    assert not verdict.passed


@pytest.mark.parametrize(
    "compare", [{None: "casefold"}, {("city",): "casefold"}, {"city": {None: "casefold"}}]
)
def test_a_wish_that_is_no_json_is_refused(compare):
    with pytest.raises(AnswerError, match="is no string"):
        own().compile(answer=call({"city": "Oslo"}), compare=compare)


def test_a_wish_that_nests_without_end_is_refused():
    compare = {"city": "casefold"}
    for _ in range(100_000):
        compare = {"city": compare}
    with pytest.raises(AnswerError, match="nested deeper"):
        own().compile(answer=call({"city": "Oslo"}), compare=compare)
