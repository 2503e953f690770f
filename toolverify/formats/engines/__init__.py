"""Engines that formats are declared on. Public: a leaf's formats use the same ones.

`JsonBlocks` reads and writes JSON in a wrapper; `MessageObjects` reads chat messages; `PythonCalls`
reads and writes calls in Python's syntax, on `read_expression`, which reads one Python expression and runs nothing.
`decode` and `read_value` read one JSON value within limits; `load_python_json` is `json.loads` that never dies.
"""

from toolverify.formats.engines.json_blocks import JsonBlocks
from toolverify.formats.engines.json_value import Decoded, decode, nesting, read_value
from toolverify.formats.engines.messages import MessageObjects
from toolverify.formats.engines.python_calls import PythonCalls
from toolverify.formats.engines.python_expressions import read_expression
from toolverify.formats.engines.python_json import Loaded, load_python_json
from toolverify.formats.engines.python_literals import NotLiteral, literal_value
from toolverify.formats.engines.python_tree import Argument, Expression, Fault

__all__ = [
    "Argument",
    "Decoded",
    "Expression",
    "Fault",
    "JsonBlocks",
    "Loaded",
    "MessageObjects",
    "NotLiteral",
    "PythonCalls",
    "decode",
    "literal_value",
    "load_python_json",
    "nesting",
    "read_expression",
    "read_value",
]
