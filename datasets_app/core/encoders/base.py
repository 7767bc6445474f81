"""What every encoder is: it counts the tokens of a text and says where a text has used up its share."""

from __future__ import annotations

from abc import ABC, abstractmethod

from ftstudio.errors import Text


class Encoder(ABC):
    """One vocabulary, and what its chat template adds around the turns.

    `exact` says whether the counts are those of the model; a page marks every other count as an estimate. `per_turn`,
    `per_name` and `per_sample` are the template's own tokens, whose source the module names.
    """

    name: str
    label: Text
    exact: bool
    per_turn: int = 0
    per_name: int = 0
    per_sample: int = 0
    counts_roles: bool = False

    @property
    def available(self) -> bool:
        """Whether the vocabulary is on this machine. Asked once; nothing is ever fetched."""
        return True

    @abstractmethod
    def count(self, text: str) -> int:
        """Tokens of one text; 0 for none."""

    @abstractmethod
    def cut(self, text: str, limit: int) -> int:
        """How many characters (code points) of the text fit whole into `limit` tokens."""
