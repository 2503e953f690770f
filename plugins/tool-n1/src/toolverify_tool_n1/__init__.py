"""The rewards released with Nemotron-Research-Tool-N1."""

from collections.abc import Sequence
from pathlib import Path

from toolverify import hookimpl
from toolverify.protocols import AnswerReader, Combiner, Format, Rule
from toolverify_tool_n1.answers import ReleasedAnswer
from toolverify_tool_n1.reading import ReleaseFormat
from toolverify_tool_n1.rules import CallsLevel, ItemsRule, ReadRule, SurvivesRule, ThinkRule
from toolverify_tool_n1.table import RewardTable


@hookimpl
def toolverify_formats() -> Sequence[Format]:
    """The released extraction, with the chat markers of Qwen and of Llama."""
    return [
        ReleaseFormat("tool-n1-release", marker="<|im_start|>assistant"),
        ReleaseFormat(
            "tool-n1-release-llama",
            marker="<|start_header_id|>assistant<|end_header_id|>",
            text_in_block_raises=True,
            silence_is_empty=True,
        ),
    ]


@hookimpl
def toolverify_answers() -> Sequence[AnswerReader]:
    """The released reading of ground truths."""
    return [ReleasedAnswer()]


@hookimpl
def toolverify_rules() -> Sequence[Rule]:
    """The released tests, one rule each."""
    return [SurvivesRule(), ThinkRule(), ReadRule(), ItemsRule(), CallsLevel()]


@hookimpl
def toolverify_combiners() -> Sequence[Combiner]:
    """The released values, as a table."""
    return [RewardTable()]


@hookimpl
def toolverify_profiles() -> Sequence[Path]:
    """One profile for each released reward."""
    return sorted(Path(__file__).parent.glob("profiles/*.toml"))
