"""Claims about whole trials and wards, run on virtual patients (``heparin_pk.evidence.validation.trials``)."""

from __future__ import annotations

from functools import partial

from heparin_pk.evidence.validation import papers, trials
from heparin_pk.evidence.validation.claim import Claim
from heparin_pk.evidence.validation.claims.common import (
    as_standard_error,
    claim,
    mean_interval,
    tolerance_of_ours,
    wilson_interval,
    within_percent,
)
from heparin_pk.trials.hospital import PRUCNAL_2020, REAL_WARD, TING_2018
from heparin_pk.ward.faults import NOMOGRAM_COMPLIANCE

_claim = partial(claim, group="virtual trials")

_LAST = "last result drawn by that hour"
_PERIOD = "last result of the six hours before, patients with one"
"""The abstract says "during 6-hour time periods". The Wilson intervals of the arm without a bolus belong to 24/103, 36/87, 27/73
and 24/57 patients (DERIVED), those of the other arm to 38/200 at 12 h and 31/109 at 48 h: fewer from period to period. That they
are those with a result of the period is assumed; patients taken off heparin would make them fewer, too."""
_NO_CHANGE = "Patients drift here as in intensive care, and the aPTT has a residual error: without both the share lies inside."


def _raschke() -> list[Claim]:
    model = f"UFH_DEFAULT, US units before 2009, reagent raschke, {trials.PATIENTS:,} virtual patients of the thrombosis ward"
    without_change = partial(trials.raschke, trials.WITHOUT_CHANGE)
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
                why=_NO_CHANGE if side != "below" else "",
                tested=partial(trials.share_of_results, index, without_change) if side != "below" else None,
            )
            for index, (side, (share, low, high)) in enumerate(printed_shares.items())
        ),
    ]


def _coronary() -> list[Claim]:
    model = (
        f"UFH_DEFAULT, US units before 2009, a reagent matched to 60-90 s, {trials.PATIENTS:,} virtual patients; "
        "bands reconstructed; median of the true levels"
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
        )
        for arm, by_hour in printed_s.items()
        for hour, aptt_s in by_hour.items()
    ]


def _cruickshank() -> list[Claim]:
    model = (
        f"UFH_DEFAULT, US units before 2009, McMaster's range, {trials.PATIENTS:,} virtual patients; "
        "rate steps of the table unverified"
    )
    words, without_change = "in range at {} h, fixed-dose table of 1991", partial(trials.cruickshank, trials.WITHOUT_CHANGE)
    return [
        _claim(
            quantity=f"{what} {words.format(hour)}",
            population="50 patients with acute venous thromboembolism",
            source=trials.CRUICKSHANK_TRIAL,
            printed=share,
            bounds=(low, high),
            unit="share of patients",
            uncertainty="95 % Wilson interval" + ("" if hour == 24 else ", 50 patients assumed"),
            model=f"{model}; {which}",
            ask=partial(trials.mean_outcome, trials.cruickshank, "cruickshank-1991", f"{key}_at_{hour}_h"),
            asks_again="" if what == "aPTT" else f"aPTT {words.format(hour)}",
            why=_NO_CHANGE if hour == 48 else "",
            tested=partial(trials.mean_outcome, without_change, "cruickshank-1991", f"{key}_at_48_h") if hour == 48 else None,
        )
        for what, key, which in (("aPTT", "in_range", _LAST), ("true level", "truly_in_range", "true level at that hour"))
        for hour, share, low, high in ((24, 0.66, 0.522, 0.776), (48, 0.81, 0.680, 0.895))
    ]


def _yazd() -> list[Claim]:
    model = (
        f"UFH_DEFAULT, a reagent matched to 46-70 s, {trials.FEWER_PATIENTS:,} virtual patients of the coronary ward; "
        "steps of Raschke's table assumed"
    )
    arms = (("80 and 17", trials.YAZD_80_17.name, 7.63, 3.95, 51), ("60 and 12", trials.YAZD_60_12.name, 11.05, 4.41, 32))
    return [
        *(
            _claim(
                quantity=f"hours until the aPTT passes the lower limit, {start} U/kg/h",
                population="70 patients with acute coronary syndromes",
                source=trials.YAZD_TRIAL,
                printed=mean_h,
                bounds=mean_interval(mean_h, sd_h, 70),
                unit="h",
                uncertainty="95 % CI from the SD, 70 patients an arm",
                model=model,
                ask=partial(trials.mean_outcome, trials.yazd, arm, "threshold_result_h"),
            )
            for start, arm, mean_h, sd_h, _ in arms
        ),
        *(
            _claim(
                quantity=f"aPTT in range at 48 h, {start} U/kg/h",
                population="70 patients with acute coronary syndromes",
                source=trials.YAZD_TRIAL,
                printed=count / 70,
                bounds=wilson_interval(count, 70),
                unit="share of patients",
                uncertainty=f"95 % Wilson interval of {count}/70",
                model=f"{model}; {_LAST}",
                ask=partial(trials.mean_outcome, trials.yazd, arm, "in_range_at_48_h"),
            )
            for start, arm, _, _, count in arms
        ),
    ]


