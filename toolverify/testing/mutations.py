"""The mutations of right calls, as a strategy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from toolverify.calls import ToolCall
from toolverify.mutations import Mutation, every_mutation, plain, retyped

__all__ = ["Mutation", "every_mutation", "mutations", "plain", "retyped"]


def mutations(calls: Iterable[ToolCall | dict[str, Any]]) -> SearchStrategy[Mutation]:
    """One of the mutations of these calls, or a call where there was none."""
    right = plain(calls)
    made = list(every_mutation(right))
    return st.sampled_from(made or [Mutation("call added", [{"name": "never_declared", "arguments": {}}])])
