"""The verdict of BFCL's AST checker (the Berkeley Function Calling Leaderboard)."""

from collections.abc import Sequence
from pathlib import Path

from toolverify import hookimpl
from toolverify.protocols import AnswerReader, Format, Matcher, Rule
from toolverify_bfcl.answers import BfclAnswer
from toolverify_bfcl.reading import BfclPrompt
from toolverify_bfcl.rules import AstRule, BfclMatcher, DecodeRule


@hookimpl
def toolverify_formats() -> Sequence[Format]:
    """Calls in the syntax of Python, Java or JavaScript, read as BFCL's prompt mode reads them."""
    return [BfclPrompt()]


@hookimpl
def toolverify_answers() -> Sequence[AnswerReader]:
    """Possible answers as they stand in BFCL's data."""
    return [BfclAnswer()]


@hookimpl
def toolverify_matchers() -> Sequence[Matcher]:
    """The checker's comparisons."""
    return [BfclMatcher()]


@hookimpl
def toolverify_rules() -> Sequence[Rule]:
    """Whether a reply decodes, and whether its calls pass."""
    return [DecodeRule(), AstRule()]


@hookimpl
def toolverify_profiles() -> Sequence[Path]:
    """The verdict in prompt mode, and with names as function calling has them."""
    return sorted(Path(__file__).parent.glob("profiles/*.toml"))
