"""Hospitals by name: who is on the ward, how its people change, how it works; each number with the place it was read in."""

from __future__ import annotations

from dataclasses import dataclass, replace

from heparin_pk.base.checks import check_is, check_text, set_label, shown
from heparin_pk.base.source import Source, Value
from heparin_pk.blood.laboratory import Laboratory, Residual
from heparin_pk.body.drift import Drift
from heparin_pk.body.patient import Patient
from heparin_pk.published.heparin_ablation import EDRICH_2015_UFH
from heparin_pk.published.heparin_reversal import LANOISELEE_2026
from heparin_pk.published.sources import AL_SALLAMI_2016, ASSUMED
from heparin_pk.trials.distribution import Distribution
from heparin_pk.trials.population import Population
from heparin_pk.ward.faults import GUESSED_WEIGHT_CV, KINDS, NOMOGRAM_COMPLIANCE, Fault, named
from heparin_pk.ward.ward_errors import WardErrors

DAVYDOV_2000 = Source(
    key="Davydov_2000",
    citation=(
        "Davydov L, et al. Outcomes of weight-based heparin dosing based on literature guidelines and institution "
        "individualization. Pharmacotherapy 2000;20(10):1179-1183"
    ),
    where="Abstract: 96 patients, 37 men, mean age 66.9 +- 15.1 years, mean weight 80.1 +- 20.6 kg",
    confidence="primary",
    doi="10.1592/phco.20.15.1179.34589",
    pmid="11034041",
)
NHANES_2015 = Source(
    key="NHANES_2015_2016",
    citation=(
        "US Centers for Disease Control and Prevention, National Health and Nutrition Examination Survey 2015-2016, public files "
        "BMX_I and DEMO_I (the copy at this address was read)"
    ),
    where=(
        "adults of 60 years and more, weighted with WTMEC2YR, 872 men and 900 women: mean and SD of the logarithms and their "
        "correlation, computed by us. Mixed 38 : 62 they give 80.4 +- 20.2 kg, beside the 80.1 +- 20.6 kg of Davydov 2000"
    ),
    confidence="derived",
    url="https://github.com/smileschen/2018-sp-stats131",
)
RIETE_2006 = Source(
    key="RIETE_2006",
    citation=(
        "Monreal M, Falga C, Valle R, Barba R, Bosco J, Beato JL, Maestre A. Venous thromboembolism in patients with renal "
        "insufficiency: findings from the RIETE Registry. Am J Med 2006;119(12):1073-1079"
    ),
    where="Abstract: creatinine clearance below 30 mL/min in 588 (5.6 %); taken as kidney failure here",
    confidence="primary",
    pmid="17145252",
)
SMOKERS = Source(
    key="Blood_suspected_embolism",
    citation="Blood: patients suspected of a pulmonary embolism (title and year not on the page)",
    where="Table: active smokers, 78 of 259 with a provoked embolism (30 %); 110 of 334 without one (33 %)",
    confidence="primary",
    url="http://ashpublications.net/view-large/7066382",
)
THANOS_1 = Source(
    key="Prucnal_THANOS_1",
    citation=(
        "Prucnal CK, Wang G, Huang W, Horick N, Mize R, Dhar I, Brown T, Flomenbaum S, Chang KE, Matthews TM, Peters GA, "
        "Birrenkott DA, Stannek K, Lee EES, Uljon S, Kabrhel C. The Thromboembolism Heparinization and AntithrombiN "
        "Observational Study (THANOS-1). Res Pract Thromb Haemost 2026"
    ),
    where=(
        "Antithrombin below 80 % in 27 % of patients; a mean of 90 % with an SD of 16 % gives that. The same page: the "
        "deficiency was not linked to subtherapeutic anticoagulation"
    ),
    confidence="second-hand",
    doi="10.1016/j.rpth.2026.103367",
)
TICHELAAR_2012 = Source(
    key="Tichelaar_2012",
    citation=(
        "Tichelaar V, Mulder A, Kluin-Nelemans H, Meijer K. The acute phase reaction explains only a part of initially elevated "
        "factor VIII:C levels: a prospective cohort study in patients with venous thrombosis. Thromb Res 2012;129(2):183-186"
    ),
    where="Abstract: mean factor VIII 207 IU/dL at baseline, 75 patients (taken as the median); a CV of 45 % is assumed",
    confidence="primary",
)
ANY_HOUR = ASSUMED.at("heparin is begun at any hour of the day alike")

