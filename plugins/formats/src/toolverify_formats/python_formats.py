"""Formats whose calls are written in Python's syntax: `[get_weather(city="Oslo", days=3)]`, bare or between markers."""

from toolverify.formats.engines import PythonCalls

FORMATS = [
    PythonCalls("pythonic"),
    PythonCalls("pythonic-bare", brackets="optional"),
    PythonCalls("llama4-pythonic", start="<|python_start|>", end="<|python_end|>", markers="optional"),
    PythonCalls(
        "lfm2",
        start="<|tool_call_start|>",
        end="<|tool_call_end|>",
        json_words=True,
        python_words=True,
    ),
    PythonCalls(
        "olmo3",
        start="<function_calls>",
        end="</function_calls>",
        brackets="none",
        json_words=True,
        padding="\n",
        separator="\n\n",
    ),
]
