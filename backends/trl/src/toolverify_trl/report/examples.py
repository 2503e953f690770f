"""Which held-out completions a report shows: what a task turned into, chosen without any chance."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence

from msgspec import Struct

from toolverify_trl.report.reading import read_samples
from toolverify_trl.report.record import RunRecord, Sample
from toolverify_trl.report.standings import Judged

#: Whether a task was passed before (None: not known), and whether it is now.
Turn = tuple[bool | None, bool]
#: Every turn in words, in the order in which they are shown.
TURNS: Mapping[Turn, str] = {
    (False, True): "Failed before, passes now",
    (False, False): "Fails before and now",
    (True, False): "Passed before, fails now",
    (True, True): "Passes before and now",
    (None, True): "Passes",
    (None, False): "Fails",
}
_SHOWN: Mapping[Turn, int] = {
    (False, True): 4,
    (False, False): 3,
    (True, False): 2,
    (True, True): 2,
    (None, True): 4,
    (None, False): 4,
}


class Example(Struct, frozen=True):
    """A task's completions; `before` is None where nothing was kept of it."""

    before: Sample | None
    after: Sample

    @property
    def turn(self) -> Turn:
        """Whether it passed before, and whether it does now; what could not be scored did not pass."""
        return None if self.before is None else bool(self.before.passed), bool(self.after.passed)


def all_examples(record: RunRecord, known: Sequence[Judged]) -> tuple[Example, ...]:
    """The tasks of the later evaluation, beside what was made of them earlier."""
    kept = [samples for judged in known if (samples := read_samples(record, judged.evaluation))]
    if len(kept) < 2:
        return tuple([Example(None, sample) for samples in kept for sample in samples])
    earlier = {_key(sample): sample for sample in kept[0]}
    return tuple([Example(earlier[_key(later)], later) for later in kept[1] if _key(later) in earlier])


def _key(sample: Sample) -> str:
    return json.dumps(sample.id, sort_keys=True)


def turns(examples: Sequence[Example]) -> Counter[Turn]:
    """How many tasks turned how."""
    return Counter([example.turn for example in examples])


def chosen(examples: Sequence[Example], turn: Turn) -> tuple[Example, ...]:
    """The first of each category in the file's order, then the second of each, and so on."""
    seen: Counter[str | None] = Counter()
    ranked = []
    for index, example in enumerate(examples):
        if example.turn == turn:
            category = example.after.category
            ranked.append((seen[category], index))
            seen[category] += 1
    return tuple([examples[index] for _, index in sorted(ranked)[: _SHOWN[turn]]])