_NHANES = "60 years and more"
FEMALE = Distribution(
    feature="female", form="share", share=Value(0.615, DAVYDOV_2000.at("Abstract: 59 of 96 patients were women"))
)
AGE = Distribution(
    feature="age_y",
    form="normal",
    mean=Value(66.9, DAVYDOV_2000),
    sd=Value(15.1, DAVYDOV_2000),
    low=18.0,
    high=99.0,
)
HEIGHT_MEN = Distribution(
    feature="height_cm",
    form="log-normal",
    among="male",
    median=Value(173.3, NHANES_2015.at(f"men of {_NHANES}: mean of ln 5.1550")),
    sd=Value(0.0421, NHANES_2015.at(f"men of {_NHANES}: SD of ln")),
    low=140.0,
    high=215.0,
)
HEIGHT_WOMEN = Distribution(
    feature="height_cm",
    form="log-normal",
    among="female",
    median=Value(159.1, NHANES_2015.at(f"women of {_NHANES}: mean of ln 5.0697")),
    sd=Value(0.0445, NHANES_2015.at(f"women of {_NHANES}: SD of ln")),
    low=130.0,
    high=205.0,
)
WEIGHT_MEN = Distribution(
    feature="weight_kg",
    form="log-normal",
    among="male",
    median=Value(86.3, NHANES_2015.at(f"men of {_NHANES}: mean of ln 4.4578")),
    sd=Value(0.2139, NHANES_2015.at(f"men of {_NHANES}: SD of ln; correlation with ln height 0.514")),
    low=35.0,
    high=250.0,
    correlates_with="height_cm",
    correlation_fraction=0.514,
)
WEIGHT_WOMEN = Distribution(
    feature="weight_kg",
    form="log-normal",
    among="female",
    median=Value(73.3, NHANES_2015.at(f"women of {_NHANES}: mean of ln 4.2945")),
    sd=Value(0.2448, NHANES_2015.at(f"women of {_NHANES}: SD of ln; correlation with ln height 0.330")),
    low=30.0,
    high=250.0,
    correlates_with="height_cm",
    correlation_fraction=0.330,
)
SMOKER = Distribution(feature="smoker", form="share", share=Value(0.30, SMOKERS))
KIDNEY_FAILURE = Distribution(feature="kidney_failure", form="share", share=Value(0.056, RIETE_2006))
"""It changes no number of ``UFH_DEFAULT`` until its hypothesis is on: ``UFH_DEFAULT.with_hypotheses("kidney failure")``."""
ANTITHROMBIN = Distribution(
    feature="antithrombin_fraction",
    form="normal",
    mean=Value(0.90, THANOS_1),
    sd=Value(0.16, THANOS_1),
    low=0.3,
    high=1.5,
)
"""Antithrombin after a pulmonary embolism. In the models here a low one lowers the anti-Xa in proportion (Croles 2019, added
heparin); in these patients THANOS-1 found no link with subtherapeutic anticoagulation."""
FACTOR_VIII_MEDIAN = Value(2.07, TICHELAAR_2012)
FACTOR_VIII = Distribution(
    feature="factor_viii_u_per_ml",
    form="log-normal",
    median=FACTOR_VIII_MEDIAN,
    sd=Value(0.429, TICHELAAR_2012.at("SD of ln for an assumed CV of 45 %")),
    low=0.3,
    high=12.0,
)
"""Beyond what is in :data:`THROMBOSIS_WARD`: reagents were measured in patients, whose factor VIII is in the slope already."""
TIME_OF_DAY = Distribution(feature="clock_at_start_h", form="uniform", lowest=Value(0.0, ANY_HOUR), highest=Value(24.0, ANY_HOUR))
"""When heparin is begun: ``THROMBOSIS_WARD.with_distributions(TIME_OF_DAY)``.

It changes nothing until the model has the hypothesis of a swing over the day: ``UFH_DEFAULT.with_hypotheses("time of day")``.
"""

