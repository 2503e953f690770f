"""Turning the rules' scores into the priced parts, whose sum is the reward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import isfinite, prod
from typing import ClassVar

from toolverify.calls import Context
from toolverify.errors import ProfileError
from toolverify.hookspecs import hookimpl
from toolverify.protocols import Combiner
from toolverify.schedule import Varying, value_at


@dataclass(frozen=True)
class AllGates:
    """1 when every gate rule scores 1, else 0."""

    name: ClassVar[str] = "all"
    _gates: tuple[str, ...] = ()
    only_gates: ClassVar[bool] = True

    def bind(self, gates: Sequence[str]) -> AllGates:
        """Remember which rules are gates."""
        return replace(self, _gates=tuple(gates))

    def __call__(self, scores: Mapping[str, float], context: Context) -> dict[str, float]:
        """One part, `all`."""
        del context
        for gate in self._gates:
            if scores[gate] < 1:
                return {"all": 0.0}
        return {"all": 1.0}


@dataclass(frozen=True)
class Weighted:
    """Each score times its weight; every rule of the profile needs one.

    Attributes:
        weights: A weight for each rule, by the name it has in the profile; it may change with the step.
        gated: Whether rules that are no gates earn nothing where a gate scores less than 1, so that a wrong
            reply cannot make up for it by being short.
    """

    name: ClassVar[str] = "weighted"
    weights: Mapping[str, Varying] = field(default_factory=dict)
    gated: bool = False
    _gates: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """A weight is a number like any other."""
        for name, weight in self.weights.items():
            if isinstance(weight, int | float) and not isfinite(weight):
                raise ProfileError(
                    f"the weight of {name!r} is {weight}", path="combine.weights", mend="use a number"
                )

    def bind(self, gates: Sequence[str]) -> Weighted:
        """Remember which rules are gates."""
        return replace(self, _gates=tuple(gates))

    def __call__(self, scores: Mapping[str, float], context: Context) -> dict[str, float]:
        """One part a rule, in the order of the profile's rules."""
        if scores.keys() != self.weights.keys():
            raise self._mismatch(scores)
        closed = self.gated and any([scores[gate] < 1 for gate in self._gates])
        return {
            name: 0.0
            if closed and name not in self._gates
            else score * value_at(self.weights[name], context.step)
            for name, score in scores.items()
        }

    def _mismatch(self, scores: Mapping[str, float]) -> ProfileError:
        lacking = ", ".join(sorted(scores.keys() - self.weights.keys())) or "none"
        unknown = ", ".join(sorted(self.weights.keys() - scores.keys())) or "none"
        return ProfileError(
            f"rules without a weight: {lacking}; weights without a rule: {unknown}",
            path="combine.weights",
            mend="give every rule of the profile one weight, 0 for none",
        )


@dataclass(frozen=True)
class Product:
    """The product of all scores: one aspect at 0 leaves nothing of the others."""

    name: ClassVar[str] = "product"

    def __call__(self, scores: Mapping[str, float], context: Context) -> dict[str, float]:
        """One part, `product`."""
        del context
        return {"product": prod(scores.values())}


@hookimpl
def toolverify_combiners() -> Sequence[Combiner]:
    """The combiners of the core."""
    return [AllGates(), Weighted(), Product()]
