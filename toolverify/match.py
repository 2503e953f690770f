"""Pairing calls with expected calls."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from msgspec.structs import replace

from toolverify.assignment import align, assign
from toolverify.calls import ExpectedCall, Match, Pair, ToolCall
from toolverify.hookspecs import hookimpl
from toolverify.protocols import Judge, Matcher

_ONE = Match((Pair(0, 0, equal=True, score=1.0),), exact=True)
_STRANGERS = Match((Pair(0, None), Pair(None, 0)), exact=False)
_MOST_WEIGHED = 4_096  # pairs of calls whose arguments are all compared, to find the best pairing
_EQUAL = 1e-6  # what tips the scale for an equal pair, where two pairings are as good
Partners = dict[int, tuple[int, float]]  # for each call its expected call, and the share of right arguments
_APART = -1.0  # the weight of calls with different names, which are never paired


@dataclass(frozen=True)
class UnorderedMatcher:
    """Calls in any order: equal ones first, and of the others of one name those that have the most in common.

    Pairings add up to the largest sum of shares of right arguments, so none is better.

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
        if given is not None and None not in given:
            if given == wanted:
                return _in_order(len(got))
            if len(given) == len(wanted) == 1:
                return _one_by_one(got[0], want[0], judge)
            return _with_the_rest(got, want, _equal(_by_key(given, wanted)), judge)
        if _candidates(got, want) > min(self.comparisons, _MOST_WEIGHED):
            return self._by_fitting(got, want, judge)
        return _with_the_rest(got, want, {}, judge)

    def _by_fitting(self, got: Sequence[ToolCall], want: Sequence[ExpectedCall], judge: Judge) -> Match:
        """Too many calls to weigh all pairings: as many equal pairs as there can be, or as can be found."""
        if _candidates(got, want) > self.comparisons:
            partner = _equal(_first_fit(got, want, judge, self.comparisons))
        else:
            partner = _equal(_most_pairs(got, want, judge))
        for calls, places in _free_by_name(got, want, partner):
            partner |= _unweighed(calls, places)
        match = _match(len(got), len(want), partner)
        return match if match.exact else replace(match, capped=True)


@dataclass(frozen=True)
class OrderedMatcher:
    """Calls in the order of the answer: the pairing without crossings that adds up to the most."""

    name: ClassVar[str] = "ordered"

    def pair(self, got: Sequence[ToolCall], want: Sequence[ExpectedCall], judge: Judge) -> Match:
        """Pair them."""
        wanted = [call.key for call in want]
        if None not in wanted and [judge.key(call) for call in got] == wanted:
            return _in_order(len(got))
        if len(got) * len(want) > _MOST_WEIGHED:
            return self._step_by_step(got, want, judge)
        shares = [
            [judge.share(one, other) if one.name == other.name else _APART for other in want] for one in got
        ]
        chosen = enumerate(align(_tipped(shares)))
        return _match(len(got), len(want), {i: (j, shares[i][j]) for i, j in chosen if j is not None})

    def _step_by_step(self, got: Sequence[ToolCall], want: Sequence[ExpectedCall], judge: Judge) -> Match:
        """Too many calls to weigh all pairings: the first with the first, and so on."""
        same = [(i, one, want[i]) for i, one in enumerate(got[: len(want)]) if one.name == want[i].name]
        partner = {i: (i, float(judge.equal(one, other))) for i, one, other in same}
        match = _match(len(got), len(want), partner)
        return match if match.exact else replace(match, capped=True)


@dataclass(frozen=True)
class SubsetMatcher:
    """The expected calls are among those that were made, in any order; further calls are told, and cost nothing.

    Attributes:
        comparisons: As for `unordered`.
    """

    name: ClassVar[str] = "subset"
    comparisons: int = 65_536

    def pair(self, got: Sequence[ToolCall], want: Sequence[ExpectedCall], judge: Judge) -> Match:
        """Pair them."""
        match = UnorderedMatcher(self.comparisons).pair(got, want, judge)
        found = sum([pair.equal for pair in match.pairs])
        return replace(match, exact=found == len(want), surplus_is_free=True)


