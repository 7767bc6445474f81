"""Conditions on samples: a tree of tests over a closed registry, its text for addresses and its JSON for the API."""

from .data import from_data, to_data
from .fields import FIELDS, Field
from .kinds import OPERATORS, moment
from .settling import settled
from .text import read, write
from .tree import Condition, Group, Term, all_of, conjuncts, tests

__all__ = [
    "FIELDS", "OPERATORS", "Condition", "Field", "Group", "Term", "all_of", "conjuncts", "from_data", "moment", "read",
    "settled", "tests", "to_data", "write",
]  # fmt: skip
