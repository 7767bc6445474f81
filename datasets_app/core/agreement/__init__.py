"""How far people agree beyond chance: Cohen's and Fleiss' kappa, Krippendorff's alpha, each with a bootstrap interval.

A *unit* is what one sample got: who rated it → the rating. What cannot be computed says why instead of pretending.
"""

from .alpha import alpha, nominal_alpha
from .base import ENOUGH, Coefficient, Unit, pairable
from .kappa import cohen, fleiss
from .slices import by_label, by_pair, by_period

__all__ = [
    "ENOUGH",
    "Coefficient",
    "Unit",
    "alpha",
    "by_label",
    "by_pair",
    "by_period",
    "cohen",
    "fleiss",
    "nominal_alpha",
    "pairable",
]
