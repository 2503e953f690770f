"""Tools in every dialect, and arguments against their schemas."""

from __future__ import annotations

import json
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from toolverify.errors import ToolsError
from toolverify.schema import fits, read_tool, read_tools, violations

SHARED = Path(os.environ.get("TOOLVERIFY_SHARED", Path(__file__).resolve().parents[2] / "shared"))

STRING = {"type": "string"}


def parameters(spec: dict[str, object]) -> dict[str, object]:
    return read_tool(spec).parameters


DIALECTS = [
    (
        "OpenAI",
        {
            "type": "function",
            "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": STRING}}},
        },
    ),
    ("bare", {"name": "f", "parameters": {"type": "object", "properties": {"a": STRING}}}),
    ("BFCL", {"name": "f", "parameters": {"type": "dict", "properties": {"a": {"type": "String"}}}}),
    ("properties alone", {"name": "f", "parameters": {"properties": {"a": STRING}}}),
    ("Anthropic", {"name": "f", "input_schema": {"type": "object", "properties": {"a": STRING}}}),
]


@pytest.mark.parametrize(("dialect", "spec"), DIALECTS, ids=[name for name, _ in DIALECTS])
def test_every_dialect_becomes_the_same_schema(dialect, spec):
    tool = read_tool(spec)
    assert tool.parameters == {"type": "object", "properties": {"a": STRING}}
    assert tool.original == spec


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("str", STRING),
        ("str, optional", STRING),
        ("int", {"type": "integer"}),
        ("float, default=1", {"type": "number"}),
        ("List[int]", {"type": "array", "items": {"type": "integer"}}),
        (
            "List[List[float]], optional",
            {"type": "array", "items": {"type": "array", "items": {"type": "number"}}},
        ),
        ("Tuple[float, float]", {"type": "array"}),
        ("typing.Dict[str, int]", {"type": "object"}),
        ("Union[int, float]", {"anyOf": [{"type": "integer"}, {"type": "number"}]}),
        ("Optional[str]", {"anyOf": [STRING, {"type": "null"}]}),
        ("Callable[[float], float]", {}),
        ("set", {"type": "array"}),
        ("HashMap", {"type": "object"}),
        ("any", {}),
        ("", {}),
    ],
)
def test_type_names_and_annotations_become_schemas(written, read):
    assert parameters({"name": "f", "parameters": {"p": {"type": written}}})["properties"] == {"p": read}


def test_in_a_bare_list_what_is_not_called_optional_is_required():
    spec = {"name": "f", "parameters": {"a": {"type": "str"}, "b": {"type": "int, optional", "default": ""}}}
    assert parameters(spec)["required"] == ["a"]


def test_required_may_stand_beside_the_parameters_or_on_them():
    beside = {"name": "f", "parameters": {"a": {"type": "str"}, "b": {"type": "str"}}, "required": ["b"]}
    assert parameters(beside)["required"] == ["b"]
    schema = {"type": "object", "properties": {"a": STRING}}
    assert parameters({"name": "f", "parameters": schema, "required": ["a"]})["required"] == ["a"]
    flagged = {
        "name": "f",
        "parameters": {"a": {"type": "str", "required": True}, "b": {"type": "str", "required": False}},
    }
    assert parameters(flagged)["required"] == ["a"]
    inside = {"type": "object", "properties": {"a": {"type": "string", "required": True}, "b": STRING}}
    assert parameters({"name": "f", "parameters": inside}) == {
        "type": "object",
        "properties": {"a": STRING, "b": STRING},
        "required": ["a"],
    }


def test_a_parameter_called_type_is_no_type():
    spec = {"name": "f", "parameters": {"type": {"type": "str"}, "properties": {"type": "dict"}}}
    assert set(parameters(spec)["properties"]) == {"type", "properties"}


def test_nested_schemas_are_normalised_too():
    schema = {
        "type": "dict",
        "properties": {
            "a": {"type": "tuple", "items": [{"type": "float"}, {"type": "any"}]},
            "b": {"anyOf": [{"type": "str"}, {"$ref": "#/$defs/c"}]},
            "d": {"type": ["int", "null"]},
            "e": {"type": "dict", "additionalProperties": {"type": "float"}, "required": None},
            "f": {"type": ["any", "null"]},
            "g": True,
            "h": {"type": "array", "items": None},
        },
        "$defs": {"c": {"type": "dict", "properties": {"x": {"type": "int"}}, "required": ["x"]}},
        "required": None,
    }
    tool = read_tool({"name": "f", "parameters": schema})
    assert tool.parameters["properties"]["a"] == {"type": "array", "prefixItems": [{"type": "number"}, {}]}
    assert tool.parameters["properties"]["d"] == {"type": ["integer", "null"]}
    assert tool.parameters["properties"]["f"] == {}
    assert fits(tool, {"a": [1.5, "x"], "b": {"x": 1}, "d": None, "e": {"k": 2.5}, "g": 0})
    assert not fits(tool, {"b": {"x": "1"}})
    assert not fits(tool, {"e": {"k": "2"}})