def _in_order(count: int) -> Match:
    """The match of calls that are the expected ones as they stand, which is the most common case of all."""
    if count == 1:
        return _ONE
    return Match(tuple([Pair(index, index, equal=True, score=1.0) for index in range(count)]), exact=True)


def _one_by_one(got: ToolCall, want: ExpectedCall, judge: Judge) -> Match:
    """The match of one call with one expected call, whose keys differ."""
    if got.name != want.name:
        return _STRANGERS
    return Match((Pair(0, 0, score=judge.share(got, want)),), exact=False)


def _tipped(shares: Sequence[Sequence[float]]) -> list[list[float]]:
    return [[share + _EQUAL if share == 1 else share for share in line] for line in shares]


def _match(got: int, want: int, partner: Partners, *, capped: bool = False) -> Match:
    """The match that partners make: a pair for each call, in order, and one for each expected call that was not made."""
    pairs = [Pair(i, None) for i in range(got)]
    for i, (j, share) in partner.items():
        pairs[i] = Pair(i, j, equal=share == 1, score=share)
    taken = {j for j, _ in partner.values()}
    pairs += [Pair(None, j) for j in range(want) if j not in taken]
    exact = got == want == len(partner) and all([share == 1 for _, share in partner.values()])
    return Match(tuple(pairs), exact, capped=capped)


def _with_the_rest(
    got: Sequence[ToolCall], want: Sequence[ExpectedCall], partner: Partners, judge: Judge
) -> Match:
    """The match of what is paired already and the best pairing of the rest."""
    free = _free_by_name(got, want, partner)
    many = sum([len(calls) * len(places) for calls, places in free]) > _MOST_WEIGHED
    for calls, places in free:
        partner |= _unweighed(calls, places) if many else _weighed(calls, places, got, want, judge)
    return _match(len(got), len(want), partner, capped=many)


def _unweighed(calls: Sequence[int], places: Sequence[int]) -> Partners:
    return {i: (j, 0.0) for i, j in zip(calls, places, strict=False)}


def _weighed(
    calls: Sequence[int],
    places: Sequence[int],
    got: Sequence[ToolCall],
    want: Sequence[ExpectedCall],
    judge: Judge,
) -> Partners:
    """The best pairing of calls and expected calls of one name."""
    shares = [[judge.share(got[i], want[j]) for j in places] for i in calls]
    chosen = assign(_tipped(shares)) if len(calls) > 1 or len(places) > 1 else [0]
    found = [(row, column) for row, column in enumerate(chosen) if column is not None]
    return {calls[row]: (places[column], shares[row][column]) for row, column in found}


def _free_by_name(
    got: Sequence[ToolCall], want: Sequence[ExpectedCall], partner: Partners
) -> list[tuple[list[int], list[int]]]:
    """For each name, the calls and the expected calls that have no partner yet, where there are both."""
    calls: dict[str, list[int]] = defaultdict(list)
    places: dict[str, list[int]] = defaultdict(list)
    used = {j for j, _ in partner.values()}
    for i, call in enumerate(got):
        if i not in partner:
            calls[call.name].append(i)
    for j, expected in enumerate(want):
        if j not in used:
            places[expected.name].append(j)
    return [(calls[name], places[name]) for name in calls if name in places]


def _by_key(given: Sequence[Hashable], wanted: Sequence[Hashable]) -> dict[int, int]:
    places: dict[Hashable, list[int]] = defaultdict(list)
    for index in range(len(wanted) - 1, -1, -1):
        places[wanted[index]].append(index)
    return {index: places[key].pop() for index, key in enumerate(given) if places.get(key)}


def _equal(partner: dict[int, int]) -> Partners:
    return {i: (j, 1.0) for i, j in partner.items()}


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


@hookimpl
def toolverify_matchers() -> Sequence[Matcher]:
    """The matchers of the core."""
    return [UnorderedMatcher(), OrderedMatcher(), SubsetMatcher()]
