"""What `toolverify doctor` prints: a line for each check, a block for each kind of fault, and the sum."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from toolverify.checkup import Fault
from toolverify.doctor import Group, Look, grouped
from toolverify.explain import BAD, ERROR, GOOD, HEAD, NOTE, PATH
from toolverify.protocols import Backend
from toolverify.rows import to_json
from toolverify.styled import Span, StyledLine, columns, phrase, wrap
from toolverify.verifier import Verifier

_WARNING = "bold yellow"
_TOLD = 20  # the column where a check's words begin
_ROOM = 600
_LONG_PLACE = 32  # columns: behind a longer one the message begins a line of its own


def report(looks: Sequence[Look]) -> tuple[StyledLine, ...]:
    """The report for a person."""
    lines: list[StyledLine] = []
    for look in looks:
        lines += _check(look)
        for group in grouped(look.faults):
            lines += _block(group)
    lines += wrap(list(_sum(looks)), 2)
    return tuple(lines)


def _state(look: Look) -> str:
    if look.skipped:
        return "skipped"
    if not look.faults:
        return "fine"
    return "error" if any(found.level == "error" for found in look.faults) else "warning"


_STYLES = {"fine": GOOD, "skipped": NOTE, "error": ERROR, "warning": _WARNING}


def _check(look: Look) -> list[StyledLine]:
    state = _state(look)
    style = NOTE if look.skipped else ""
    head = [Span(f"{state:8}", _STYLES[state]), Span(f"{look.name:12}", style or HEAD)]
    return wrap([*head, Span(phrase(look.told, _ROOM), style)], _TOLD)


def _block(group: Group) -> Iterator[StyledLine]:
    """One kind of fault: how often, where first, and the mend."""
    often = f", {group.count} times" if group.count > 1 else ""
    yield from wrap([Span(f"  {group.level} ", _STYLES[group.level]), Span(group.code, HEAD), Span(often)], 4)
    for found in group.first:
        yield from _line(found)
    if group.count > len(group.first):
        yield (Span(f"    and {group.count - len(group.first)} more", NOTE),)
    yield from wrap([Span("    mend: ", GOOD), Span(phrase(group.mend, _ROOM))], 10)


def _line(found: Fault) -> list[StyledLine]:
    where, told = phrase(found.where, _ROOM // 4), Span(phrase(found.message, _ROOM))
    if columns(where) > _LONG_PLACE:
        return [*wrap([Span("    "), Span(where, PATH), Span(":")], 6), *wrap([Span("      "), told], 6)]
    return wrap([Span("    "), *([Span(where, PATH), Span(": ")] if where else []), told], 6)


def _sum(looks: Sequence[Look]) -> Iterator[Span]:
    counts = _counts(looks)
    if counts["error"]:
        yield Span(_number(counts["error"], "error"), f"{HEAD} {BAD}")
    else:
        yield Span("no errors" if counts["warning"] else "nothing is wrong", f"{HEAD} {GOOD}")
    if counts["warning"]:
        yield Span(f", {_number(counts['warning'], 'warning')}", HEAD)
    skipped = [look.name for look in looks if look.skipped]
    if skipped:
        yield Span(f"; not looked at: {', '.join(skipped)}", NOTE)


def _number(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _counts(looks: Sequence[Look]) -> dict[str, int]:
    """Kinds of faults by level: what goes wrong in every row is one thing to mend."""
    groups = [group for look in looks for group in grouped(look.faults)]
    return {level: sum([group.level == level for group in groups]) for level in ("error", "warning")}


def report_json(verifier: Verifier | None, backend: Backend | None, looks: Sequence[Look]) -> str:
    """The report for a program."""
    known: dict[str, Any] = {
        "profile": None if verifier is None else verifier.profile.name,
        "hash": None if verifier is None else verifier.hash,
        "format": None if verifier is None else verifier.profile.format.use,
        "backend": None if backend is None else backend.name,
        "sound": not _counts(looks)["error"],
        "checks": [{"name": look.name, "state": _state(look), "told": look.told} for look in looks],
        "faults": [
            {"check": look.name, **_group_json(group)} for look in looks for group in grouped(look.faults)
        ],
    }
    return to_json(known).decode()


def _group_json(group: Group) -> dict[str, Any]:
    return {
        "code": group.code,
        "level": group.level,
        "count": group.count,
        "mend": group.mend,
        "first": [{"where": found.where, "message": found.message} for found in group.first],
    }
