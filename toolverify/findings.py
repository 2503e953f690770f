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
    "coercion.null_left_out": Code("null stands for an argument that may be left out.", "Leave it out."),
    "count.differs": Code("Another number of calls than expected.", "Compare with the answer."),
    "length.short": Code("A text is shorter than the profile wants.", "Compare with the rule's `least`."),
    "length.long": Code("A text is longer than the profile allows.", "Compare with the rule's `most`."),
    "length.not_judged": Code("The calls came ready-made: no text to measure.", "Nothing to mend."),
    "repetition.repeated": Code(
        "Too much of a text stood there before.", "Look at the text; train on texts that end."
    ),
    "repetition.not_judged": Code("The calls came ready-made: no text to read.", "Nothing to mend."),
    "schema.violated": Code("Arguments break the tool's schema.", "Read the message: it is jsonschema's."),
    "schema.no_tools": Code("No tools were given, so no schema was checked.", "Give `tools` with the task."),
    "match.capped": Code("Too many calls to compare each with each.", "Raise the matcher's `comparisons`."),
    "findings.cut": Code("There are more findings than are shown.", "Mend the first ones."),
    "rule.raised": Code(
        "A part of the profile raised; the completion could not be scored.", "Report it to its author."
    ),
}


def as_markdown() -> str:
    """The page docs/findings.md."""
    head = (
        "# Findings\n\n"
        "Every finding has a `code`, a `level` (`error` costs, `note` explains), a `path` to the value it is about, a\n"
        "message, and where they apply `expected`, `got` and the `comparison` that decided. Codes of the core:\n\n"
        "| code | meaning | mend |\n|---|---|---|\n"
    )
    return head + "".join(
        f"| `{name}` | {code.meaning} | {code.mend} |\n" for name, code in sorted(CODES.items())
    )
