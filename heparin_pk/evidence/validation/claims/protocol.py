"""Claims about one patient under a protocol."""

from __future__ import annotations

from functools import partial

from heparin_pk.evidence.validation import ask, papers
from heparin_pk.evidence.validation.claims.common import adult_of_75_kg, claim

_claim = partial(claim, group="one patient under a protocol")


PROTOCOL = [
    _claim(
        quantity="hours to the therapeutic range without a factor Xa inhibitor before",
        population="anti-Xa protocol",
        source=papers.DOAC_TRANSITION,
        printed=7.3,
        bounds=(5.9, 14.7),
        unit="h",
        uncertainty="quartiles",
        ask=lambda: ask.first_result_in_range_h(ask.under_protocol("michigan-vte-anti-xa")),
        model="UFH_DEFAULT, michigan-vte-anti-xa",
    ),
    _claim(
        quantity="hours to the therapeutic range after a factor Xa inhibitor",
        population="anti-Xa protocol",
        source=papers.DOAC_TRANSITION,
        printed=18.5,
        bounds=(14.9, 26.9),
        unit="h",
        uncertainty="quartiles",
        ask=lambda: ask.first_result_in_range_h(
            ask.under_protocol("michigan-vte-anti-xa", adult_of_75_kg(doac_anti_xa_u_per_ml=1.5), hours=72.0)
        ),
        model="UFH_DEFAULT, michigan-vte-anti-xa, a DOAC level of 1.5 U/mL (assumed; with 0.5 it is 13.5 h, with 3 30 h)",
    ),
]
