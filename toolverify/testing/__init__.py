"""The conformance kit for plugins: checks that find what is wrong with a part, and hypothesis strategies to test with.

It needs hypothesis: `pip install 'toolverify[testing]'`.
"""

try:
    from toolverify.testing.answers import check_answer_reader
    from toolverify.testing.coercions import check_coercion
    from toolverify.testing.combiners import check_combiner
    from toolverify.testing.comparisons import check_comparison, value_pairs
    from toolverify.testing.formats import check_format
    from toolverify.testing.hostile import HOSTILE, hostile_block, hostile_texts
    from toolverify.testing.matchers import check_matcher
    from toolverify.testing.mutations import Mutation, every_mutation, mutations, plain, retyped
    from toolverify.testing.profiles import check_profile
    from toolverify.testing.prompts import check_prompt
    from toolverify.testing.replies import (
        Sample,
        completions,
        exactly,
        rendered,
        samples,
        text_mutations,
        tools_for,
    )
    from toolverify.testing.rules import check_rule
    from toolverify.testing.schemas import Task, arguments_for, schemas, tasks, tools
    from toolverify.testing.values import (
        arguments,
        calls,
        contexts,
        json_values,
        messages,
        names,
        soups,
        texts,
        thoughts,
    )
except ModuleNotFoundError as error:
    if error.name is None or error.name.partition(".")[0] != "hypothesis":
        raise
    raise ModuleNotFoundError(
        "toolverify.testing needs hypothesis: pip install 'toolverify[testing]'", name="hypothesis"
    ) from error

__all__ = [
    "HOSTILE",
    "Mutation",
    "Sample",
    "Task",
    "arguments",
    "arguments_for",
    "calls",
    "check_answer_reader",
    "check_coercion",
    "check_combiner",
    "check_comparison",
    "check_format",
    "check_matcher",
    "check_profile",
    "check_prompt",
    "check_rule",
    "completions",
    "contexts",
    "every_mutation",
    "exactly",
    "hostile_block",
    "hostile_texts",
    "json_values",
    "messages",
    "mutations",
    "names",
    "plain",
    "rendered",
    "retyped",
    "samples",
    "schemas",
    "soups",
    "tasks",
    "text_mutations",
    "texts",
    "thoughts",
    "tools",
    "tools_for",
    "value_pairs",
]
