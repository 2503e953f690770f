"""The same rows under several profiles: which rows pass under one and not under another, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import combinations, zip_longest
from typing import Any, Literal

from msgspec import Struct, field

from toolverify.calls import Verdict
from toolverify.errors import ToolverifyError
from toolverify.rows import Line, Tally, read_row, score_row, to_json
from toolverify.verifier import Verifier

State = Literal["passed", "failed", "unscorable", "bad"]
STATES: tuple[State, ...] = ("passed", "failed", "unscorable", "bad")
#: Up to so many profiles are compared each with each; more are compared with the first.
MOST_COMPARED = 3
NO_FINDING = "(no error)"


class Judged(Struct, frozen=True):
    """What one profile makes of one row: a verdict, or the error that makes the row bad for it."""

    verdict: Verdict | None
    error: str = ""

    @property
    def state(self) -> State:
        """In which of the four ways the row came out."""
        if self.verdict is None:
            return "bad"
        if self.verdict.reward is None:
            return "unscorable"
        return "passed" if self.verdict.passed else "failed"

    @property
    def reward(self) -> float | None:
        """The reward, where there is one."""
        return None if self.verdict is None else self.verdict.reward

    @property
    def codes(self) -> list[str]:
        """The codes of the errors, each once, in order."""
        findings = () if self.verdict is None else self.verdict.findings
        return list(dict.fromkeys(finding.code for finding in findings if finding.level == "error"))

    @property
    def reason(self) -> str:
        """The first error with its path."""
        findings = () if self.verdict is None else self.verdict.findings
        first = next((finding for finding in findings if finding.level == "error"), None)
        if first is None:
            return self.error or NO_FINDING
        return f"{first.code} @ {first.path}" if first.path else first.code


class Example(Struct, frozen=True):
    """A row that flips; `code` is the first error of the verdict that fails."""

    code: str
    id: Any
    line: int
    file: str
    rewards: tuple[float | None, float | None]
    reason: str


class Flips(Struct):
    """The rows that pass under one profile and fail under another: how many, why, and some of them for each cause."""

    rows: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[Example]] = field(default_factory=dict)

    def add(self, other: Flips, most: int) -> None:
        """Add those of the lines that follow."""
        self.rows += other.rows
        self.codes.update(other.codes)
        for examples in other.examples.values():
            for example in examples:
                self.keep(example, most)

    def keep(self, example: Example, most: int) -> None:
        """Keep an example, if there are not enough of its cause."""
        kept = self.examples.setdefault(example.code, [])
        if len(kept) < most:
            kept.append(example)

    def shown(self, most: int) -> list[Example]:
        """So many examples of as many causes as there are: the first of each, by how often it was met, then the second."""
        causes = sorted(self.examples, key=lambda code: (-self.codes[code], code))
        rounds = zip_longest(*[self.examples[code] for code in causes])
        return [example for turn in rounds for example in turn if example is not None][:most]


class Contrast(Struct):
    """Two profiles over the same rows.

    Attributes:
        first: The number of the one profile.
        second: The number of the other.
        table: How many rows came out so under the first and so under the second.
        lost: The rows that pass under the first and fail under the second.
        gained: The rows that fail under the first and pass under the second.
        other_reward: The rows that come out alike with another reward.
    """

    first: int
    second: int
    table: Counter[tuple[State, State]] = field(default_factory=Counter)
    lost: Flips = field(default_factory=Flips)
    gained: Flips = field(default_factory=Flips)
    other_reward: int = 0

    @property
    def scored_by_both(self) -> int:
        """The rows that passed or failed under each."""
        return sum(count for states, count in self.table.items() if {*states} <= {"passed", "failed"})

    def add(self, other: Contrast, most: int) -> None:
        """Add what the lines that follow come to."""
        self.table.update(other.table)
        self.lost.add(other.lost, most)
        self.gained.add(other.gained, most)
        self.other_reward += other.other_reward

    def count(self, line: Line, row: Any, judged: Sequence[Judged], most: int) -> None:
        """Count one row."""
        one, two = judged[self.first], judged[self.second]
        states = (one.state, two.state)
        self.table[states] += 1
        self.other_reward += states[0] == states[1] and one.reward != two.reward
        flips = {("passed", "failed"): self.lost, ("failed", "passed"): self.gained}.get(states)
        if flips is not None:
            failing = two if flips is self.lost else one
            flips.rows += 1
            flips.codes.update(failing.codes or [NO_FINDING])
            code = next(iter(failing.codes), NO_FINDING)
            rewards = (one.reward, two.reward)
            flips.keep(Example(code, row.get("id"), line.number, line.file, rewards, failing.reason), most)


class Comparison(Struct):
    """What a run over several profiles adds up to."""

    tallies: list[Tally]
    contrasts: list[Contrast]
    first_errors: list[str]
    rows: int = 0

    def add(self, other: Comparison, most: int) -> None:
        """Add what the lines that follow come to."""
        self.rows += other.rows
        for tally, more in zip(self.tallies, other.tallies, strict=True):
            tally.add(more)
        for contrast, further in zip(self.contrasts, other.contrasts, strict=True):
            contrast.add(further, most)
        pairs = zip(self.first_errors, other.first_errors, strict=True)
        self.first_errors = [error or later for error, later in pairs]


def nothing_yet(profiles: int) -> Comparison:
    """A comparison of so many profiles over no rows."""
    pairs = [(first, second) for first, second in combinations(range(profiles), 2)]
    if profiles > MOST_COMPARED:
        pairs = [pair for pair in pairs if pair[0] == 0]
    return Comparison(
        tallies=[Tally() for _ in range(profiles)],
        contrasts=[Contrast(*pair) for pair in pairs],
        first_errors=[""] * profiles,
    )


class CompareLines(Struct, frozen=True):
    """A job: lines scored by several profiles; gives a line of JSON for each, and what they add up to."""

    verifiers: tuple[Verifier, ...]
    labels: tuple[str, ...]
    examples: int
    write: bool

    def __call__(self, lines: Sequence[Line]) -> tuple[bytes, Comparison]:
        """Compare."""
        total = nothing_yet(len(self.verifiers))
        written = []
        for line in lines:
            row, judged = self._judge(line)
            _count(total, line, row, judged, self.examples)
            if self.write:
                written.append(to_json(self._row(line, row, judged)) + b"\n")
        return b"".join(written), total

    def _judge(self, line: Line) -> tuple[Any, list[Judged]]:
        try:
            row = read_row(line)
        except ToolverifyError as error:
            return {}, [Judged(None, str(error))] * len(self.verifiers)
        return row, [_judged(verifier, row) for verifier in self.verifiers]

    def _row(self, line: Line, row: Any, judged: Sequence[Judged]) -> dict[str, Any]:
        named = list(zip(self.labels, judged, strict=True))
        known = {
            "id": row.get("id"),
            "line": line.number,
            "rewards": {label: one.reward for label, one in named},
            "passed": {label: one.verdict.passed if one.verdict else None for label, one in named},
            "codes": {label: one.codes for label, one in named},
        }
        errors = {label: one.error for label, one in named if one.error}
        return known | ({"errors": errors} if errors else {}) | ({"file": line.file} if line.file else {})


def _judged(verifier: Verifier, row: Any) -> Judged:
    try:
        return Judged(score_row(verifier, row))
    except ToolverifyError as error:
        return Judged(None, str(error))


def _count(total: Comparison, line: Line, row: Any, judged: Sequence[Judged], most: int) -> None:
    total.rows += 1
    for index, one in enumerate(judged):
        tally = total.tallies[index]
        tally.rows += 1
        if one.verdict is None:
            tally.bad += 1
            total.first_errors[index] = total.first_errors[index] or f"line {line.number}: {one.error}"
        else:
            tally.count(one.verdict)
    for contrast in total.contrasts:
        contrast.count(line, row, judged, most)
