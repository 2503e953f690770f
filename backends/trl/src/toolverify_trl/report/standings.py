"""Where the model stood: the evaluations of one moment, and the two moments that a report compares."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from toolverify_trl.report.record import Evaluation, RunRecord

#: The ways of decoding, in the order in which they are shown.
DECODINGS = ("sampled", "greedy")
Side = Literal["before", "after"]


class Standing(Struct, frozen=True):
    """The evaluations that were made of the model at one moment."""

    stage: str
    step: int
    at: str
    sampled: Evaluation | None = None
    greedy: Evaluation | None = None

    def of(self, decoding: str) -> Evaluation | None:
        """The evaluation in one way of decoding."""
        return self.sampled if decoding == "sampled" else self.greedy

    def label(self) -> str:
        """The moment in words."""
        if self.at == "start":
            return "before training"
        return f"{'after' if self.at == 'end' else 'in'} {self.stage}, step {self.step}"


class Judged(Struct, frozen=True):
    """An evaluation as one side of a comparison."""

    side: Side
    standing: Standing
    evaluation: Evaluation


class Progress(Struct, frozen=True):
    """The two moments that are compared; one at which nobody judged the model is None."""

    before: Standing | None
    after: Standing | None

    def judged(self, decoding: str) -> list[Judged]:
        """What there is of both sides in one way of decoding."""
        sides: tuple[tuple[Side, Standing | None], ...] = (("before", self.before), ("after", self.after))
        return [
            Judged(side, standing, made)
            for side, standing in sides
            if standing is not None and (made := standing.of(decoding)) is not None
        ]

    def main(self) -> list[Judged]:
        """What failures are counted in: the sampled evaluations, else the greedy ones."""
        return self.judged("sampled") or self.judged("greedy")


def progress(record: RunRecord) -> Progress:
    """What the training came to so far."""
    return Progress(standing_before(record), standing_after(record))


def standings(record: RunRecord) -> tuple[Standing, ...]:
    """Every moment at which the model was judged, in order."""
    moments: dict[tuple[str, int], dict[str, Evaluation]] = {}
    for made in record.evaluations:
        if made.decoding in DECODINGS:
            moments.setdefault((made.stage, made.step), {})[made.decoding] = made
    return tuple([_standing(made) for made in moments.values()])


def _standing(made: dict[str, Evaluation]) -> Standing:
    last = next(reversed(made.values()))
    return Standing(last.stage, last.step, last.at, **made)


def standing_before(record: RunRecord) -> Standing | None:
    """Where the model stood when its first GRPO stage began; without one, when its training began."""
    early = _stages_before_grpo(record)
    known = [standing for standing in standings(record) if standing.at == "start" or standing.stage in early]
    return known[-1] if known else None


def standing_after(record: RunRecord) -> Standing | None:
    """Where it stands since: at the end, or where an unfinished run was judged last."""
    known, before = standings(record), standing_before(record)
    since = known if before is None else known[known.index(before) + 1 :]
    return since[-1] if since else None


def _stages_before_grpo(record: RunRecord) -> set[str]:
    uses = [stage.use for stage in record.run.stages]
    first = uses.index("grpo") if "grpo" in uses else 0
    return {stage.name for stage in record.run.stages[:first]}
