"""Turning the rules' scores into the priced parts, whose sum is the reward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod
from typing import ClassVar

from toolverify.calls import Context
from toolverify.errors import ProfileError
from toolverify.hookspecs import hookimpl
from toolverify.protocols import Combiner


@dataclass(frozen=True)
class AllGates:
    """1 when every gate rule scores 1, else 0."""

    name: ClassVar[str] = "all"
    gates: tuple[str, ...] = ()
    only_gates: ClassVar[bool] = True

    def bind(self, gates: Sequence[str]) -> AllGates:
        """Remember which rules are gates."""
        return replace(self, gates=tuple(gates))

    def __call__(self, scores: Mapping[str, float], context: Context) -> dict[str, float]:
        """One part, `all`."""
        del context
        for gate in self.gates:
            if scores[gate] < 1:
                return {"all": 0.0}
        return {"all": 1.0}


@dataclass(frozen=True)
class Weighted:
    """Each score times its weight; every rule of the profile needs one.

    Attributes:
        weights: A weight for each rule, by the name it has in the profile.
    """

    name: ClassVar[str] = "weighted"
    weights: Mapping[str, float] = field(default_factory=dict)

    def __call__(self, scores: Mapping[str, float], context: Context) -> dict[str, float]:
        """One part a rule, in the order of the profile's rules."""
        del context
        if scores.keys() != self.weights.keys():
            odd = sorted(scores.keys() ^ self.weights.keys())
            raise ProfileError(
                f"rules and weights differ: {', '.join(odd)}",
                path="combine.weights",
                mend="give every rule of the profile one weight, 0 for none",
            )
        return {name: score * self.weights[name] for name, score in scores.items()}


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
