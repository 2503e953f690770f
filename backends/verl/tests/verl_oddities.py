"""Reward functions as verl must not be given them; its loading is shown on them."""

import math


class Asynchronous:
    """An object whose call is a coroutine, which verl does not notice."""

    async def __call__(self, **_):
        return 1.0


waits = Asynchronous()


async def coroutine_function(**_):
    """A plain coroutine function, which it does notice."""
    return 1.0


def no_number(**_):
    """No number at all."""
    return math.nan


def ragged(solution_str, **_):
    """Other keys for some samples."""
    return {"score": 1.0, "late": 1.0} if "add" in solution_str else {"score": 0.0}


def raises(**_):
    """What a careless reward does."""
    raise ValueError("a careless reward")
