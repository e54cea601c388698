"""Validation: values printed in papers beside the answers of our models, misses included.

A row that was used to build a model proves nothing about that model and is marked. A row that misses is kept, with the reason.
"""

from heparin_pk.evidence.validation.claim import GROUPS, Claim, Row
from heparin_pk.evidence.validation.table import in_words, rows, score, to_json

__all__ = ["GROUPS", "Claim", "Row", "in_words", "rows", "score", "to_json"]
