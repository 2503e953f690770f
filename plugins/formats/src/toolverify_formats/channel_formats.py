"""Formats of messages in parts: gpt-oss with its channels, and Anthropic's content blocks."""

from toolverify.formats.engines.harmony import Harmony
from toolverify.formats.engines.message_blocks import MessageBlocks
from toolverify.protocols import Format

#: gpt-oss.
HARMONY = Harmony(name="harmony")

#: Claude, and all that speaks Anthropic's messages API.
ANTHROPIC_TOOL_USE = MessageBlocks(name="anthropic-tool-use")

FORMATS: list[Format] = [HARMONY, ANTHROPIC_TOOL_USE]
