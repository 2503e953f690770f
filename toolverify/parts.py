"""A profile's parts: resolved by name, configured, frozen."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec
from msgspec import Struct
from pydantic_core import PydanticSerializationError

from toolverify.calls import Context
from toolverify.errors import ProfileError
from toolverify.judge import CallJudge, make_judge
from toolverify.limits import Limits
from toolverify.options import configure
from toolverify.plugins import Part, Registry
from toolverify.profile import PartRef, Profile, RuleRef
from toolverify.protocols import AnswerReader, Coercion, Combiner, Comparison, Format, Matcher, Rule

T = TypeVar("T")


class Slot(Struct, frozen=True):
    """A rule in its place in a profile."""

    name: str
    gate: bool
    rule: Rule
    owner: str


class Parts(Struct, frozen=True):
    """Everything a verifier asks while it scores."""

    format: Format
    answers: AnswerReader
    coercion: Coercion
    comparison: Comparison
    matcher: Matcher
    slots: tuple[Slot, ...]
    combiner: Combiner
    limits: Limits
    judge: CallJudge
    part_names: tuple[str, ...]
    gates: tuple[str, ...]
    coerces: bool
    binds: bool
    fills_in: bool
    relaxes: bool
    reads_tools: bool
    owners: Mapping[str, str]
    digest: str


def assemble(profile: Profile, registry: Registry) -> Parts:
    """Resolve and configure every part a profile names.

    Raises:
        ProfileError: A part is unknown, or an option is unknown or wrong.
    """
    used: dict[str, Part] = {}

    def part(kind: str, key: str, ref: PartRef, protocol: type[T]) -> T:
        found = used[key] = registry.get(kind, ref.use, path=f"profile {profile.name}: {key}")
        return _configure(found.value, ref.options, f"profile {profile.name}: {key}", protocol)

    comparison, asked = _comparison(profile, part)
    slots = _with_a_gate([_slot(ref, index, part, used) for index, ref in enumerate(profile.rules)])
    _refuse_twin_rules(slots, profile)
    combiner = part("combiner", "combine", profile.combine, Combiner)  # type: ignore[type-abstract]
    gates = tuple([slot.name for slot in slots if slot.gate])
    if hasattr(combiner, "bind"):
        combiner = combiner.bind(gates)
    coercion = part("coercion", "coercion", profile.coercion, Coercion)  # type: ignore[type-abstract]
    matcher = part("matcher", "matcher", profile.matcher, Matcher)  # type: ignore[type-abstract]
    return Parts(
        format=part("format", "format", profile.format, Format),  # type: ignore[type-abstract]
        answers=part("answer reader", "answers", profile.answers, AnswerReader),  # type: ignore[type-abstract]
        coercion=coercion,
        comparison=comparison,
        matcher=matcher,
        slots=slots,
        combiner=combiner,
        limits=profile.bounds(),
        judge=make_judge(comparison, asked),
        part_names=_part_names(combiner, slots),
        gates=gates,
        coerces=coercion.name != "none",
        binds=hasattr(matcher, "bind"),
        fills_in=profile.defaults == "equivalent",
        relaxes=profile.relax,
        reads_tools=coercion.name != "none"
        or profile.defaults == "equivalent"
        or any(getattr(slot.rule, "reads_tools", False) for slot in slots),
        owners={key: _owner(found) for key, found in used.items()},
        digest=_digest(profile, used),
    )


def _comparison(profile: Profile, part: Any) -> tuple[Comparison, Mapping[str, Any]]:
    """The comparison; one that is no dataclass gets its options with every question."""
    plain = PartRef(use=profile.comparison.use)
    comparison: Comparison = part("comparison", "comparison", plain, Comparison)
    if not dataclasses.is_dataclass(comparison):
        return comparison, profile.comparison.options
    return part("comparison", "comparison", profile.comparison, Comparison), {}


def _slot(ref: RuleRef, index: int, part: Any, used: Mapping[str, Part]) -> Slot:
    key = f"rules[{index}]"
    rule: Rule = part("rule", key, ref, Rule)
    gate = rule.gate if ref.gate is None else ref.gate
    return Slot(ref.name or ref.use, gate, rule, _owner(used[key]))


def _with_a_gate(slots: list[Slot]) -> tuple[Slot, ...]:
    """Where no rule is a gate, every rule is: something must decide what has passed."""
    if any(slot.gate for slot in slots):
        return tuple(slots)
    return tuple([msgspec.structs.replace(slot, gate=True) for slot in slots])


def _owner(part: Part) -> str:
    return f"{part.plugin.distribution} {part.plugin.version}"


def _refuse_twin_rules(slots: tuple[Slot, ...], profile: Profile) -> None:
    names = [slot.name for slot in slots]
    for name in names:
        if names.count(name) > 1:
            mend = f"give one of them another name: {{ use = {name!r}, name = … }}"
            raise ProfileError(
                f"two rules are named {name!r}", path=f"profile {profile.name}: rules", mend=mend
            )


def _part_names(combiner: Combiner, slots: tuple[Slot, ...]) -> tuple[str, ...]:
    """The names of the priced parts, which do not depend on the scores: asked once, with nothing right."""
    return tuple(combiner({slot.name: 0.0 for slot in slots}, Context()))


def _configure(value: Any, options: dict[str, Any], path: str, protocol: type[T]) -> T:
    if not isinstance(value, protocol):
        raise ProfileError(f"{value!r} is no {protocol.__name__}", path=path, mend="see docs/plugins.md")
    try:
        configured: T = configure(value, options)
    except ProfileError as error:
        raise ProfileError(error.problem, path=error.path or path, mend=error.mend) from error
    return configured


def _digest(profile: Profile, used: Mapping[str, Part]) -> str:
    """A short hash of the profile and of the versions of everything that brings its parts."""
    versions = {part.plugin.distribution: part.plugin.version for part in used.values()}
    try:
        content = profile.model_dump(mode="json", exclude={"summary"})
    except PydanticSerializationError as error:
        mend = "write options as TOML has them: numbers, texts, lists and tables"
        raise ProfileError(
            f"an option is no plain value: {error}", path=f"profile {profile.name}", mend=mend
        ) from error
    text = msgspec.json.encode([content, versions], order="sorted")
    return hashlib.sha256(text).hexdigest()[:12]
