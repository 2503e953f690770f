"""`toolverify score`: a verdict for every line."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

_SHOWN_REWARDS = 12


def score(
    files: Annotated[
        list[str],
        typer.Argument(help="JSON Lines, plain or gzipped; - for standard input.", metavar="FILE..."),
    ],
    profile: Annotated[
        str, typer.Option("--profile", "-p", help="A profile's name, or the path of a TOML file.")
    ],
    format: Annotated[str | None, typer.Option(help="Read another wire format than the profile's.")] = None,  # noqa: A002
    out: Annotated[
        str, typer.Option(help="Where the verdicts go: a file, .gz too, or - for standard output.")
    ] = "-",
    explain: Annotated[
        bool, typer.Option("--explain", help="Add to each verdict what it says in words.")
    ] = False,
    workers: Annotated[
        int, typer.Option(help="Processes; two took 0.6 of the time of one on 50,000 lines.")
    ] = 1,
    json: Annotated[bool, typer.Option("--json", help="The summary as JSON.")] = False,
) -> int:
    """Score completions: a verdict a line, in the order of the input, then a summary.

    Each line holds `completion` (or `calls`, already parsed) and `answer`, and where the profile reads them `tools`.
    Bad rows are reported in their place, and make the exit code 1.
    """
    from functools import partial

    from toolverify.cli.pool import check_workers, work_through
    from toolverify.cli.progress import progress
    from toolverify.cli.streams import check_inputs, open_output, read_lines, total_bytes
    from toolverify.rows import Tally, score_lines
    from toolverify.verifier import Verifier

    check_workers(workers)
    check_inputs(files, out)
    verifier = Verifier(profile, format=format)
    job = partial(score_lines, verifier, explain=explain)
    tally = Tally()
    with open_output(out) as stream, progress("scoring", total_bytes(files)) as advance:
        for text, part in work_through(job, read_lines(files, advance), workers):
            stream.write(text)
            tally.add(part)
    print(_summary_json(verifier, tally) if json else _summary(verifier, tally), file=sys.stderr)
    return 1 if tally.bad else 0


def figures(verifier: Any, tally: Any) -> dict[str, Any]:
    """What a run adds up to, by name."""
    scored = tally.rows - tally.bad - tally.unscorable
    return {
        "profile": verifier.profile.name,
        "format": verifier.profile.format.use,
        "hash": verifier.hash,
        "rows": tally.rows,
        "scored": scored,
        "bad": tally.bad,
        "unscorable": tally.unscorable,
        "passed": tally.passed,
        "pass_rate": tally.passed / scored if scored else None,
        "mean_reward": tally.total / scored if scored else None,
        "rewards": {f"{reward:g}": count for reward, count in sorted(tally.rewards.items())},
        "codes": dict(tally.codes.most_common()),
    }


def _summary_json(verifier: Any, tally: Any) -> str:
    from toolverify.rows import to_json

    return to_json(figures(verifier, tally)).decode()


def _summary(verifier: Any, tally: Any) -> str:
    """The summary for a person; it fits 80 columns."""
    known = figures(verifier, tally)
    lines = [
        f"profile {known['profile']} ({known['hash']}), format {known['format']}",
        ", ".join(f"{key} {known[key]}" for key in ("rows", "scored", "bad", "unscorable")),
    ]
    if known["scored"]:
        lines.append(
            f"mean reward {known['mean_reward']:.4f}, passed {known['passed']} ({known['pass_rate']:.1%})"
        )
        lines += _histogram(known["rewards"])
    if known["codes"]:
        lines.append("failures by code, in rows")
        lines += [f"  {count:>8}  {code}" for code, count in known["codes"].items()]
    return "\n".join(lines)


def _histogram(rewards: dict[str, int]) -> list[str]:
    if len(rewards) > _SHOWN_REWARDS:
        return [
            f"rewards from {next(iter(rewards))} to {next(reversed(rewards))}, {len(rewards)} different ones"
        ]
    return ["rewards", *[f"  {count:>8}  {reward}" for reward, count in rewards.items()]]
