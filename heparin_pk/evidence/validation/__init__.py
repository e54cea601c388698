"""Does it hold? What papers print beside what the models say, misses included.

A row that went into the making of a model proves nothing and is marked; a row that misses stays, with a sentence of why.
"""

from heparin_pk.evidence.validation.claim import GROUPS, Claim, Row
from heparin_pk.evidence.validation.table import in_words, rows, score, to_json

__all__ = ["GROUPS", "Claim", "Row", "in_words", "rows", "score", "to_json"]
