"""Score one completion from Python, and read why."""

import toolverify as tv

tools = [
    {
        "name": "get_weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city"],
        },
    }
]
answer = [{"name": "get_weather", "arguments": {"city": "Oslo", "days": 3}}]
completion = (
    "<think>They want the forecast.</think>\n"
    '<tool_call>[{"name": "get_weather", "arguments": {"city": "Bergen", "days": "3"}}]</tool_call>'
)

verdict = tv.Verifier("typed").score(completion, answer=answer, tools=tools)
print(verdict.explain())
