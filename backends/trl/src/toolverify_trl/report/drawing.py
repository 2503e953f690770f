"""How pictures look, and how they become PNG; matplotlib is imported only here."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from io import BytesIO
from typing import Any

from msgspec import Struct

from toolverify.errors import PlanError


class Theme(Struct, frozen=True):
    """Colours that people with any colour vision can tell apart, after Okabe and Ito."""

    paper: str
    ink: str
    faint: str
    grid: str
    training: str
    before: str
    sampled: str
    greedy: str

    def of(self, decoding: str) -> str:
        """The colour of a way of decoding."""
        return self.sampled if decoding == "sampled" else self.greedy


LIGHT = Theme(
    paper="#ffffff",
    ink="#1c2430",
    faint="#667085",
    grid="#e6e8ec",
    training="#8d95a3",
    before="#e0a526",
    sampled="#0072b2",
    greedy="#c8500a",
)
DARK = Theme(
    paper="#171b22",
    ink="#e7eaf0",
    faint="#98a2b3",
    grid="#2c333f",
    training="#7d8797",
    before="#e0a526",
    sampled="#56b4e9",
    greedy="#f08a4b",
)


_SETTINGS: Mapping[str, Any] = {
    "font.family": "DejaVu Sans",  # it comes with matplotlib
    "font.size": 9,
    "text.parse_math": False,
    "axes.titlesize": 10.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.labelsize": 9,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.linewidth": 0.8,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "figure.constrained_layout.h_pad": 0.1,  # inches
    "figure.constrained_layout.w_pad": 0.12,
    "legend.facecolor": "inherit",
    "legend.edgecolor": "none",
    "legend.framealpha": 0.85,
    "legend.fontsize": 8.5,
}


class Shape(Struct, frozen=True):
    """The size of a picture.

    Attributes:
        width: In inches; letters are as high as in a text of this width.
        height: In inches.
        dpi: Points of the picture for an inch.
        stacked: Whether panels stand one above the other.
    """

    width: float
    height: float
    dpi: int = 160
    stacked: bool = False


def draw(shape: Shape, theme: Theme, fill: Callable[[Any], None]) -> bytes:
    """A picture as PNG: `fill` gets the empty figure."""
    with _settings(theme):
        figure = _module("matplotlib.figure").Figure(
            figsize=(shape.width, shape.height), dpi=shape.dpi, layout="constrained"
        )
        _module("matplotlib.backends.backend_agg").FigureCanvasAgg(figure)
        fill(figure)
        buffer = BytesIO()
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


@contextmanager
def _settings(theme: Theme) -> Iterator[None]:
    """matplotlib's defaults with our own on top, whatever a person has set; put back afterwards."""
    matplotlib = _module("matplotlib")
    inks = dict.fromkeys(("text.color", "axes.labelcolor", "axes.titlecolor", "legend.labelcolor"), theme.ink)
    papers = dict.fromkeys(("figure.facecolor", "savefig.facecolor", "axes.facecolor"), theme.paper)
    faint = dict.fromkeys(("axes.edgecolor", "xtick.color", "ytick.color"), theme.faint)
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({**_SETTINGS, **inks, **papers, **faint, "grid.color": theme.grid})
        yield


def _module(name: str) -> Any:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        raise PlanError(
            "a report is drawn with matplotlib, which is not installed",
            path="report",
            mend="pip install 'toolverify-trl[train]'",
        ) from error


def drawable(text: str, room: int = 60) -> str:
    """Somebody's words in letters that the font has, shortened."""
    known = [char if char.isprintable() and ord(char) < 0x530 else "?" for char in text[: room + 1]]
    return "".join(known) if len(known) <= room else "".join(known[: room - 1]) + "…"
