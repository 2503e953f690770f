"""Where two nested values differ, path by path: deepdiff asked in bounds, about plain values alone."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterator
from typing import Any, Literal

import msgspec
from msgspec import Struct

from toolverify.compare import frozen_json
from toolverify.paths import join

#: Values that are looked at for one comparison: some 300 on each side, which deepdiff compares in 25 ms at most.
MOST_VALUES = 900
_DEEPEST = 24
_SCALARS = (str, int, float, bool, type(None))
OTHER_ORDER = "the same elements in another order"
Kind = Literal["changed", "missing", "added"]


class Difference(Struct, frozen=True):
    """One place where values differ; `expected` or `got` is None where the other side alone has a value there."""

    kind: Kind
    path: str
    expected: Any = None
    got: Any = None


class _OddValueError(Exception):
    """A value is too large, too deep, or no JSON."""


def differences(
    expected: Any, got: Any, path: str, *, comparison: str | None = None, room: int = MOST_VALUES
) -> tuple[Difference, ...] | None:
    """How `got` differs from `expected`, in paths from `path` on; None where they are too large to tell, or no JSON.

    Of alternatives (`{"any_of": […]}`) the one that is met counts, else the first of the same shape. Scalars are equal
    as the comparisons `json-text` and `python` say, and for every other name as `json` says.
    """
    return differences_and_cost(expected, got, path, comparison, room)[0]


def differences_and_cost(
    expected: Any, got: Any, path: str, comparison: str | None, room: int
) -> tuple[tuple[Difference, ...] | None, int]:
    """The same, and how much of the room it took: how many values were looked at."""
    leaves = _Leaves(comparison, room)
    try:
        got_twin = leaves.twin(got, 0)
        want_twin = leaves.twin(_settled(expected, got, leaves, 0), 0)
    except _OddValueError:
        return None, room
    found = sorted(_asked(want_twin, got_twin, leaves), key=lambda pair: [_rank(step) for step in pair[0]])
    told = tuple([msgspec.structs.replace(item, path=join(path, steps)) for steps, item in found])
    return told, room - leaves.room


def _rank(step: str | int) -> tuple[int, int, str]:
    return (0, step, "") if isinstance(step, int) else (1, 0, step)


def _asked(want: Any, got: Any, leaves: _Leaves) -> Iterator[tuple[list[str | int], Difference]]:
    from deepdiff import DeepDiff  # takes 0.1 s, and numpy with it where that is installed

    tree = DeepDiff(want, got, view="tree", ignore_private_variables=False, verbose_level=2)
    for report, found in tree.items():
        missing, added = report.endswith("_removed"), report.endswith("_added")
        for item in found:
            difference = Difference(
                "missing" if missing else "added" if added else "changed",
                "",
                None if added else leaves.restored(item.t1),
                None if missing else leaves.restored(item.t2),
            )
            yield item.path(output_format="list", use_t2=not missing), difference


class _Leaves:
    """Stands short texts in for scalars, equal ones for equal scalars.

    So deepdiff meets dicts, lists and short texts alone: no NaN, no surrogate, no integer that cannot be written, no
    long text that it would compare line by line.
    """

    def __init__(self, comparison: str | None = None, room: int = MOST_VALUES) -> None:
        self._by_text = comparison == "json-text"
        self._as_python = comparison == "python"
        self.room = room
        self._numbers: dict[Any, int] = {}
        self._values: list[Any] = []

    def twin(self, value: Any, depth: int) -> Any:
        """The value with every scalar replaced."""
        self.take(value, depth)
        if isinstance(value, dict):
            return {key: self.twin(member, depth + 1) for key, member in value.items()}
        if isinstance(value, list | tuple):
            return [self.twin(element, depth + 1) for element in value]
        return self._stand_in(value)

    def take(self, value: Any, depth: int) -> None:
        """Count one value more, or refuse to go on."""
        self.room -= 1
        if self.room < 0 or depth > _DEEPEST:
            raise _OddValueError
        if isinstance(value, dict | list | tuple):
            if len(value) > self.room:
                raise _OddValueError
            if isinstance(value, dict) and not all([type(key) is str for key in value]):
                raise _OddValueError
        elif type(value) not in _SCALARS:
            raise _OddValueError

    def _stand_in(self, value: Any) -> str:
        number = self._numbers.setdefault(self._key(value), len(self._values))
        if number == len(self._values):
            self._values.append(value)
        return f"={number}"

    def _key(self, value: Any) -> Any:
        if isinstance(value, float) and value != value:  # noqa: PLR0124  # NaN equals itself in text alone
            return "NaN" if self._by_text else ("NaN", len(self._values))
        if isinstance(value, str) or value is None or (isinstance(value, bool) and not self._as_python):
            return type(value), value
        return (type(value), str(value)) if self._by_text and isinstance(value, float) else (float, value)

    def restored(self, twin: Any) -> Any:
        """The value that a twin stands for."""
        if isinstance(twin, dict):
            return {key: self.restored(member) for key, member in twin.items()}
        if isinstance(twin, list):
            return [self.restored(element) for element in twin]
        return self._values[int(twin[1:])]


def _settled(want: Any, got: Any, leaves: _Leaves, depth: int) -> Any:
    """The expected value with its alternatives settled as the given value suggests."""
    leaves.take(want, depth)
    if alternatives(want) and not alternatives(got):
        want = _nearest(want["any_of"], got, leaves)
    if isinstance(want, dict) and isinstance(got, dict):
        return {
            key: _settled(member, got[key], leaves, depth + 1) if key in got else member
            for key, member in want.items()
        }
    if isinstance(want, list | tuple) and isinstance(got, list | tuple):
        both = [_settled(*pair, leaves, depth + 1) for pair in zip(want, got, strict=False)]
        return [*both, *want[len(both) :]]
    return want


def alternatives(value: Any) -> bool:
    """Whether an expected value is shown as a list of alternatives."""
    return isinstance(value, dict) and list(value) == ["any_of"] and isinstance(value["any_of"], list)


def _nearest(choices: list[Any], got: Any, leaves: _Leaves) -> Any:
    """The alternative that is met, else the first of the same shape, else all of them."""
    shape, key = type(got), _key_within(got, leaves)
    for choice in choices:
        if key is not None and _key_within(choice, leaves) == key:
            return got
    return next((choice for choice in choices if type(choice) is shape), {"any_of": choices})


def _key_within(value: Any, leaves: _Leaves) -> Any:
    """What is the same for equal values, where they are small enough to ask."""
    _count(value, leaves, 0)
    return frozen_json(value)


def _count(value: Any, leaves: _Leaves, depth: int) -> None:
    leaves.take(value, depth)
    members = value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ()
    for member in members:
        _count(member, leaves, depth + 1)


_KINDS = ((bool, "a boolean"), (str, "a string"), (int | float, "a number"), (dict, "an object"))


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, list | tuple):
        return "a list"
    return next((name for kind, name in _KINDS if isinstance(value, kind)), "no JSON")


def nature(expected: Any, got: Any) -> str:
    """What kind of difference it is, in a few words; empty where there is nothing to say."""
    if alternatives(expected):
        return ""
    want_kind, got_kind = _kind(expected), _kind(got)
    if want_kind != got_kind:
        return f"{got_kind}, not {want_kind}"
    if isinstance(expected, str) and isinstance(got, str):
        return _text_nature(expected, got)
    if isinstance(expected, list) and isinstance(got, list) and _same_elements(expected, got):
        return OTHER_ORDER
    return ""


_FOLDS = (
    ("case", str.casefold),
    ("white space", lambda text: "".join(text.split())),
    ("Unicode form", lambda text: unicodedata.normalize("NFKC", text)),
)
_LONGEST_FOLDED = 10_000
_LONGEST_SEEN = 60  # characters: in shorter texts one sees the difference


def _text_nature(expected: str, got: str) -> str:
    place = first_difference(expected, got)
    if place is None:
        return ""
    where = f"from character {place} on" if min(len(expected), len(got)) > _LONGEST_SEEN else ""
    return ", ".join([told for told in (_only(expected, got), where) if told])


def _only(expected: str, got: str) -> str:
    if max(len(expected), len(got)) > _LONGEST_FOLDED:
        return ""
    return next((f"only {what} differs" for what, fold in _FOLDS if fold(expected) == fold(got)), "")


def first_difference(expected: str, got: str) -> int | None:
    """The index of the first character that differs; None for equal texts."""
    if expected == got:
        return None
    pairs = enumerate(zip(expected, got, strict=False))
    return next((index for index, (want, given) in pairs if want != given), min(len(expected), len(got)))


def _same_elements(expected: list[Any], got: list[Any]) -> bool:
    if len(expected) != len(got):
        return False
    leaves = _Leaves()
    try:
        keys = [[_key_within(element, leaves) for element in side] for side in (expected, got)]
    except _OddValueError:
        return False
    return None not in keys[0] and Counter(keys[0]) == Counter(keys[1])
