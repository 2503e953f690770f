"""Chat messages with `tool_calls`, as OpenAI's API and all that follow it return them."""

from toolverify.formats.engines.messages import MessageObjects

OPENAI_MESSAGE = MessageObjects(name="openai-message")
