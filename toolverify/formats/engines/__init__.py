"""Engines that formats are declared on. Public: a leaf's formats use the same ones.

`JsonBlocks` reads and writes JSON in a wrapper, `JsonCalls` its freer dialects; `NamedJson` a name with JSON behind it;
`TagCalls` and `NestedTagCalls` a tag for each parameter, typed by the tool's schema; `KeyValueCalls` `call:name{key:value}`;
`Harmony` channels; `MessageObjects` and `MessageBlocks` chat messages; `PythonCalls` calls in Python's syntax, on
`read_expression`, which reads one Python expression and runs nothing. `FrameReading` is the pass that engines of texts share.
`decode` and `read_value` read one JSON value within limits; `load_python_json` is `json.loads` that never dies.
"""

from toolverify.formats.engines.frame import FrameReading
from toolverify.formats.engines.harmony import Harmony
from toolverify.formats.engines.json_blocks import JsonBlocks
from toolverify.formats.engines.json_calls import JsonCalls
from toolverify.formats.engines.json_value import Decoded, decode, nesting, read_value
from toolverify.formats.engines.key_value_calls import KeyValueCalls
from toolverify.formats.engines.message_blocks import MessageBlocks
from toolverify.formats.engines.messages import MessageObjects
from toolverify.formats.engines.named_json import NamedJson
from toolverify.formats.engines.nested_tags import NestedTagCalls
from toolverify.formats.engines.python_calls import PythonCalls
from toolverify.formats.engines.python_expressions import read_expression
from toolverify.formats.engines.python_json import Loaded, load_python_json
from toolverify.formats.engines.python_literals import NotLiteral, literal_value
from toolverify.formats.engines.python_tree import Argument, Expression, Fault
from toolverify.formats.engines.tag_calls import TagCalls
from toolverify.formats.engines.typed_text import typed

__all__ = [
    "Argument",
    "Decoded",
    "Expression",
    "Fault",
    "FrameReading",
    "Harmony",
    "JsonBlocks",
    "JsonCalls",
    "KeyValueCalls",
    "Loaded",
    "MessageBlocks",
    "MessageObjects",
    "NamedJson",
    "NestedTagCalls",
    "NotLiteral",
    "PythonCalls",
    "TagCalls",
    "decode",
    "literal_value",
    "load_python_json",
    "nesting",
    "read_expression",
    "read_value",
    "typed",
]
