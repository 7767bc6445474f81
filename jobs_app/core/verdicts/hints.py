"""Rules of thumb about the training side of a run. Each is weak, says so, and decides nothing by itself."""

from __future__ import annotations

import math

from ftstudio.errors import Text

from .criteria import Line

LOW = 0.2
VERY_LOW = 0.1
MANY_PASSES = 10
NEARLY_ALL = 0.99


def weak_hints(train: Line, epochs: float | None, token_accuracy: float | None) -> tuple[Text, ...]:
    """What may be read from the last training loss, from how often each row was shown, and from the token accuracy."""
    found = []
    last = train[-1][1] if train else math.inf
    if last < VERY_LOW:
        found.append(
            Text(
                "A weak hint: a training loss of {last:.2f} is very low, and rows may have been learned by heart.",
                last=last,
            )
        )
    elif last < LOW:
        found.append(
            Text("A weak hint: a training loss of {last:.2f} can mean that rows were learned by heart.", last=last)
        )
    if epochs is not None and epochs > MANY_PASSES:
        found.append(
            Text(
                "A weak hint: after {epochs:.0f} passes over the same rows, some are likely to be learned by heart.",
                epochs=epochs,
            )
        )
    if token_accuracy is not None and token_accuracy > NEARLY_ALL:
        found.append(
            Text(
                "A weak hint: {share:.1f} % of the training tokens are predicted right, which can mean that rows were "
                "learned by heart.",
                share=token_accuracy * 100,
            )
        )
    return tuple(found)
