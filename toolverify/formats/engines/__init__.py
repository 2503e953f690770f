"""Engines that formats are declared on. Public: a leaf's formats use the same ones.

`JsonBlocks` reads and writes JSON in a wrapper; `json_value` reads one JSON value within limits.
"""

from toolverify.formats.engines.json_blocks import JsonBlocks
from toolverify.formats.engines.json_value import Decoded, decode, nesting, read_value
from toolverify.formats.engines.messages import MessageObjects

__all__ = ["Decoded", "JsonBlocks", "MessageObjects", "decode", "nesting", "read_value"]