def _anti_xa() -> list[Claim]:
    ward = f"UFH_DEFAULT, michigan-vte-anti-xa as wards carry it out, 89 of 205 with bolus, {trials.FEWER_PATIENTS:,} patients"
    return [
        _claim(
            quantity="patients with a result in range within 48 h, anti-Xa ward",
            population="205 patients with venous thromboembolism, 89 with a bolus",
            source=trials.ANTI_XA_WARD_2023,
            printed=200 / 205,
            bounds=wilson_interval(200, 205),
            unit="share of patients",
            uncertainty="95 % Wilson interval of 200/205",
            model=ward,
            ask=trials.share_ever_in_range,
        ),
        _claim(
            quantity="most patients in range at any time of the first 48 h, anti-Xa ward: at most 60 %",
            population="205 patients with venous thromboembolism, 89 with a bolus",
            source=trials.ANTI_XA_WARD_2023,
            printed=0.60,
            bounds=(0.0, 0.60),
            unit="share of patients",
            uncertainty="printed as an upper limit",
            model=f"{ward}; last result of each six hours, patients with one",
            ask=trials.most_in_range,
        ),
        _claim(
            quantity="median hours to the first result in range, anti-Xa ward",
            population="205 patients with venous thromboembolism, 89 with a bolus",
            source=trials.ANTI_XA_WARD_2023,
            printed=12.8,
            bounds=within_percent(12.8, 20),
            unit="h",
            uncertainty=tolerance_of_ours(20),
            model=ward,
            ask=trials.median_first_result_in_range_h,
        ),
        _claim(
            quantity="hours to stabilise under an anti-Xa nomogram",
            population="19 patients, 15 of whom stabilised",
            source=papers.SIMSTAT,
            printed=25.0,
            bounds=(16.4, 33.6),
            unit="h",
            uncertainty="the printed +- 8.6 (SD or standard error: not printed)",
            other_reading=as_standard_error(25.0, 8.6),
            model=(
                f"UFH_DEFAULT, michigan-vte-anti-xa as in a study, {trials.FEWER_PATIENTS:,} virtual patients; draw of the "
                "second of two results in range"
            ),
            ask=partial(trials.mean_outcome, trials.anti_xa_study, trials.ANTI_XA_TABLE.name, "two_in_range_h"),
        ),
    ]


def _model_of_today(how: str) -> str:
    tables = " and ".join(table.name for table in trials.TABLES_OF_TODAY)
    return f"UFH_DEFAULT, {tables} (assumed) {how}, {trials.WARD_PATIENTS:,} virtual patients of the thrombosis ward in each"


def _wards_of_today(is_real: bool) -> list[Claim]:
    """Return the claims from hospitals of today; the virtual ward works without error, or with ward errors (``is_real``).

    The numbers were measured on real wards, so they count in the rows with ward errors.
    """
    how = "as wards carry it out" if is_real else "to the letter"
    model, other = _model_of_today(how), "as wards carry it out"
    mean = partial(trials.mean_of_today, is_real=is_real)
    ting = (
        ("rosendaal_fraction", "time in range by Rosendaal", 0.437, 0.0325),
        ("fraction_of_tests_in_range", "share of results in range", 0.377, 0.0315),
    )
    prucnal = (
        (12, 0.190, 0.142, 0.250, "95 % CI"),
        (24, 0.263, 0.205, 0.331, "95 % CI, its misprinted lower limit by Wilson"),
        (36, 0.283, 0.220, 0.354, "95 % CI"),
        (48, 0.284, 0.208, 0.375, "95 % CI"),
    )
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
                ask=partial(mean, key),
                used_to_build=is_real,  # in view, as Prucnal's, when the time constant of the drift was chosen
                asks_again="" if is_real else f"{words}, a ward's own table, {other}",
            )
            for key, words, printed, half in ting
        ),
        *(
            _claim(
                quantity=f"aPTT in range at {hour} h after 80 U/kg and 18 U/kg/h, {how}",
                population="adults with acute pulmonary embolism (505 in two groups; range not printed)",
                source=PRUCNAL_2020,
                printed=printed,
                bounds=(low, high),
                unit="share of patients",
                uncertainty=uncertainty,
                model=f"{model}; {_PERIOD}",
                ask=partial(mean, f"period_to_{hour}_h_in_range"),
                used_to_build=is_real,  # in view when the time constant of the drift was chosen, and a paper's residual error
                asks_again="" if is_real else f"aPTT in range at {hour} h after 80 U/kg and 18 U/kg/h, {other}",
            )
            for hour, printed, low, high, uncertainty in prucnal
            if is_real or hour in (24, 48)
        ),
        *(
            _claim(
                quantity=f"true level in range at {hour} h after 80 U/kg and 18 U/kg/h, {how}",
                population="adults with acute pulmonary embolism (505 in two groups; range not printed)",
                source=PRUCNAL_2020,
                printed=printed,
                bounds=(low, high),
                unit="share of patients",
                uncertainty=uncertainty,
                model=f"{model}; true level at that hour",
                ask=partial(mean, f"truly_in_range_at_{hour}_h"),
                asks_again=f"aPTT in range at {hour} h after 80 U/kg and 18 U/kg/h, {other}",
            )
            for hour, printed, low, high, uncertainty in prucnal
            if is_real and hour in (24, 48)
        ),
    ]


