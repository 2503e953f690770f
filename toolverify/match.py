"""Pairing calls with expected calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from toolverify.calls import ExpectedCall, Match, Pair, ToolCall
from toolverify.hookspecs import hookimpl
from toolverify.protocols import Judge, Matcher

_ONE = Match((Pair(0, 0, equal=True, score=1.0),), exact=True)
_NEAR = Match((Pair(0, 0),), exact=False)
_APART = Match((Pair(0, None), Pair(None, 0)), exact=False)


@dataclass(frozen=True)
class UnorderedMatcher:
    """Calls in any order: as many equal pairs as there can be, then calls of one name in order.

    Attributes:
        comparisons: How many pairs of calls may be compared one by one. Beyond it, as with hundreds of calls whose
            expected arguments have alternatives, the first partner that fits is taken and the match says `capped`.
    """

    name: ClassVar[str] = "unordered"
    comparisons: int = 65_536

    def pair(self, got: Sequence[ToolCall], want: Sequence[ExpectedCall], judge: Judge) -> Match:
        """Pair them."""
        wanted = [call.key for call in want]
        given = [judge.key(call) for call in got] if None not in wanted else None
        if given is None or None in given:
            partner, capped = self._by_comparing(got, want, judge)
        elif given == wanted:
            return _in_order(len(got))
        elif len(given) == len(wanted) == 1:
            return _NEAR if got[0].name == want[0].name else _APART
        else:
            partner, capped = _by_key(given, wanted), False
        exact = len(partner) == len(got) == len(want)
        return Match(tuple(_pairs(got, want, partner)), exact, capped=capped)

    def _by_comparing(
        self, got: Sequence[ToolCall], want: Sequence[ExpectedCall], judge: Judge
    ) -> tuple[dict[int, int], bool]:
        """Which expected call each call equals, where not all have keys."""
        if _candidates(got, want) > self.comparisons:
            return _first_fit(got, want, judge, self.comparisons), True
        return _most_pairs(got, want, judge), False


def _in_order(count: int) -> Match:
    """The match of calls that are the expected ones as they stand, which is the most common case of all."""
    if count == 1:
        return _ONE
    return Match(tuple([Pair(index, index, equal=True, score=1.0) for index in range(count)]), exact=True)


def _by_key(given: Sequence[Hashable], wanted: Sequence[Hashable]) -> dict[int, int]:
    places: dict[Hashable, list[int]] = defaultdict(list)
    for index in range(len(wanted) - 1, -1, -1):
        places[wanted[index]].append(index)
    return {index: places[key].pop() for index, key in enumerate(given) if places.get(key)}


def _candidates(got: Sequence[ToolCall], want: Sequence[ExpectedCall]) -> int:
    names: dict[str, int] = defaultdict(int)
    for call in want:
        names[call.name] += 1
    return sum(names[call.name] for call in got if call.name in names)


def _most_pairs(got: Sequence[ToolCall], want: Sequence[ExpectedCall], judge: Judge) -> dict[int, int]:
    """A maximum bipartite matching by augmenting paths: alternatives may overlap, so the first fit is not enough."""
    places: dict[str, list[int]] = defaultdict(list)
    for i, call in enumerate(got):
        places[call.name].append(i)
    fits = {
        j: [i for i in places.get(expected.name, ()) if judge.equal(got[i], expected)]
        for j, expected in enumerate(want)
    }
    taken: dict[int, int] = {}
    for j in fits:
        _augment(j, fits, taken)
    return taken


def _augment(start: int, fits: dict[int, list[int]], taken: dict[int, int]) -> None:
    """Find a call for expected call `start`, moving others to calls that also fit them."""
    reached_from: dict[int, int] = {}
    frontier = [start]
    while frontier:
        j = frontier.pop()
        for i in fits[j]:
            if i in reached_from:
                continue
            reached_from[i] = j
            if i not in taken:
                _flip(i, start, reached_from, taken)
                return
            frontier.append(taken[i])


def _flip(i: int, start: int, reached_from: dict[int, int], taken: dict[int, int]) -> None:
    """Walk the augmenting path back to its start, giving each call to the one that reached it."""
    previous = {j: i for i, j in taken.items()}
    while True:
        j = reached_from[i]
        taken[i] = j
        if j == start:
            return
        i = previous[j]


def _first_fit(
    got: Sequence[ToolCall], want: Sequence[ExpectedCall], judge: Judge, comparisons: int
) -> dict[int, int]:
    open_places: dict[str, list[int]] = defaultdict(list)
    for j, expected in enumerate(want):
        open_places[expected.name].append(j)
    taken: dict[int, int] = {}
    for i, call in enumerate(got):
        for j in open_places.get(call.name, ()):
            comparisons -= 1
            if comparisons < 0:
                return taken
            if judge.equal(call, want[j]):
                taken[i] = j
                open_places[call.name].remove(j)
                break
    return taken


def _pairs(got: Sequence[ToolCall], want: Sequence[ExpectedCall], partner: dict[int, int]) -> list[Pair]:
    """A pair for each call, in order, and behind them one for each expected call that was not made.

    A call without an equal is paired with the first expected call of its name that is left.
    """
    open_places: dict[str, list[int]] = defaultdict(list)
    used = set(partner.values())
    for j in range(len(want) - 1, -1, -1):
        if j not in used:
            open_places[want[j].name].append(j)
    pairs = []
    for i, call in enumerate(got):
        if i in partner:
            pairs.append(Pair(i, partner[i], equal=True, score=1.0))
        else:
            places = open_places.get(call.name)
            pairs.append(Pair(i, places.pop() if places else None))
    missing = sorted([j for places in open_places.values() for j in places])
    return [*pairs, *[Pair(None, j) for j in missing]]


@hookimpl
def toolverify_matchers() -> Sequence[Matcher]:
    """The matchers of the core."""
    return [UnorderedMatcher()]
