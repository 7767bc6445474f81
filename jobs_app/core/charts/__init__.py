"""Curves drawn as text on the server, so that a page without script has them, and paper too.

`run_chart` draws one run in panels over one axis, `overlay_chart` up to eight runs; `View` is how a person wants them
drawn, kept in the page's address. The classes are the stylesheet's (`.chart` and what is inside it); nothing here
carries a style or a colour.
"""

from .drawing import Line, Panel, draw
from .overlay import LETTERS, MOST_RUNS, Overlaid, overlay_chart
from .run import LABELS, Mark, panels_of, run_chart
from .scales import ticks
from .view import SMOOTHINGS, View

__all__ = (
    "LABELS",
    "LETTERS",
    "MOST_RUNS",
    "SMOOTHINGS",
    "Line",
    "Mark",
    "Overlaid",
    "Panel",
    "View",
    "draw",
    "overlay_chart",
    "panels_of",
    "run_chart",
    "ticks",
)
