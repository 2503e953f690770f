"""Every finding code of the core, with what it means and how to mend what it tells of."""

from __future__ import annotations

from typing import NamedTuple


class Code(NamedTuple):
    """A finding code explained."""

    meaning: str
    mend: str


CODES: dict[str, Code] = {
    "attempt.invalid_json": Code(
        "The text of a call is not JSON.", "Look at the raw text; train on valid JSON."
    ),
    "attempt.truncated": Code("The completion ends inside a call.", "Raise the trainer's response length."),
    "attempt.unclosed": Code("A call is whole, but its end marker is missing.", "Raise the response length."),
    "attempt.missing_name": Code("A call has no usable name.", "The key is `name`, a non-empty string."),
    "attempt.non_object_args": Code(
        "The arguments are not an object.", "Write an object, not JSON text or a list."
    ),
    "attempt.in_reasoning": Code(
        "A call drafted inside the reasoning; it does not count.", "Nothing to mend."
    ),
    "attempt.wrong_dialect": Code(
        "A call in the shape of another format.", "Use the profile's format, or `--format`."
    ),
    "attempt.limit_exceeded": Code(
        "More text, depth, digits or calls than is read.", "Raise the profile's limits."
    ),
    "attempt.duplicate_keys": Code("An object holds one key twice.", "Write each key once."),
    "attempt.extra_keys": Code("A call has keys beside its name and arguments.", "Leave them out."),
    "attempt.ambiguous": Code(
        "The text can be read in more than one way.", "Avoid the format's markers in values."
    ),
    "format.text": Code("Text stands outside the reasoning and the calls.", "Answer with calls alone."),
    "format.silence": Code("There is no call block.", "Write an empty block where no call is right."),
    "format.several_blocks": Code("More than one block, where one list holds all calls.", "Write one list."),
    "format.single_object": Code("A single call, where a list of calls is due.", "Wrap it in a list."),
    "format.not_judged": Code("The calls came ready-made, so there is no text to judge.", "Nothing to mend."),
    "reasoning.missing": Code("There is no reasoning.", "Begin with the reasoning."),
    "reasoning.not_opened": Code(
        "The reasoning has no start marker.", "Set `reasoning_open` if the prompt holds it."
    ),
    "reasoning.unclosed": Code("The reasoning has no end marker.", "Raise the trainer's response length."),
    "reasoning.repeated": Code("There is more than one block of reasoning.", "Think once, first."),
    "reasoning.not_first": Code("Something stands before the reasoning.", "Begin with the reasoning."),
    "call.missing": Code("An expected call was not made.", "Compare with the answer."),
    "call.surplus": Code("A call was made that is not expected.", "Compare with the answer."),
    "call.unknown_tool": Code(
        "A call names a tool that is not offered.", "Compare with the tools of the task."
    ),
    "argument.differs": Code(
        "An argument has another value than expected.", "Compare `got` with `expected`."
    ),
    "argument.missing": Code("An expected argument was left out.", "Compare with the answer."),
    "argument.surplus": Code("An argument was given that is not expected.", "Compare with the answer."),
    "coercion.json_text": Code(
        "A value was written as the text of itself, and was read as what the schema wants.",
        'Write 5 and not "5"; rule `as-written` makes it cost.',
    ),
    "coercion.whole_number": Code("An integer was written with a fraction: 5.0.", "Write 5."),
    "coercion.single_as_list": Code("A single value stands where a list is due.", "Write a list of it."),
    "coercion.list_as_single": Code("A list of one value stands where the value is due.", "Write the value."),
    "coercion.value_as_text": Code("A number or boolean stands where a text is due.", "Write a text."),
    "coercion.word": Code("A value was written in another way than JSON's: `True`, `1,000`.", "Write JSON."),
    "coercion.enumerated": Code(
        "A listed value was written in another case.", "Write it as the schema lists it."
    ),
    "coercion.capped": Code(
        "A call, or a reply, holds more values than coercion looks at.",
        "Write values as the schema wants them.",
    ),
    "coercion.null_left_out": Code("null stands for an argument that may be left out.", "Leave it out."),
    "count.differs": Code("Another number of calls than expected.", "Compare with the answer."),
    "length.short": Code("A text is shorter than the profile wants.", "Compare with the rule's `least`."),
    "length.long": Code("A text is longer than the profile allows.", "Compare with the rule's `most`."),
    "length.not_judged": Code("The calls came ready-made: no text to measure.", "Nothing to mend."),
    "repetition.repeated": Code(
        "Too much of a text stood there before.", "Look at the text; train on texts that end."
    ),
    "repetition.not_judged": Code("The calls came ready-made: no text to read.", "Nothing to mend."),
    "schema.violated": Code("Arguments break the tool's schema.", "Read the message."),
    "schema.no_tools": Code("No tools were given, so no schema was checked.", "Give `tools` with the task."),
    "match.capped": Code("Too many calls to compare each with each.", "Raise the matcher's `comparisons`."),
    "findings.cut": Code("There are more findings than are shown.", "Mend the first ones."),
    "rule.raised": Code(
        "A part of the profile raised; the completion could not be scored.", "Report it to its author."
    ),
}


