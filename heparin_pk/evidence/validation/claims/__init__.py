"""Every claim of the table, one file a group. No model was tuned to these values; a claim that we miss says why."""

from __future__ import annotations

from heparin_pk.evidence.validation.claim import Claim
from heparin_pk.evidence.validation.claims.alternatives import ALTERNATIVES
from heparin_pk.evidence.validation.claims.bypass import BYPASS
from heparin_pk.evidence.validation.claims.children import CHILDREN
from heparin_pk.evidence.validation.claims.dose import DOSE
from heparin_pk.evidence.validation.claims.kinetics import KINETICS
from heparin_pk.evidence.validation.claims.lmwh import LMWH
from heparin_pk.evidence.validation.claims.protocol import PROTOCOL
from heparin_pk.evidence.validation.claims.response import RESPONSE
from heparin_pk.evidence.validation.claims.special_patients import SPECIAL_PATIENTS
from heparin_pk.evidence.validation.claims.subcutaneous import SUBCUTANEOUS
from heparin_pk.evidence.validation.claims.virtual_trials import VIRTUAL_TRIALS

CLAIMS: tuple[Claim, ...] = (
    *KINETICS,
    *RESPONSE,
    *SUBCUTANEOUS,
    *SPECIAL_PATIENTS,
    *BYPASS,
    *CHILDREN,
    *DOSE,
    *PROTOCOL,
    *LMWH,
    *ALTERNATIVES,
    *VIRTUAL_TRIALS,
)
