"""Rows of an input file: one JSON object a line in, one a line out, in order, nothing lost."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

import msgspec
from msgspec import Struct

from toolverify.calls import Case, Context, Finding, Verdict
from toolverify.errors import RowError, ToolverifyError
from toolverify.verifier import Verifier

_LONGEST_VALUE = 2_000
_CONTEXT_KEYS = ("step", "category", "finish_reason", "reasoning_open")
_OWN_KEYS = {"completion", "calls", "answer", "tools", "id", *_CONTEXT_KEYS}


class Line(Struct, frozen=True):
    """A line of a file; `problem` tells why there is no text to read."""

    number: int
    text: bytes
    file: str = ""
    problem: str = ""


class Tally(Struct):
    """What a run adds up to."""

    rows: int = 0
    bad: int = 0
    unscorable: int = 0
    passed: int = 0
    total: float = 0.0
    rewards: Counter[float] = msgspec.field(default_factory=Counter)
    codes: Counter[str] = msgspec.field(default_factory=Counter)

    def add(self, other: Tally) -> None:
        """Add what another part of the run adds up to."""
        self.rows += other.rows
        self.bad += other.bad
        self.unscorable += other.unscorable
        self.passed += other.passed
        self.total += other.total
        self.rewards.update(other.rewards)
        self.codes.update(other.codes)

    def count(self, verdict: Verdict) -> None:
        """Count one verdict."""
        self.codes.update({finding.code for finding in verdict.findings if finding.level == "error"})
        if verdict.reward is None:
            self.unscorable += 1
            return
        self.passed += bool(verdict.passed)
        self.total += verdict.reward
        self.rewards[round(verdict.reward, 6)] += 1


def score_lines(verifier: Verifier, lines: Iterable[Line], *, explain: bool = False) -> tuple[bytes, Tally]:
    """Score lines; what comes back holds a line for each, explained where that is wanted, and what they add up to."""
    tally = Tally()
    written = []
    for line in lines:
        tally.rows += 1
        row: Any = None
        try:
            row = read_row(line)
            verdict = score_row(verifier, row)
        except ToolverifyError as error:
            tally.bad += 1
            written.append(to_json(error_to_dict(line, row, error)))
            continue
        tally.count(verdict)
        known = {"id": row.get("id"), **verdict_to_dict(verdict)}
        written.append(to_json({**known, "explanation": verdict.explain()} if explain else known))
    return b"".join([text + b"\n" for text in written]), tally


def read_row(line: Line) -> dict[str, Any]:
    """The object that stands in a line.

    Raises:
        RowError: There is none.
    """
    if line.problem:
        raise RowError(line.problem)
    try:
        row = _decode(line.text)
    except (ValueError, RecursionError) as error:
        mend = "write one JSON object a line"
        raise RowError(f"not JSON: {error}", mend=mend) from error
    if not isinstance(row, dict):
        raise RowError(f"expected an object, got {type(row).__name__}", mend="write one JSON object a line")
    return row


def _decode(text: bytes) -> Any:
    """JSON as Python writes it: NaN and lone surrogates may stand in recorded completions."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        return json.loads(text.decode("utf-8"))


class Sample(Struct, frozen=True):
    """What a row asks to be scored: a completion, or ready-made calls; the answer's case and the context."""

    completion: Any
    calls: Any
    case: Case
    context: Context


def score_row(verifier: Verifier, row: Mapping[str, Any]) -> Verdict:
    """Score one row.

    Raises:
        ToolverifyError: The row lacks something, or its answer or tools are wrong.
    """
    sample = read_sample(verifier, row)
    return verifier.score(sample.completion, calls=sample.calls, case=sample.case, context=sample.context)


def read_sample(verifier: Verifier, row: Mapping[str, Any]) -> Sample:
    """Check a row, and compile its answer.

    Raises:
        ToolverifyError: The row lacks something, or its answer or tools are wrong.
    """
    completion, calls = row.get("completion"), row.get("calls")
    if completion is None and calls is None:
        raise RowError(
            "'completion' and 'calls' are both missing or null",
            mend="give what the model wrote under 'completion'",
        )
    if completion is not None and calls is not None:
        raise RowError("both 'completion' and 'calls'", mend="give one of them")
    if completion is not None and not isinstance(completion, str | dict | list):
        kind = type(completion).__name__
        raise RowError(f"expected a text, a message or messages, got {kind}", path="completion")
    if calls is not None and not isinstance(calls, list):
        raise RowError(
            f"expected a list of calls, got {type(calls).__name__}", path="calls", mend="wrap it in a list"
        )
    meta = row.get("meta")
    compare = meta.get("compare") if isinstance(meta, dict) else None
    case = verifier.compile(answer=row.get("answer"), tools=row.get("tools"), compare=compare)
    return Sample(completion, calls, case, row_context(row))


def row_context(row: Mapping[str, Any]) -> Context:
    """What a row tells of its completion beside the answer and the tools.

    Raises:
        RowError: A key has a value of the wrong type.
    """
    given = {key: row[key] for key in _CONTEXT_KEYS if row.get(key) is not None}
    given["extra"] = {key: value for key, value in row.items() if key not in _OWN_KEYS}
    try:
        return msgspec.convert(given, Context)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at `$.")
        raise RowError(problem, path=path.rstrip("`"), mend="mend the value, or leave the key out") from error


def verdict_to_dict(verdict: Verdict) -> dict[str, Any]:
    """A verdict as plain JSON values, long ones shortened."""
    return {
        "reward": verdict.reward,
        "passed": verdict.passed,
        "scores": verdict.scores,
        "parts": verdict.parts,
        "findings": [finding_to_dict(finding) for finding in verdict.findings],
        "pairs": verdict.pairs,
    }


def finding_to_dict(finding: Finding) -> dict[str, Any]:
    """A finding as plain JSON values, long ones shortened."""
    known = {
        "code": finding.code,
        "level": finding.level,
        "path": finding.path,
        "message": finding.message,
        "expected": _bounded(finding.expected),
        "got": _bounded(finding.got),
    }
    if finding.comparison is not None:
        known["comparison"] = finding.comparison
    if finding.source_code is not None:
        known["source_code"] = finding.source_code
    return known


def _bounded(value: Any) -> Any:
    """A value as it is, or the beginning of its text where that is long."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}…"
    try:
        text = json.dumps(value, default=str)
    except (TypeError, ValueError, RecursionError):
        return f"<{type(value).__name__}>"
    return value if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def to_json(value: Any) -> bytes:
    """One line of JSON; what is no UTF-8, as a lone surrogate in a completion, is escaped."""
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return json.dumps(_finite(msgspec.to_builtins(value))).encode()


def _finite(value: Any) -> Any:
    """A value without NaN and infinities, which are no JSON: null, as msgspec writes them."""
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    return [_finite(part) for part in value] if isinstance(value, list | tuple) else value


def error_to_dict(line: Line, row: Any, error: ToolverifyError) -> dict[str, Any]:
    """What stands in the place of a verdict on a bad row."""
    known = {
        "id": row.get("id") if isinstance(row, dict) else None,
        "line": line.number,
        "reward": None,
        "passed": None,
        "error": {"code": error_code(error), "message": str(error)},
    }
    if line.file:
        known["file"] = line.file
    return known


def error_code(error: ToolverifyError) -> str:
    """`AnswerError` is `row.answer`, and so on."""
    return f"row.{type(error).__name__.removesuffix('Error').lower()}".replace("row.row", "row.unreadable")