#: What the codes of a family are about, and what gives them: the headings of the page, in its order.
FAMILIES: dict[str, str] = {
    "attempt": "A place where the model tried to call is no call, or an odd one. Rule `format` tells of them.",
    "format": "The frame around the calls. Rule `format` tells of it.",
    "reasoning": "The thought before the calls. Rule `reasoning` tells of it.",
    "call": "Whole calls, one against the other. Rules `calls` and `names` tell of them.",
    "argument": "The arguments of a call that was paired with an expected one. Rules `calls` and `arguments` tell of them.",
    "coercion": "A value that was read as another writing of it. All are notes; rule `as-written` makes them cost.",
    "count": "How many calls there are. Rule `count` tells of it.",
    "schema": "Arguments against the schemas of the tools. Rule `schema` tells of them.",
    "length": "How long a text is. Rule `length` tells of it.",
    "repetition": "How much a text repeats itself. Rule `repetition` tells of it.",
    "match": "The pairing of calls with expected calls.",
    "findings": "The list of findings itself.",
    "rule": "The parts of the profile.",
}


def as_markdown() -> str:
    """The page docs/findings.md."""
    return _HEAD + "".join([_section(family) for family in _families()])


_HEAD = """\
# Findings

Every finding has a `code`, a `level`, a `path` to the value it is about and a message. `expected` and `got` hold the two
values, `comparison` names the comparison that decided, `source_code` the reference scorer's own error type, where they apply.

An `error` costs: some rule scored less because of it. A `note` explains and costs nothing. Paths are those of the reply:
`calls[1].arguments.city` is an argument of the second call that was read, `attempts[1]` the second place where the model
tried to call, `expected[0]` the first call of the answer.

`toolverify explain` shows all findings of one row, `toolverify compare` which of them turn a row from passed to failed.
These are the codes of the core; a leaf lists its own in its README: [tool-n1](../plugins/tool-n1/README.md),
[toolrl](../plugins/toolrl/README.md), [bfcl](../plugins/bfcl/README.md).
"""


def _families() -> list[str]:
    """The families that have codes; one that nobody described comes last."""
    families = dict.fromkeys(name.partition(".")[0] for name in sorted(CODES))
    return [*[family for family in FAMILIES if family in families], *(families.keys() - FAMILIES.keys())]


def _section(family: str) -> str:
    rows = [
        f"| `{name}` | {code.meaning} | {code.mend} |\n"
        for name, code in sorted(CODES.items())
        if name.partition(".")[0] == family
    ]
    about = f"{FAMILIES[family]}\n\n" if family in FAMILIES else ""
    return f"\n## {family}\n\n{about}| code | meaning | mend |\n|---|---|---|\n{''.join(rows)}"
