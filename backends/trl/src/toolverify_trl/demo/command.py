"""`toolverify demo`: a tiny model learns to call tools, on a laptop, rewarded by a profile."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The folder that everything is written to.")
    ] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Another seed gives other tasks and another model.", min=0)] = 0,
    profile: Annotated[
        str, typer.Option("--profile", "-p", help="The reward that the model learns by.")
    ] = "tool-n1",
    size: Annotated[str, typer.Option(help="The model: tiny, for a CPU, or large, for a GPU.")] = "tiny",
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto: a GPU where there is one.")] = "cpu",
    effort: Annotated[
        float, typer.Option(help="The part of all steps that is done: 0.1 is a short look.", min=0.001)
    ] = 1.0,
    resume: Annotated[bool, typer.Option("--resume", help="Go on where a demo was broken off.")] = False,
) -> int:
    """Train a tiny model until it visibly calls tools better, and draw the curve.

    It makes a small world of tools and requests, a tokenizer and a model on the spot; lets the model imitate a teacher
    that makes mistakes; then lets it try, rewarded by the profile; and judges it before and after on tasks that are held out.
    """
    from toolverify_trl.demo.run_demo import run_demo
    from toolverify_trl.demo.stage_set import Wanted

    return run_demo(
        Wanted(out=out, seed=seed, profile=profile, size=size, device=device, effort=effort), resume=resume
    )
