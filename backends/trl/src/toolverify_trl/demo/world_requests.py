"""Requests: what is asked for, which tools are offered, and which calls meet it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random
from types import MappingProxyType

from toolverify_trl.demo.world_parts import Tool, Wish, draw_wish
from toolverify_trl.demo.world_tools import BY_NAME, TOOLS

#: How often each kind of request comes up.
MIX: Mapping[str, float] = MappingProxyType(
    {"single": 0.45, "parallel": 0.25, "not-offered": 0.2, "chat": 0.1}
)
OFFERED = 4
GREETINGS = ("", "", "", "please ", "hello, ")
CLOSINGS = ("", "", ".", " thanks")
JOINTS = (", and also ", ", then ", ", after that ")
_SAME_TOOL_TWICE = 0.1
_EXTRA_SHARE = {"single": 0.6, "parallel": 0.25, "not-offered": 0.3}

TALK = (
    *(
        "tell me a story about {}",
        "do you like {}",
        "who invented {}",
        "write a poem about {}",
        "why are {} so loved",
    ),
    *("sing me a song of {}", "what do you think of {}", "make a joke about {}", "explain {} as to a child"),
)
MATTERS = (
    *(
        "bees",
        "castles",
        "clowns",
        "comets",
        "deserts",
        "dragons",
        "ghosts",
        "glaciers",
        "islands",
        "kites",
        "lions",
    ),
    *("mountains", "owls", "pirates", "pyramids", "rainbows", "sailors", "violins", "volcanoes", "whales"),
)


@dataclass(frozen=True)
class Request:
    """What is asked for, and what is at hand: `wishes` holds what the words ask for, whether it can be had or not."""

    kind: str
    query: str
    offered: tuple[str, ...]
    wishes: tuple[Wish, ...]

    @property
    def calls(self) -> list[Mapping[str, object]]:
        """The calls that meet it."""
        return [] if self.kind == "not-offered" else [wish.call for wish in self.wishes]


def draw_request(rng: Random, mix: Mapping[str, float] = MIX) -> Request:
    """A request of a kind drawn from the mix."""
    kind = rng.choices(list(mix), list(mix.values()))[0]
    words, wishes = _DRAW[kind](rng)
    query = rng.choice(GREETINGS) + words + rng.choice(CLOSINGS)
    return Request(kind, query, _draw_offered(rng, kind, wishes), wishes)


def _draw_single(rng: Random) -> tuple[str, tuple[Wish, ...]]:
    return _one_wish(rng, "single")


def _draw_not_offered(rng: Random) -> tuple[str, tuple[Wish, ...]]:
    return _one_wish(rng, "not-offered")


def _one_wish(rng: Random, kind: str) -> tuple[str, tuple[Wish, ...]]:
    wish = draw_wish(rng.choice(TOOLS), rng, extra_share=_EXTRA_SHARE[kind])
    return wish.words, (wish,)


def _draw_parallel(rng: Random) -> tuple[str, tuple[Wish, ...]]:
    """Two wishes, now and then two for one tool."""
    wishes = tuple(draw_wish(tool, rng, extra_share=_EXTRA_SHARE["parallel"]) for tool in _two_tools(rng))
    return rng.choice(JOINTS).join([wish.words for wish in wishes]), wishes


def _two_tools(rng: Random) -> list[Tool]:
    if rng.random() < _SAME_TOOL_TWICE:
        return [rng.choice(TOOLS)] * 2
    return rng.sample(TOOLS, 2)


def _draw_chat(rng: Random) -> tuple[str, tuple[Wish, ...]]:
    return rng.choice(TALK).format(rng.choice(MATTERS)), ()


def _draw_offered(rng: Random, kind: str, wishes: tuple[Wish, ...]) -> tuple[str, ...]:
    """The names of the tools that are offered, in any order."""
    wanted = {str(wish.call["name"]): None for wish in wishes}
    others = [name for name in BY_NAME if name not in wanted]
    offered = [] if kind == "not-offered" else list(wanted)
    offered += rng.sample(others, OFFERED - len(offered))
    rng.shuffle(offered)
    return tuple(offered)


_DRAW: Mapping[str, Callable[[Random], tuple[str, tuple[Wish, ...]]]] = {
    "single": _draw_single,
    "parallel": _draw_parallel,
    "not-offered": _draw_not_offered,
    "chat": _draw_chat,
}
