"""The rewards released with ToolRL (arXiv 2504.13958)."""

from collections.abc import Sequence
from pathlib import Path

from toolverify import hookimpl
from toolverify.protocols import AnswerReader, Combiner, Format, Matcher, Rule
from toolverify_toolrl.answers import GoldText
from toolverify_toolrl.correctness import CorrectnessRule, GreedyMatcher, JudgedRule
from toolverify_toolrl.layout import LayoutRule, LengthRule
from toolverify_toolrl.reading import ToolrlFormat
from toolverify_toolrl.scale import Scale


@hookimpl
def toolverify_formats() -> Sequence[Format]:
    """Calls as JSON lines in the first block, between Qwen's chat markers unless a profile says otherwise."""
    return [ToolrlFormat()]


@hookimpl
def toolverify_answers() -> Sequence[AnswerReader]:
    """A gold completion."""
    return [GoldText()]


@hookimpl
def toolverify_matchers() -> Sequence[Matcher]:
    """The released greedy pairing."""
    return [GreedyMatcher()]


@hookimpl
def toolverify_rules() -> Sequence[Rule]:
    """Layout, whether calls are judged at all, correctness, length."""
    return [LayoutRule(), JudgedRule(), CorrectnessRule(), LengthRule()]


@hookimpl
def toolverify_combiners() -> Sequence[Combiner]:
    """The released ranges and their schedules."""
    return [Scale()]


@hookimpl
def toolverify_profiles() -> Sequence[Path]:
    """The reward with all switches off, and with one switch each."""
    return sorted(Path(__file__).parent.glob("profiles/*.toml"))
