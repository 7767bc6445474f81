"""What the curves of a run allow to be said, and no more than that.

`grades` says how much the validation loss can carry, `criteria` are the measures (Prechelt's words, thresholds of this
product), `judge` puts them together into one word with its evidence. A curve alone never stops a job: these are
sentences for people.
"""

from .criteria import Line, Stop, best_step, patience
from .grades import grade
from .judge import Score, judge
from .words import KINDS, Measure, Verdict

__all__ = ("KINDS", "Line", "Measure", "Score", "Stop", "Verdict", "best_step", "grade", "judge", "patience")
