"""Gemma's formats: `call:NAME{key:value}` with strings between markers of their own."""

from toolverify.formats.engines.key_value_calls import KeyValueCalls

FORMATS = [
    KeyValueCalls(
        "gemma4",
        start="<|tool_call>",
        end="<tool_call|>",
        escape='<|"|>',
        after="<|tool_response>",
        think_start="<|channel>",
        think_label="thought\n",
        think_end="<channel|>",
    ),
    KeyValueCalls(
        "functiongemma",
        start="<start_function_call>",
        end="<end_function_call>",
        escape="<escape>",
        after="<start_function_response>",
    ),
]
