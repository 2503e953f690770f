"""Hermes, Qwen2.5 and Qwen3: one `<tool_call>` block a call, `<think>` before them."""

from toolverify.formats.engines.json_blocks import JsonBlocks

HERMES = JsonBlocks(name="hermes", container="object", padding="\n")