THROMBOSIS_WARD = Population(
    name="adults with a venous thromboembolism",
    typical=Patient(weight_kg=80.0, acute_thrombosis=True),
    distributions=(
        FEMALE,
        AGE,
        HEIGHT_MEN,
        HEIGHT_WOMEN,
        WEIGHT_MEN,
        WEIGHT_WOMEN,
        SMOKER,
        KIDNEY_FAILURE,
        ANTITHROMBIN,
    ),
)
"""Adults given heparin for a fresh clot; the clot itself changes no number (``published.patients.ACUTE_THROMBOSIS``)."""
CORONARY_WARD = Population(
    name="adults with an acute coronary syndrome",
    typical=Patient(weight_kg=80.0),
    distributions=(FEMALE, AGE, HEIGHT_MEN, HEIGHT_WOMEN, WEIGHT_MEN, WEIGHT_WOMEN, SMOKER, KIDNEY_FAILURE),
)
"""The same adults without a venous clot (of people with coronary syndromes on heparin no weights were found)."""

PHARAND_2005 = Source(
    key="Pharand_2005",
    citation=(
        "Pharand C, Castonguay S, Heroux V. Can J Hosp Pharm 2005;58(5): compliance of physicians and nurses with a heparin "
        "protocol for acute coronary syndromes"
    ),
    where="Abstract: 96 of 587 adjustments (16 %) not compliant; of 69 by nurses 32 were miscalculations",
    confidence="primary",
    doi="10.4212/cjhp.v58i5.330",
)
JOHNS_HOPKINS_2025 = Source(
    key="Johns_Hopkins_2025",
    citation="Ann Pharmacother 2025: a heparin calculator in the electronic record (2,128 patients before, 2,517 after)",
    where="Abstract: before, the first bolus was right in 85.9 % and the first rate in 80.8 %",
    confidence="primary",
    doi="10.1177/10600280251395053",
)
BECKER_1999 = Source(
    key="Becker_1999",
    citation=(
        "Becker RC, Ball SP, Eisenberg P, et al. A randomized, multicenter trial of weight-adjusted intravenous heparin dose "
        "titration and point-of-care coagulation monitoring in hospitalized patients with active thromboembolic disease. Am "
        "Heart J 1999;137(1):59-71"
    ),
    where="Abstract: from the sample to the change of the infusion 1.6 h with laboratory tests",
    confidence="primary",
    doi="10.1016/s0002-8703(99)70460-6",
    pmid="9878937",
)
LATE_DRAW = Value(0.22, NOMOGRAM_COMPLIANCE.at("Abstract: laboratory compliance 77.6 %; all of the rest taken as late draws"))
LATE_BY_H = Value(2.0, ASSUMED.at("how late blood is drawn was looked for and not found"))
CHANGE_DELAY_H = Value(0.6, BECKER_1999.at("Abstract: 1.6 h from the sample to the change, less 1 h for the result", "derived"))
MISSED_STEP = Value(0.088, PHARAND_2005.at("16.4 % not compliant, of which 54 % were no miscalculation", "derived"))
WRONG_STEP = Value(0.076, PHARAND_2005.at("16.4 % not compliant, of which 46 % (32 of 69) were miscalculations", "derived"))
WRONG_START = Value(0.192, JOHNS_HOPKINS_2025)
WRONG_SIZE_CV = Value(0.35, ASSUMED.at("the size of wrong rates was not found"))
OMITTED_BOLUS = Value(0.141, JOHNS_HOPKINS_2025.at("Abstract: first bolus right in 85.9 %; all of the rest taken as omitted"))
WEIGHT_ERROR_CV = GUESSED_WEIGHT_CV

