"""Claims about whole trials, run on virtual patients (``heparin_pk.evidence.validation.trials``)."""

from __future__ import annotations

from functools import partial

from heparin_pk.evidence.validation import trials
from heparin_pk.evidence.validation.claim import Claim
from heparin_pk.evidence.validation.claims.common import claim, tolerance_of_ours
from heparin_pk.trials.hospital import PRUCNAL_2020, TING_2018

_claim = partial(claim, group="virtual trials")

_IDEAL = "The virtual ward follows the table to the letter, the real wards did not; the reagent and its range are not printed."
_STILL_BETTER = (
    "Ward errors explain only a part: patients' clotting changes from day to day, and the seconds of a table often belong to "
    "another reagent; neither is in the model."
)
_FAST_LOSS = "The default eliminates a first bolus faster than these patients did: by 6 and 12 h less of it is left."
_STILL_RISING = (
    "These patients ended at 56 s, below their goal of 60-90 s; the steps of our reconstructed table go on until it is reached."
)
_LOW_START = "1,000 U/h leaves more of our virtual patients low: our ward needs more heparin than this arm did."
_FEWER_HIGH = "Fewer of our virtual patients have a high first result: the default eliminates the bolus faster."


def _raschke() -> list[Claim]:
    model = f"UFH_DEFAULT, US units before 2009, reagent raschke, {trials.PATIENTS:,} virtual patients of the thrombosis ward"
    printed_shares = {"below": (0.17, 0.141, 0.211), "in": (0.65, 0.603, 0.692), "above": (0.18, 0.145, 0.216)}
    return [
        _claim(
            quantity="aPTT above 1.5 x control within 24 h, weight-based table",
            population="62 patients with thromboembolism or unstable angina",
            source=trials.RASCHKE_TRIAL,
            printed=0.97,
            bounds=(0.890, 0.991),
            unit="share of patients",
            uncertainty="95 % Wilson interval of 60/62",
            model=model,
            ask=partial(trials.mean_outcome, trials.raschke, "raschke-1993", "threshold_by_24_h"),
        ),
        _claim(
            quantity="aPTT above 1.5 x control within 24 h, standard care",
            population="48 patients with thromboembolism or unstable angina",
            source=trials.RASCHKE_TRIAL,
            printed=0.77,
            bounds=(0.635, 0.867),
            unit="share of patients",
            uncertainty="95 % Wilson interval of 37/48",
            model=f"{model}; control table reconstructed",
            ask=partial(trials.mean_outcome, trials.raschke, "standard-care", "threshold_by_24_h"),
            why=_LOW_START,
        ),
        *(
            _claim(
                quantity=f"results {side} the range in the first 48 h, weight-based table",
                population="444 aPTTs of 62 patients",
                source=trials.RASCHKE_LETTER,
                printed=share,
                bounds=(low, high),
                unit="share of results",
                uncertainty="95 % Wilson interval",
                model=model,
                ask=partial(trials.share_of_results, index),
                why=_FEWER_HIGH if side == "above" else "",
            )
            for index, (side, (share, low, high)) in enumerate(printed_shares.items())
        ),
    ]


def _coronary() -> list[Claim]:
    model = (
        f"UFH_DEFAULT, US units before 2009, a reagent matched to 60-90 s, {trials.PATIENTS:,} virtual patients; "
        "bands reconstructed"
    )
    printed_s = {
        "acs-by-weight": {6: 150.0, 12: 100.0, 18: 66.0, 24: 63.0, 48: 64.0},
        "acs-fixed": {6: 83.0, 12: 79.0, 18: 61.0, 24: 56.0, 48: 56.0},
    }
    return [
        _claim(
            quantity=f"median aPTT at {hour} h, {'by weight' if arm == 'acs-by-weight' else 'fixed doses'}",
            population="64 patients with acute coronary syndromes, two arms",
            source=trials.ACS_TRIAL,
            printed=aptt_s,
            bounds=(0.85 * aptt_s, 1.15 * aptt_s),
            unit="s",
            uncertainty=tolerance_of_ours(15),
            model=model,
            ask=partial(trials.median_aptt_s, arm, hour),
            why=_FAST_LOSS if hour <= 12 else _STILL_RISING if (arm, hour) == ("acs-fixed", 48) else "",
        )
        for arm, by_hour in printed_s.items()
        for hour, aptt_s in by_hour.items()
    ]


def _cruickshank() -> list[Claim]:
    model = (
        f"UFH_DEFAULT, US units before 2009, McMaster's range, {trials.PATIENTS:,} virtual patients; "
        "rate steps of the table unverified"
    )
    return [
        _claim(
            quantity=f"aPTT in range at {hour} h, fixed-dose table of 1991",
            population="50 patients with acute venous thromboembolism",
            source=trials.CRUICKSHANK_TRIAL,
            printed=share,
            bounds=(low, high),
            unit="share of patients",
            uncertainty="95 % Wilson interval" + ("" if hour == 24 else ", 50 patients assumed"),
            model=model,
            ask=partial(trials.mean_outcome, trials.cruickshank, "cruickshank-1991", f"in_range_at_{hour}_h"),
        )
        for hour, share, low, high in ((24, 0.66, 0.522, 0.776), (48, 0.81, 0.680, 0.895))
    ]


def _wards_of_today(is_real: bool) -> list[Claim]:
    """Return the claims from two hospitals of today; the virtual ward works without error, or with ward errors (``is_real``)."""
    how = "as wards carry it out" if is_real else "to the letter"
    why = _STILL_BETTER if is_real else _IDEAL
    model = f"UFH_DEFAULT, raschke-1993 {how}, {trials.PATIENTS:,} virtual patients of the thrombosis ward"
    ward = partial(trials.ward, is_real)
    return [
        *(
            _claim(
                quantity=f"{words}, a ward's own table, {how}",
                population="255 inpatients of one hospital, aPTT table (its range not printed)",
                source=TING_2018,
                printed=printed,
                bounds=(printed - half, printed + half),
                unit="mean of patients",
                uncertainty="95 % CI from the SD",
                model=model,
                ask=partial(trials.mean_outcome, ward, "raschke-1993", key),
                why=why,
            )
            for key, words, printed, half in (
                ("rosendaal_fraction", "time in range by Rosendaal", 0.437, 0.0325),
                ("fraction_of_tests_in_range", "share of results in range", 0.377, 0.0315),
            )
        ),
        *(
            _claim(
                quantity=f"aPTT in range at {hour} h after 80 U/kg and 18 U/kg/h, {how}",
                population="adults with acute pulmonary embolism (505 in two groups; range not printed)",
                source=PRUCNAL_2020,
                printed=printed,
                bounds=(low, high),
                unit="share of patients",
                uncertainty="upper limit 33.1 % printed, lower limit mirrored" if hour == 24 else "as wide as at 24 h",
                model=model,
                ask=partial(trials.mean_outcome, ward, "raschke-1993", f"in_range_at_{hour}_h"),
                why=why,
            )
            for hour, printed, low, high in ((24, 0.263, 0.203, 0.331), (48, 0.284, 0.224, 0.352))
        ),
    ]


VIRTUAL_TRIALS = [*_raschke(), *_coronary(), *_cruickshank(), *_wards_of_today(is_real=False), *_wards_of_today(is_real=True)]
