"""Who is compared: the profiles, the reward as people write it, and what others would reach for."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

from msgspec import Struct

from toolverify.bench import peers
from toolverify.bench.faults import RIGHT
from toolverify.bench.measure import Contender
from toolverify.bench.workload import Row
from toolverify.errors import ProfileError, ToolverifyError
from toolverify.verifier import Verifier

#: The profile whose reward the hand-written one computes.
SAME_AS_BASELINE = "tool-n1-v0"
PROFILES = (SAME_AS_BASELINE, "tool-n1", "typed")
BASELINE = "regex and json, as people write it"
_SUBSET = " (subset)"


class DisagreementError(ToolverifyError):
    """The hand-written reward and the profile do not mean the same, so their speeds are not comparable."""


class Field(Struct, frozen=True):
    """The contenders, and who had to be left out and why."""

    contenders: tuple[Contender, ...]
    left_out: tuple[str, ...]


def verifier_or_none(profile: str, wire_format: str | None = None) -> Verifier | None:
    """The verifier, or None where the leaf that brings its profile is not installed."""
    try:
        return Verifier(profile, format=wire_format)
    except ProfileError:
        return None


def check_agreement(rows: Sequence[Row]) -> dict[str, int] | None:
    """How many rows the hand-written reward and the profile agree on: all, or it raises.

    Raises:
        DisagreementError: On the first row on which reward, verdict, hand-written reward and label are not one.
    """
    verifier = verifier_or_none(SAME_AS_BASELINE)
    if verifier is None:
        return None
    completions = [row.completion for row in rows]
    cases = [verifier.compile(answer=row.answer) for row in rows]
    rewards = verifier.rewards(completions, cases)
    verdicts = verifier.score_batch(completions, cases)
    for index, row in enumerate(rows):
        plain = peers.regex_and_json(row.completion, json.dumps(row.answer))
        prepared = peers.regex_and_json_prepared(row.completion, peers.expected_counter(row.answer))
        found = {rewards[index], verdicts[index].reward, plain, prepared, float(row.label in RIGHT)}
        if len(found) > 1:
            raise DisagreementError(
                f"the rewards differ on a completion of kind {row.label}: {found}", path=f"rows[{index}]"
            )
    return {"rows": len(rows), "agree": len(rows), "right": int(sum(rewards))}


def make_field(rows: Sequence[Row]) -> Field:
    """All contenders on all rows, and the slow ones on the first tenth of them."""
    contenders = [_plain(rows)]
    left_out: list[str] = []
    for profile in PROFILES:
        verifier = verifier_or_none(profile)
        if verifier is None:
            left_out.append(f"{profile}: the leaf that brings it is not installed")
        else:
            contenders += _of_profile(profile, verifier, rows)
    subset = rows[: min(500, max(1, len(rows) // 10))]
    contenders += [*_hand_written(rows), _plain(subset, _SUBSET), _naive_schema(subset)]
    contenders.append(_naive_deepdiff(subset))
    return Field(tuple(contenders), tuple(left_out))


def _of_profile(profile: str, verifier: Verifier, rows: Sequence[Row]) -> list[Contender]:
    completions = [row.completion for row in rows]
    texts = [(json.dumps(row.answer), json.dumps(row.tools)) for row in rows]
    reads_tools = profile == "typed"

    def compiled() -> list[Any]:
        return [
            verifier.compile(answer=answer, tools=tools if reads_tools else None) for answer, tools in texts
        ]

    def one_by_one() -> list[Any]:
        return [verifier.score(text, case=case) for text, case in zip(completions, cases, strict=True)]

    cases = compiled()
    ways: dict[str, Callable[[], Any]] = {
        "rewards": lambda: verifier.rewards(completions, cases),
        "rewards, answers compiled too": lambda: verifier.rewards(completions, compiled()),
        "score_batch": lambda: verifier.score_batch(completions, cases),
        "score, one by one": one_by_one,
    }
    return [Contender(f"{profile} {way}", run, len(rows), BASELINE) for way, run in ways.items()]


def _hand_written(rows: Sequence[Row]) -> list[Contender]:
    completions = [row.completion for row in rows]
    counters = [peers.expected_counter(row.answer) for row in rows]
    found = [peers.call_text(completion) for completion in completions]
    texts = [text for text in found if text is not None]
    return [
        _each("regex and json, ground truth prepared", peers.regex_and_json_prepared, completions, counters),
        Contender(
            "json.loads of the call text alone",
            lambda: [peers.loads_or_none(text) for text in texts],
            len(texts),
            BASELINE,
        ),
    ]


def _plain(rows: Sequence[Row], suffix: str = "") -> Contender:
    completions = [row.completion for row in rows]
    truths = [json.dumps(row.answer) for row in rows]
    return _each(BASELINE + suffix, peers.regex_and_json, completions, truths, against=BASELINE + suffix)


def _naive_schema(rows: Sequence[Row]) -> Contender:
    schemas = [_schemas(row.tools) for row in rows]
    name = f"jsonschema.validate of each call{_SUBSET}"
    return _each(name, peers.validate_calls, _parsed(rows), schemas, against=BASELINE + _SUBSET)


def _schemas(tools: Sequence[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {tool["function"]["name"]: tool["function"]["parameters"] for tool in tools}


def _naive_deepdiff(rows: Sequence[Row]) -> Contender:
    answers = [row.answer for row in rows]
    name = f"DeepDiff(ignore_order=True){_SUBSET}"
    return _each(name, peers.same_by_deepdiff, _parsed(rows), answers, against=BASELINE + _SUBSET)


def _parsed(rows: Sequence[Row]) -> list[Any]:
    """Calls parsed beforehand: what these two do not do is not in their time."""
    return [peers.parsed_call_text(row.completion) for row in rows]


def _each(
    name: str,
    function: Callable[[Any, Any], Any],
    first: Sequence[Any],
    second: Sequence[Any],
    *,
    against: str = BASELINE,
) -> Contender:
    """A contender that calls a function for each completion."""
    return Contender(name, lambda: list(map(function, first, second)), len(first), against)