REAL_WARD = WardErrors(
    name="a real ward",
    late_draw_fraction=LATE_DRAW.value,
    late_by_h=LATE_BY_H.value,
    change_delay_h=CHANGE_DELAY_H.value,
    missed_step_fraction=MISSED_STEP.value,
    wrong_step_fraction=WRONG_STEP.value,
    wrong_start_fraction=WRONG_START.value,
    wrong_size_cv_fraction=WRONG_SIZE_CV.value,
    omitted_bolus_fraction=OMITTED_BOLUS.value,
    weight_error_cv_fraction=WEIGHT_ERROR_CV.value,
    sources=tuple(
        one.source
        for one in (
            LATE_DRAW,
            LATE_BY_H,
            CHANGE_DELAY_H,
            MISSED_STEP,
            WRONG_STEP,
            WRONG_START,
            WRONG_SIZE_CV,
            OMITTED_BOLUS,
            WEIGHT_ERROR_CV,
        )
    ),
)
"""How often a hospital errs, as far as it was counted. Unplanned stops of the pump are not in it: no number was found."""
FAULTY_WARD = replace(
    REAL_WARD,
    name="a real ward with faults",
    faults=tuple(Fault(kind=name) for name in KINDS if name not in ("guessed-weight", "late-draw", "missed-hold")),
)
"""The same ward, which also meets the faults that have a name, as often as ``heparin_pk.faults.KINDS`` says (many assumed).

Guessed weights, late draws and missed holds are left out: they are among the errors already."""
WARDS = {
    "as-written": WardErrors(),
    "real-ward": REAL_WARD,
    "real-ward-with-faults": FAULTY_WARD,
    "real-ward-double-check": replace(FAULTY_WARD, checks=named(["independent double check"])),
    "real-ward-smart-pump": replace(FAULTY_WARD, checks=named(["smart-pump limits"])),
}
"""How a ward carries orders out, by the names of the command line."""
POPULATIONS = {"thrombosis-ward": THROMBOSIS_WARD, "coronary-ward": CORONARY_WARD}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Hospital:
    """What stands between a table and its results: patients who change, a residual error, other days, errors of the ward.

    It is what a trial does where nothing more is said: what an arm says goes before what its trial says, and that before what
    the hospital says. So ``ward_errors`` of a trial or arm replace those of the hospital, a ``residual`` of a laboratory replaces
    the hospital's, and so do the ``drift`` of the typical patient of a population, and its ``day``.

    ``name``: its name.
    ``drift``: the sizes of the change within each patient (each has a path of their own); ``None``: nobody changes.
    ``residual``: the residual errors of the laboratory.
    ``between_days``: whether the model's variability between days is drawn, once for the whole stay: within a stay the kinetics
    of a patient do not change, as no data were found that tell such a change from one of the sensitivity.
    ``ward_errors``: how orders are carried out, and how late blood is drawn; ``None``: exactly as decided.
    ``sources``: the papers behind drift and residual.
    ``label``: what legends and lists call it, in at most 30 characters; its name where none is given.

    Raises ``ValueError`` for a field of another kind.
    """

    name: str
    drift: Drift | None = None
    residual: tuple[Residual, ...] = ()
    between_days: bool = False
    ward_errors: WardErrors | None = None
    sources: tuple[Source, ...] = ()
    label: str = ""

    def __post_init__(self) -> None:
        check_text("name", self.name)
        set_label(self)
        check_is("drift", self.drift, (Drift, type(None)), "a Drift or None")
        check_is("residual", self.residual, (list, tuple), "a list of Residual")
        for residual in self.residual:
            check_is("residual", residual, Residual, "a Residual")
        check_is("between_days", self.between_days, bool, "True or False")
        check_is("ward_errors", self.ward_errors, (WardErrors, type(None)), "a WardErrors or None")
        check_is("sources", self.sources, (list, tuple), "a list of Source")
        for source in self.sources:
            check_is("sources", source, Source, "a Source")
        object.__setattr__(self, "residual", tuple(self.residual))
        object.__setattr__(self, "sources", tuple(self.sources))

    __repr__ = shown

    def admit(self, patient: Patient, seed: int, subject: int = 0) -> Patient:
        """Return the patient as he or she is here: with a path of drift of their own, where this hospital's people drift."""
        if self.drift is None or patient.drift is not None:
            return patient
        return replace(patient, drift=replace(self.drift, seed=seed, subject=subject))

    def laboratory(self, laboratory: Laboratory) -> Laboratory:
        """Return a laboratory with the residual error of this hospital, unless it has one of its own."""
        return laboratory if laboratory.residual else replace(laboratory, residual=self.residual)

    def in_words(self) -> str:
        """Return its name, and what it does, in one line."""
        found = []
        if self.drift is not None:
            sizes = (
                f"sensitivity SD {self.drift.sensitivity_sd_fraction:.0%}, baseline aPTT SD {self.drift.baseline_sd_fraction:.0%}"
            )
            found.append(f"patients drift ({sizes}, time constant {self.drift.time_constant_h:g} h)")
        if self.residual:
            found.append("residual error (" + ", ".join(_residual_in_words(residual) for residual in self.residual) + ")")
        if self.between_days:
            found.append("another day than the one they were measured on")
        name = "as written" if self.ward_errors is None else self.ward_errors.name
        found.append(f"orders carried out {'as written' if name == 'as written' else f'as in {name}'}")
        return "; ".join((self.label, *found))


