"""The terms of the course, one sentence each."""

from __future__ import annotations

import difflib

TERMS: dict[str, str] = {
    "ACT": "Activated clotting time: a clotting test of whole blood for the high heparin levels of the operating theatre.",
    "anti-Xa": (
        "A test that measures how strongly a sample inhibits factor Xa, in units per mL; it counts heparin and every "
        "other drug that does so."
    ),
    "antithrombin": "The protein in plasma through which heparin acts; without it heparin does almost nothing.",
    "aPTT": (
        "Activated partial thromboplastin time: the seconds that activated plasma takes to clot in a tube; more "
        "heparin, more seconds."
    ),
    "baseline": "A patient's aPTT before any heparin.",
    "bolus": "A dose given at once into a vein.",
    "calibration": (
        "How well what you say and what is true agree: of all answers you call 75 % certain, three in four should be right."
    ),
    "clearance": "The volume of blood that is freed of heparin in an hour.",
    "common range": (
        "One range of heparin levels, anti-Xa 0.3 to 0.7 U/mL, in which nomograms with different ranges can be compared."
    ),
    "covariate": "A feature of a patient, such as weight or antithrombin, that changes what a dose does.",
    "discordance": "Two tests of one sample that do not agree: one is in its range and the other is not.",
    "dosing weight": "The weight by which a dose is calculated; in heavy patients often not the weight on the scales.",
    "drift": "The slow change of a patient's answer to heparin within the stay in hospital.",
    "ensemble": "Several models that all agree with the same papers, run side by side to see which answers they share.",
    "factor VIII": "A clotting factor that rises in illness and makes the aPTT shorter.",
    "first order": "A loss in which the same share of the drug leaves in each hour, whatever the level.",
    "half-life": "The time in which the level falls to half; for heparin it depends on the dose.",
    "HIT": (
        "Heparin-induced thrombocytopenia: antibodies against heparin and platelet factor 4 let platelets fall and clots form."
    ),
    "hold": "A pause of the infusion, in minutes, after which it goes on.",
    "infusion": "A dose that a pump gives continuously, in units per hour.",
    "interval of chance": (
        "The range in which a result of a virtual trial would lie if other patients had been drawn from the same ward."
    ),
    "nomogram": "A table that says for every laboratory result what to do next.",
    "own range": "The therapeutic range that a nomogram itself aims at.",
    "percentile band": "The part of a picture in which a stated share of the patients lies at each time.",
    "plateau": "The level at which an infusion settles when as much leaves as is given; also called steady state.",
    "protamine": "A drug that binds heparin and ends its effect within minutes.",
    "reagent": "The chemical that starts the clotting in an aPTT test; each answers to heparin with other seconds.",
    "rebound": "Heparin that comes back into the blood from other tissues after protamine is gone.",
    "residual error": "What remains between a model and a measurement when everything known about the patient is used.",
    "Rosendaal method": (
        "A way to estimate time in range: straight lines are drawn between the results, as if nothing else had happened "
        "between them."
    ),
    "saturation": "The state in which all binding sites are occupied, so that more drug does not leave faster.",
    "therapeutic range": (
        "The range in which results should lie: enough to stop clots from growing, not so much that bleeding becomes likely."
    ),
    "turnaround": "The time from drawing a blood sample to reading its result.",
    "validity domain": "The patients and uses in which a model was studied; outside it, its answers are guesses.",
    "variability between patients": (
        "The difference between patients that remains when weight, age and all other known features are equal."
    ),
}


def explain(term: str) -> str:
    """Return the sentence on a term; raises ``ValueError`` with the nearest terms for one that is not explained.

    >>> explain("bolus")
    'A dose given at once into a vein.'
    """
    known = {name.lower(): name for name in TERMS}
    name = known.get(str(term).strip().lower())
    if name is None:
        near = difflib.get_close_matches(str(term).strip().lower(), known, n=3, cutoff=0.5) or sorted(known)
        raise ValueError(f"a term must be one of {', '.join(known[one] for one in near)}; got {term!r}")
    return TERMS[name]
