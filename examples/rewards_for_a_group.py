"""The rewards of a group of completions for one prompt: compile the answer once, score many."""

import toolverify as tv

calls = [{"name": "add", "arguments": {"a": 1, "b": 2}}, {"name": "add", "arguments": {"a": 3, "b": 4}}]
verifier = tv.Verifier("tool-n1")
case = verifier.compile(answer=calls)

group = [
    tv.render(calls, format="tool-n1", reasoning="Two sums."),
    tv.render(calls[::-1], format="tool-n1", reasoning="The other one first."),
    tv.render(calls[:1], format="tool-n1", reasoning="One is enough."),
    tv.render(calls, format="tool-n1"),
]
print(verifier.rewards(group, [case] * len(group)))