_UNITS = {"s": "s", "u": "U/mL"}


def _residual_in_words(residual: Residual) -> str:
    what, kind, *unit = residual.name.split("_")
    test = {"concentration": "anti-Xa", "aptt": "aPTT", "act": "ACT"}[what]
    return f"{test} {residual.value.value:.0%}" if kind == "cv" else f"{test} {residual.value.value:g} {_UNITS[unit[0]]}"


ICU_COURSES = Source(
    key="MIMIC_III_demo",
    citation="MIMIC-III Clinical Database Demo (version 1.4). PhysioNet. Open Database License 1.0",
    where=(
        "DERIVED by benchmarks/drift_from_courses.py: the likelihood of 51 aPTTs in 12 courses, drawn while heparin ran, about "
        "the levels that UFH_DEFAULT predicts, at a time constant of 12 h. These few hardly tell: the likelihood is highest at "
        "6 h (sensitivity 0.17, baseline 0.09), at 24 h it is 0.26 and 0.07; its 95 % interval has no lower end and ends near "
        "120 h, and no drift at all (rest 0.155) lies within the 95 % region. At 12 h a drift of the baseline (0.09, rest 0.02) "
        "cannot be told from none (rest 0.09): they are as likely"
    ),
    confidence="derived",
    doi="10.13026/C2HM2Q",
)
PUBLISHED_LESS_DRIFT = AL_SALLAMI_2016.at(
    "DERIVED by benchmarks/drift_from_courses.py: Table 3 leaves 30 % of an aPTT unexplained (SD of its logarithm 0.294); less "
    "0.210, the drift of the courses at their levels, and 5 % of the assay: 0.199. The sources disagree: where the hours "
    "after the bolus of a child hold little of a drift of half a day, 0.29 is left; the courses themselves leave nothing beyond "
    "the assay, at most 0.09 beside this drift and 0.15 beside any at 12 h (95 %): they contradict the 0.20 that is taken",
    "derived",
)
SENSITIVITY_SD = Value(0.21, ICU_COURSES)
BASELINE_SD = Value(0.09, ICU_COURSES)
TIME_CONSTANT_H = Value(
    12.0,
    ICU_COURSES.at(
        "taken: half-way, as a ratio, between the likeliest (6 h) and a day (24 h); -ln likelihood 0.3 above the best, and "
        "everything up to 120 h is allowed. Chosen, and the residual error of a paper with it, with the shares in range of "
        "Prucnal 2020 and Ting 2018 in view (here all come within 10 points; at 6 h those after a bolus do): they prove "
        "nothing now. No size was fitted to them",
        confidence="assumed",
    ),
)
RESIDUALS = (
    Residual(
        name="aptt_cv_fraction",
        value=Value(0.20, PUBLISHED_LESS_DRIFT),
    ),
    Residual(
        name="concentration_cv_fraction",
        value=Value(
            0.29,
            LANOISELEE_2026.at(
                f"{LANOISELEE_2026.where}: anti-Xa, proportional 29 %. Measured at the levels of bypass; that it holds at the "
                "lower levels of a ward is assumed"
            ),
        ),
    ),
    *EDRICH_2015_UFH.residual,
)
"""What drift leaves unexplained. Of an anti-Xa no drift is simulated (none was found), so it has the whole residual error of
a model. Without a drift beside it 30 % of an aPTT (Al-Sallami 2016), 29 % of an anti-Xa (Lanoiselee 2026) and 37 % of an anti-IIa
(Jia 2015) are published; drift, rest and assay of an aPTT are together 30 % at the levels and the slope of the charted courses.
That of the anti-Xa was read at the levels of bypass; that of the ACT is the root-mean-square error of its paper."""

