"""What a tool of the world is made of, and how calls of it are drawn together with the words that ask for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Any


@dataclass(frozen=True)
class Argument:
    """An argument: its JSON Schema, and the words that stand for its values; `most` items where it is a list."""

    name: str
    item: Mapping[str, Any]
    words: Mapping[str, Any]
    most: int = 0

    @property
    def schema(self) -> dict[str, Any]:
        """What the tool's specification says of it."""
        return {"type": "array", "items": dict(self.item)} if self.most else dict(self.item)

    def draw(self, rng: Random) -> tuple[str, Any]:
        """Words, and the value that they ask for."""
        chosen = rng.sample(list(self.words), rng.randint(1, self.most or 1))
        values = [self.words[word] for word in chosen]
        return " and ".join(chosen), values if self.most else values[0]


@dataclass(frozen=True)
class Extra:
    """An optional argument, and the words that a request adds for it."""

    phrase: str
    argument: Argument


@dataclass(frozen=True)
class Tool:
    """A tool, and the ways to ask for it."""

    name: str
    description: str
    needs: tuple[Argument, ...]
    asked: tuple[str, ...]
    extras: tuple[Extra, ...] = ()

    @property
    def spec(self) -> dict[str, Any]:
        """The specification in OpenAI's form."""
        arguments = [*self.needs, *[extra.argument for extra in self.extras]]
        parameters = {
            "type": "object",
            "properties": {argument.name: argument.schema for argument in arguments},
            "required": [argument.name for argument in self.needs],
        }
        function = {"name": self.name, "description": self.description, "parameters": parameters}
        return {"type": "function", "function": function}


@dataclass(frozen=True)
class Wish:
    """What somebody asks for in words, and the call that does it."""

    words: str
    call: Mapping[str, Any]


def draw_wish(tool: Tool, rng: Random, *, extra_share: float) -> Wish:
    """A request for a call of the tool, with one of its optional arguments in `extra_share` of the cases."""
    drawn = _draw_needs(tool, rng)
    words = rng.choice(tool.asked).format_map({name: text for name, (text, _) in drawn.items()})
    arguments = {name: value for name, (_, value) in drawn.items()}
    if tool.extras and rng.random() < extra_share:
        extra = rng.choice(tool.extras)
        text, value = extra.argument.draw(rng)
        words += extra.phrase.format_map({extra.argument.name: text})
        arguments[extra.argument.name] = value
    return Wish(words, {"name": tool.name, "arguments": arguments})


def _draw_needs(tool: Tool, rng: Random) -> dict[str, tuple[str, Any]]:
    """The required arguments, no two alike: nobody flies from Oslo to Oslo."""
    while True:
        drawn = {argument.name: argument.draw(rng) for argument in tool.needs}
        if len({text for text, _ in drawn.values()}) == len(drawn):
            return drawn
