"""How values of Java and JavaScript are converted from their texts."""

import pytest

from toolverify_bfcl.java_values import java_value
from toolverify_bfcl.javascript_values import javascript_value

JAVA = [
    ("5", "integer", None, 5),
    ("5L", "integer", None, "5L"),
    ("5\n", "integer", None, 5),
    ("5L", "long", None, 5),
    ("5", "long", None, "5"),
    ("1.5f", "float", None, 1.5),
    ("1.5", "float", None, "1.5"),
    ("1.5", "double", None, 1.5),
    ("300", "byte", None, 300),
    ("true", "boolean", None, True),
    ("True", "boolean", None, "True"),
    ("'x'", "char", None, "'x'"),
    ("new int[]{1, 2}", "Array", "integer", [1, 2]),
    ('new String[]{"a,b"}', "Array", "String", ['"a', 'b"']),
    ("int[]{1}", "Array", "integer", "int[]{1}"),
    ('new ArrayList<>(Arrays.asList("a", "b"))', "ArrayList", "String", ["a", "b"]),
    ("new ArrayList<Integer>() {{ add(1); add(2); }}", "ArrayList", "integer", [1, 2]),
    ("new ArrayList<Integer>()", "ArrayList", "integer", []),
    ("List.of(1)", "ArrayList", "integer", "List.of(1)"),
    ('new HashMap<String, Object>() {{ put("a", 1); put("b", "x"); }}', "HashMap", None, {"a": 1, "b": "x"}),
    ("new HashMap<>() {}", "HashMap", None, {}),
    ("new HashMap<>()", "HashMap", None, {}),
    ("Map.of()", "HashMap", None, "Map.of()"),
    ('put("a",\n"x")', "String", None, 'put("a",\n"x")'),
]
SCRIPT = [
    ("'x'", "String", None, "x"),
    ("x", "String", None, "x"),
    ("5", "integer", None, 5),
    ("-5.25", "float", None, -5.25),
    ("1e5", "float", None, "1e5"),
    ("5n", "Bigint", None, 5),
    ("true", "Boolean", None, True),
    ("[1, 'a', true]", "array", None, [1, "a", True]),
    ("['a', 'b']", "array", "String", ["a", "b"]),
    ("[]", "array", "String", []),
    ("new Array(1, 2)", "array", "integer", [1, 2]),
    ("[[1, 2], [3]]", "array", "array", [[1, 2], [3]]),
    ("[[1, 2], x, [3]]", "array", "integer", [[1, 2], [3]]),
    ("{}", "dict", None, {}),
    ("{a: 1, 'b': \"x\"}", "dict", None, {"a": 1, "b": "x"}),
    ("{a: [1, 2], b: c}", "dict", None, {"a": [1, 2], "b": "c"}),
    ("{a: {b: 1}}", "dict", None, {"a": "{b: 1"}),
    ("x", "dict", None, "x"),
]


@pytest.mark.parametrize(("text", "kind", "element", "value"), JAVA)
def test_values_of_java(text, kind, element, value):
    assert repr(java_value(text, kind, element)) == repr(value)


@pytest.mark.parametrize(("text", "kind", "element", "value"), SCRIPT)
def test_values_of_javascript(text, kind, element, value):
    assert repr(javascript_value(text, kind, element)) == repr(value)


@pytest.mark.parametrize("kind", ["Set", "Hashtable", "Queue", "Stack"])
def test_types_without_a_conversion(kind):
    with pytest.raises(NotImplementedError, match=kind):
        java_value("x", kind)
