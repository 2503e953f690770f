"""Work that does not depend on how deep the caller stands.

Limits bound how deep values nest, but reading and comparing nested values takes interpreter frames, and a caller may
have used up most of them. Then the work is done once more in a thread, whose stack is its own.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


def with_room(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Call a pure function, on a stack of its own where this one ends.

    Raises:
        RecursionError: Even an empty stack has no room for it.
    """
    try:
        return function(*args, **kwargs)
    except RecursionError:
        return _in_a_thread(function, *args, **kwargs)


def _in_a_thread(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    results: list[T] = []
    errors: list[Exception] = []

    def work() -> None:
        try:
            results.append(function(*args, **kwargs))
        except Exception as error:  # noqa: BLE001  # it is raised again where the caller can see it
            errors.append(error)

    thread = Thread(target=work)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]
