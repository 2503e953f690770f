"""The paper's format: `<think>…</think><tool_call>[{"name", "arguments"}, …]</tool_call>`."""

from toolverify.formats.engines.json_blocks import JsonBlocks

TOOL_N1 = JsonBlocks(name="tool-n1", container="list")