def _more_wards() -> list[Claim]:
    model = _model_of_today("as wards carry it out")
    return [
        *(
            _claim(
                quantity=f"aPTT in range at {hour} h after 18 U/kg/h without a bolus, as wards carry it out",
                population="adults with acute pulmonary embolism (505 in two groups; range not printed)",
                source=PRUCNAL_2020.at("Abstract: titrated infusion only, in the therapeutic range at 12, 24, 36 and 48 h"),
                printed=printed,
                bounds=(low, high),
                unit="share of patients",
                uncertainty="95 % CI",
                model=f"{model}; {_PERIOD}",
                ask=partial(trials.mean_of_today, f"period_to_{hour}_h_in_range", has_bolus=False),
                used_to_build=True,  # as those after a bolus
            )
            for hour, printed, low, high in (
                (12, 0.233, 0.162, 0.323),
                (24, 0.414, 0.316, 0.519),
                (36, 0.370, 0.268, 0.485),
                (48, 0.421, 0.302, 0.550),
            )
        ),
        _claim(
            quantity="share of results in range, another ward of that hospital",
            population="95 patients of one hospital, aPTT table (its range not printed)",
            source=NOMOGRAM_COMPLIANCE.at("Abstract: aPTT values in the therapeutic range 39.6 +- 24.6 %, 95 patients"),
            printed=0.396,
            bounds=mean_interval(0.396, 0.246, 95),
            unit="mean of patients",
            uncertainty="95 % CI from the SD",
            model=model,
            ask=partial(trials.mean_of_today, "fraction_of_tests_in_range"),
        ),
        _claim(
            quantity="time in range in 72 h, pulmonary embolism",
            population="203 patients with pulmonary embolism of intermediate risk (range and method not printed)",
            source=trials.PULMONARY_EMBOLISM_2025,
            printed=0.246,
            bounds=mean_interval(0.246, 0.273, 203),
            unit="mean of patients",
            uncertainty="95 % CI from the SD",
            model=model,
            ask=partial(trials.mean_of_today, "rosendaal_fraction", hours=72.0),
        ),
        *(
            _claim(
                quantity=f"{step} carried out as the table says",
                population="95 patients of one hospital",
                source=NOMOGRAM_COMPLIANCE.at(
                    f"Abstract: {step} compliance {100 * printed:.1f} +- {100 * sd:.1f} %, 95 patients"
                ),
                printed=printed,
                bounds=mean_interval(printed, sd, 95),
                unit="share of steps",
                uncertainty="95 % CI from the SD",
                model=f"population, ward errors of a real ward ({words})",
                ask=ask_it,
            )
            for step, printed, sd, words, ask_it in (
                ("titration", 0.872, 0.145, "steps not missed", lambda: 1.0 - REAL_WARD.missed_step_fraction),
                ("dosing", 0.918, 0.106, "steps of the right size", lambda: 1.0 - REAL_WARD.wrong_step_fraction),
            )
        ),
    ]


VIRTUAL_TRIALS = [
    *_raschke(),
    *_coronary(),
    *_cruickshank(),
    *_yazd(),
    *_anti_xa(),
    *_wards_of_today(is_real=False),
    *_wards_of_today(is_real=True),
    *_more_wards(),
]
