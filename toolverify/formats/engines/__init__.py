"""Engines that formats are declared on. Public: a leaf's formats use the same ones.

`JsonBlocks` reads and writes JSON in a wrapper; `MessageObjects` reads chat messages; `decode` and
`read_value` read one JSON value within limits; `load_python_json` is `json.loads` that never dies.
"""

from toolverify.formats.engines.json_blocks import JsonBlocks
from toolverify.formats.engines.json_value import Decoded, decode, nesting, read_value
from toolverify.formats.engines.messages import MessageObjects
from toolverify.formats.engines.python_json import Loaded, load_python_json

__all__ = [
    "Decoded",
    "JsonBlocks",
    "Loaded",
    "MessageObjects",
    "decode",
    "load_python_json",
    "nesting",
    "read_value",
]