@pytest.mark.parametrize(
    ("tools", "path"),
    [
        ({"name": "f"}, "tools"),
        ("{", "tools"),
        ("7", "tools"),
        ([3], "tools[0]"),
        ([{"name": ""}], "tools[0].name"),
        ([{"function": {"name": 3}}], "tools[0].function.name"),
        ([{"name": "f", "parameters": []}], "tools[0].parameters"),
        (
            [{"name": "f", "parameters": {"type": "object", "properties": []}}],
            "tools[0].parameters.properties",
        ),
        (
            [{"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "strnig"}}}}],
            "tools[0].parameters.properties.a.type",
        ),
        (
            [{"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": 3}}}}],
            "tools[0].parameters.properties.a.type",
        ),
        (
            [{"name": "f", "parameters": {"type": "object", "properties": {"a": 3}}}],
            "tools[0].parameters.properties.a",
        ),
        (
            [{"name": "f", "parameters": {"type": "object", "properties": {"a": {"minimum": "x"}}}}],
            "tools[0].parameters.properties.a.minimum",
        ),
        (
            [{"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": ["strnig"]}}}}],
            "tools[0].parameters.properties.a.type",
        ),
        ([{"name": object()}], "tools"),
    ],
)
def test_a_wrong_tool_is_refused_with_the_path_of_what_is_wrong(tools, path):
    with pytest.raises(ToolsError) as caught:
        read_tools(tools)
    assert caught.value.path == path


def test_schemas_nested_without_end_are_refused():
    schema: dict[str, object] = {"type": "object"}
    for _ in range(100):
        schema = {"type": "array", "items": schema}
    with pytest.raises(ToolsError, match="nested deeper"):
        read_tool({"name": "f", "parameters": {"type": "object", "properties": {"a": schema}}})
    with pytest.raises(ToolsError, match="nested too deep"):
        read_tool({"name": "f", "parameters": {"a": {"type": "List[" * 100 + "int" + "]" * 100}}})


def test_tools_may_come_as_text_and_the_first_of_one_name_counts():
    tools = [
        {"name": "f", "description": "one"},
        {"name": "f", "description": "two"},
        {"name": "g", "description": None},
    ]
    assert [tool.description for tool in read_tools(json.dumps(tools)).values()] == ["one", ""]


def test_violations_come_with_place_and_words():
    schema = {
        "type": "object",
        "properties": {"a": {"type": "array", "items": {"type": "integer"}}, "u": {"enum": ["c", "f"]}},
        "required": ["a"],
        "additionalProperties": False,
    }
    tool = read_tool({"name": "f", "parameters": schema})
    assert violations(tool, {"a": [1, 2]}) == []
    found = violations(tool, {"a": [1, "2"], "u": "k", "z": 1})
    assert {(violation.keyword, violation.steps) for violation in found} == {
        ("type", ("a", 1)),
        ("enum", ("u",)),
        ("additionalProperties", ()),
    }
    assert [violation.keyword for violation in violations(tool, {})] == ["required"]


@pytest.mark.parametrize(
    "schema",
    [
        {"pattern": "("},
        {"pattern": "^(?=a)b"},
        {"$ref": "#/$defs/none"},
        {"$ref": "http://127.0.0.1:1/x.json"},
        {"$ref": "file:///etc/hostname"},
    ],
)
def test_a_schema_that_cannot_be_used_is_refused_and_nothing_is_fetched(schema):
    with pytest.raises(ToolsError, match="cannot be used") as caught:
        read_tool(
            {"name": "f", "parameters": {"type": "object", "properties": {"a": schema}}}, path="tools[0]"
        )
    assert caught.value.path.startswith("tools[0].parameters")