IDEAL = Hospital(name="ideal", label="ideal hospital")
"""Nobody changes, nothing is left unexplained, every order is carried out as written: what a table could do."""
REAL = Hospital(
    name="real",
    label="real hospital",
    drift=Drift(
        sensitivity_sd_fraction=SENSITIVITY_SD.value,
        baseline_sd_fraction=BASELINE_SD.value,
        time_constant_h=TIME_CONSTANT_H.value,
        sources=(SENSITIVITY_SD.source, BASELINE_SD.source, TIME_CONSTANT_H.source),
    ),
    residual=RESIDUALS,
    between_days=True,
    ward_errors=REAL_WARD,
    sources=(
        SENSITIVITY_SD.source,
        BASELINE_SD.source,
        TIME_CONSTANT_H.source,
        *(residual.value.source for residual in RESIDUALS),
    ),
)
"""Patients who change, a residual error, another day, and a ward that errs: as hospitals are, as far as it was counted."""
HOSPITALS = {hospital.name: hospital for hospital in (REAL, IDEAL)}

PRUCNAL_2020 = Source(
    key="Prucnal_2020",
    citation=(
        "Prucnal CK, Jansson PS, Deadmon E, Rosovsky RP, Zheng H, Kabrhel C. Analysis of partial thromboplastin times in "
        "patients with pulmonary embolism during the first 48 hours (title as far as seen). Acad Emerg Med 2020;27(2):117-127"
    ),
    where=(
        "Abstract: 505 patients; bolus and infusion, patients in the therapeutic range at 12, 24, 36 and 48 h: 19.0, 26.3, 28.3 "
        "and 28.4 % (at 48 h 95 % CI 20.8 to 37.5)"
    ),
    confidence="primary",
    doi="10.1111/acem.13872",
    url="https://metajournal.com/articles/932139",
)
TING_2018 = Source(
    key="Ting_2018",
    citation=(
        "Ting C, Sylvester KW, Schurr JW. Time in the Therapeutic Range for Assessing Anticoagulation Quality in Patients "
        "Receiving Continuous Unfractionated Heparin. Clin Appl Thromb Hemost 2018;24(9_suppl):178S-181S"
    ),
    where="Abstract: 255 inpatients, modified Rosendaal 43.7 % (SD 26.5), values in range 37.7 % (25.7)",
    confidence="primary",
    doi="10.1177/1076029618798944",
    pmid="30213200",
)
MEASURED_ON_WARDS = {
    "in range at 24 h, pulmonary embolism": Value(0.263, PRUCNAL_2020),
    "in range at 48 h, pulmonary embolism": Value(0.284, PRUCNAL_2020),
    "time in range by Rosendaal": Value(0.437, TING_2018),
    "share of results in range": Value(0.377, TING_2018),
}
"""What hospitals found on their own wards, shares. Their tables, reagents and ranges are not those of any arm here, and sizes of
:data:`REAL` were chosen with these numbers in view."""
