"""Validation: values printed in papers beside the answers of our models, misses included.

Each printed number counts once. A row proves nothing when its value was used to build the model or was in view when a size was
chosen, when a set is asked for its own paper, or when the same printed number counts in another row: the virtual patients before
one typical patient, a real ward before an ideal one, the model meant for these patients before another, the first of equals. A
row that misses stays, with a tested cause or "unexplained". What left the table, which tolerances changed, and what is printed
and not asked are lists (``what_changed``).
"""

from heparin_pk.evidence.validation.claim import GROUPS, Claim, Row
from heparin_pk.evidence.validation.table import claims_of, in_words, rows, score, to_json, what_changed, what_changed_in_words

__all__ = ["GROUPS", "Claim", "Row", "claims_of", "in_words", "rows", "score", "to_json", "what_changed", "what_changed_in_words"]