def test_patterns_take_linear_time():
    tool = read_tool(
        {
            "name": "f",
            "parameters": {"type": "object", "properties": {"a": {"type": "string", "pattern": "^(a+)+$"}}},
        }
    )
    assert fits(tool, {"a": "a" * 50_000})
    found = violations(tool, {"a": "a" * 50 + "!"})
    assert [(violation.steps, violation.keyword) for violation in found] == [(("a",), "pattern")]


def test_numbers_that_json_does_not_have_satisfy_no_schema():
    tool = read_tool({"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "number"}}}})
    assert not fits(tool, {"a": float("nan")})
    assert violations(tool, {"a": float("nan")})
    assert fits(tool, {"a": 10**900})


@pytest.mark.skipif(not (SHARED / "data").is_dir(), reason="no shared data")
def test_the_tools_of_public_data_are_all_read():
    read = 0
    for path in sorted((SHARED / "data" / "bfcl").glob("BFCL_v4_*.json")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if "function" in row:
                read += len(read_tools(row["function"]))
    for name in (
        "xlam.jsonl",
        "xlam_masked.jsonl",
        "extra/hammer_sealtool.jsonl",
        "extra/hammer_toolalpaca.jsonl",
        "extra/glaive_toolcall_en_demo.jsonl",
    ):
        for line in (SHARED / "data" / name).read_text(encoding="utf-8").splitlines():
            read += len(read_tools(json.loads(line)["tools"]))
    assert read > 5_000


OPERATIONS = ("and", "or", "xor", "add", "sub")


def _expressions(keyword):
    """An expression tree as tools have it, with what tells the branches apart behind what refers back."""
    side = {"$ref": "#/$defs/node"}
    branches = [
        {
            "type": "object",
            "properties": {"left": side, "right": side, "op": {"const": name}},
            "required": ["op", "left", "right"],
        }
        for name in OPERATIONS
    ]
    branches.append({"type": "object", "properties": {"lit": {"type": "number"}}, "required": ["lit"]})
    parameters = {"type": "object", "properties": {"e": side}, "$defs": {"node": {keyword: branches}}}
    return read_tool({"name": "f", "parameters": parameters})


def _tree(depth, leaf):
    return {"lit": leaf} if depth == 0 else {"op": "sub", "left": _tree(depth - 1, leaf), "right": {"lit": 1}}


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
@pytest.mark.parametrize("depth", [1, 3, 60])
def test_a_schema_that_refers_to_itself_is_asked_in_bounded_work(keyword, depth):
    """Naively, 5 branches and 60 levels are 5^60 questions."""
    tool = _expressions(keyword)
    assert fits(tool, {"e": _tree(depth, 1.5)})
    wrong = {"e": _tree(depth, "x")}
    assert not fits(tool, wrong)
    found = violations(tool, wrong)
    assert found[0].steps[0] == "e"
    assert found[0].got is not None


def test_a_schema_that_asks_itself_about_the_same_value_ends():
    for schema in (
        {"not": {"$ref": "#/properties/a"}},
        {"anyOf": [{"$ref": "#/properties/a"}, {"type": "null"}]},
    ):
        tool = read_tool({"name": "f", "parameters": {"type": "object", "properties": {"a": schema}}})
        assert isinstance(fits(tool, {"a": 1}), bool)
    tool = read_tool(
        {"name": "f", "parameters": {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["b"]}}
    )
    assert fits(tool, {"b": 1, "a": {"b": 2}})
    assert not fits(tool, {"b": 1, "a": {"c": 2}})


@pytest.mark.parametrize(
    "claimed", ["x", "http://json-schema.org/draft-05/schema#", "file:///etc/hosts", "{server}/s"]
)
def test_what_a_schema_claims_to_be_is_looked_up_nowhere(claimed):
    asked = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self):  # the library's name
            asked.append(self.path)

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Server) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        claim = claimed.format(server=f"http://127.0.0.1:{server.server_port}")
        for schema in (
            {"$schema": claim, "type": "object"},
            {"type": "object", "properties": {"y": {"$schema": claim, "type": "integer"}}},
            {"type": "object", "unevaluatedProperties": {"$schema": claim, "$id": "a", "type": "integer"}},
        ):
            tool = read_tools([{"name": "f", "parameters": schema}])["f"]
            assert fits(tool, {"y": 2})
        with pytest.raises(ToolsError):
            read_tools(
                [{"name": "f", "parameters": {"type": "object", "properties": {"y": {"$ref": claim}}}}]
            )
        server.shutdown()
    assert asked == []
