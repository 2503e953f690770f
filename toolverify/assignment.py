"""Maximum-weight assignment: which row goes with which column so that the weights add up to the most.

The method of shortest augmenting paths with potentials (Kuhn, Munkres; Jonker and Volgenant), in rows² · columns steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

Weights = Sequence[Sequence[float]]


def assign(weights: Weights) -> list[int | None]:
    """The column of each row, each column used once; None for rows that are left over where there are fewer columns."""
    rows, columns = len(weights), len(weights[0]) if weights else 0
    if rows <= columns:
        return list(_assign_all([[-weight for weight in row] for row in weights], columns))
    turned = [[-row[column] for row in weights] for column in range(columns)]
    found: list[int | None] = [None] * rows
    for column, row in enumerate(_assign_all(turned, rows)):
        found[row] = column
    return found


def _assign_all(costs: Weights, columns: int) -> list[int]:
    """The column of each row at the least cost; there are at least as many columns as rows.

    Column 0 of the arrays below stands for "no column yet": real columns begin at 1, and so do rows.
    """
    row_price = [0.0] * (len(costs) + 1)
    column_price = [0.0] * (columns + 1)
    owner = [0] * (columns + 1)
    for row in range(1, len(costs) + 1):
        owner[0] = row
        _augment(costs, row_price, column_price, owner)
    found = [0] * len(costs)
    for column in range(1, columns + 1):
        if owner[column]:
            found[owner[column] - 1] = column - 1
    return found


def _augment(costs: Weights, row_price: list[float], column_price: list[float], owner: list[int]) -> None:
    """Give the row that waits at column 0 a column of its own, moving others where that is cheaper."""
    columns = len(column_price) - 1
    slack = [inf] * (columns + 1)
    came_from = [0] * (columns + 1)
    done = [False] * (columns + 1)
    column = 0
    while owner[column]:
        done[column] = True
        row = owner[column]
        step, nearest = inf, 0
        price, line = row_price[row], costs[row - 1]
        for other in range(1, columns + 1):
            if done[other]:
                continue
            gap = line[other - 1] - price - column_price[other]
            if gap < slack[other]:
                slack[other], came_from[other] = gap, column
            if slack[other] < step:
                step, nearest = slack[other], other
        _reprice(step, row_price, column_price, owner, done, slack)
        column = nearest
    while column:
        owner[column] = owner[came_from[column]]
        column = came_from[column]


def _reprice(
    step: float,
    row_price: list[float],
    column_price: list[float],
    owner: list[int],
    done: list[bool],
    slack: list[float],
) -> None:
    for column, visited in enumerate(done):
        if visited:
            row_price[owner[column]] += step
            column_price[column] -= step
        else:
            slack[column] -= step


def align(weights: Weights) -> list[int | None]:
    """As `assign`, but without crossings: a later row never gets an earlier column. rows · columns steps."""
    rows, columns = len(weights), len(weights[0]) if weights else 0
    best = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for row in range(rows - 1, -1, -1):
        below, here, line = best[row + 1], best[row], weights[row]
        for column in range(columns - 1, -1, -1):
            together = below[column + 1] + line[column]
            here[column] = max(together, below[column], here[column + 1])
    return _walk(best, weights)


def _walk(best: Weights, weights: Weights) -> list[int | None]:
    """Read the alignment off the table of best sums; a pair is made wherever it costs nothing."""
    found: list[int | None] = [None] * len(weights)
    row = column = 0
    while row < len(weights) and column < len(weights[0]):
        if best[row][column] == best[row + 1][column + 1] + weights[row][column]:
            found[row] = column
            row, column = row + 1, column + 1
        elif best[row][column] == best[row + 1][column]:
            row += 1
        else:
            column += 1
    return found
