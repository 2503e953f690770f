"""The rules of the core, and the decorator for a rule of one's own."""

from collections.abc import Sequence

from toolverify.hookspecs import hookimpl
from toolverify.protocols import Rule
from toolverify.rules.as_written import AsWrittenRule
from toolverify.rules.calls import ArgumentsRule, CallsRule, CountRule, NamesRule
from toolverify.rules.decorate import rule
from toolverify.rules.frame import FormatRule
from toolverify.rules.length import LengthRule
from toolverify.rules.reasoning import ReasoningRule
from toolverify.rules.repetition import RepetitionRule
from toolverify.rules.schema import SchemaRule

__all__ = [
    "ArgumentsRule",
    "AsWrittenRule",
    "CallsRule",
    "CountRule",
    "FormatRule",
    "LengthRule",
    "NamesRule",
    "ReasoningRule",
    "RepetitionRule",
    "SchemaRule",
    "rule",
]


@hookimpl
def toolverify_rules() -> Sequence[Rule]:
    """The rules of the core."""
    return [
        FormatRule(),
        ReasoningRule(),
        NamesRule(),
        ArgumentsRule(),
        CallsRule(),
        CountRule(),
        SchemaRule(),
        AsWrittenRule(),
        LengthRule(),
        RepetitionRule(),
    ]
