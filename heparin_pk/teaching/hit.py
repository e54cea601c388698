"""Heparin-induced thrombocytopenia (HIT): whose platelets are counted, 4Ts score, tests, decision, and the cost of waiting.

Platelets themselves day by day: :mod:`heparin_pk.simulation.platelets`. What guidelines say is quoted from
:mod:`heparin_pk.teaching.practice`. For teaching and study, not for the care of patients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, shown
from heparin_pk.base.source import Source, Value
from heparin_pk.simulation.platelets import PlateletSeries
from heparin_pk.teaching import practice

# The sources

FOUR_TS_SOURCE = Source(
    key="Lo_2006",
    citation=(
        "Lo GK, Juhl D, Warkentin TE, Sigouin CS, Eichler P, Greinacher A. Evaluation of pretest clinical score (4 T's) for the "
        "diagnosis of heparin-induced thrombocytopenia in two clinical settings. J Thromb Haemost 2006;4:759-765"
    ),
    where="The score as reprinted in a handbook (mghcc.ed7, tu7); another copy gives two points up to 100 days, here 30",
    confidence="second-hand",
    url=(
        "https://download.skyscape.com/download/ota/lonestar/5B6E8686-397D-43AE-8FAF-B74E850B37EF/mghcc.ed7/content/HTML/r/tu7.htm"
    ),
)
CUKER_2012 = Source(
    key="Cuker_2012",
    citation=(
        "Cuker A, Gimotty PA, Crowther MA, Warkentin TE. Predictive value of the 4Ts scoring system for heparin-induced "
        "thrombocytopenia: a systematic review and meta-analysis. Blood 2012;120(20):4160-4167"
    ),
    where="Abstract (13 studies, 3,068 patients)",
    confidence="primary",
    doi="10.1182/blood-2012-07-443051",
)
LINKINS_2015 = Source(
    key="Linkins_2015",
    citation=(
        "Combination of 4Ts score and PF4/H-PaGIA for diagnosis and management of heparin-induced thrombocytopenia: prospective "
        "cohort study. Blood 2015;126(5):597-603 (authors not on the page read)"
    ),
    where="Abstract (526 patients, functional test in all)",
    confidence="primary",
    url="https://ashpublications.org/blood/article-split/126/5/597/126431/Combination-of-4Ts-score-and-PF4-H-PaGIA-for",
)
CLIA_STUDY = Source(
    key="PMC6202723",
    citation=(
        "PMC6202723: a chemiluminescence immunoassay beside enzyme immunoassays in 509 patients suspected of HIT (authors, title "
        "and journal not on the table read)"
    ),
    where="Table 1",
    confidence="primary",
    url="https://pmc.ncbi.nlm.nih.gov/articles/PMC6202723/table/T1",
)
NAGLER_2016 = Source(
    key="Nagler_2016",
    citation=(
        "Diagnostic value of immunoassays for heparin-induced thrombocytopenia: a systematic review and meta-analysis. Blood "
        "2016;127(5):546-557 (authors not on the page read)"
    ),
    where="Abstract (49 publications, 15,199 patients)",
    confidence="primary",
    url="https://ashpublications.org/blood/article-split/127/5/546/35100/Diagnostic-value-of-immunoassays-for-heparin",
)
WARKENTIN_2019 = Source(
    key="Warkentin_2019",
    citation="Warkentin TE. Laboratory diagnosis of heparin-induced thrombocytopenia. Int J Lab Hematol 2019",
    where="Abstract: the serotonin-release assay has a sensitivity and a specificity of about 95 % each",
    confidence="primary",
    doi="10.1111/ijlh.12993",
)
FUNCTIONAL_REVIEW = Source(
    key="PMC7230370",
    citation="Functional assays for heparin-induced thrombocytopenia, table of a review. J Clin Med 2020 (PMC7230370)",
    where="Table 3: Galea, 200 consecutive patients, platelet aggregation: sensitivity 76 %, specificity 96 %",
    confidence="second-hand",
    url="https://pmc.ncbi.nlm.nih.gov/articles/PMC7230370/table/jcm-09-01226-t003",
)
LUBENOW_2005 = Source(
    key="Lubenow_2005",
    citation="Lubenow, et al. 2005: the studies HAT-1, -2 and -3 of lepirudin in HIT (381 patients)",
    where="As redrawn in a chapter on HIT, Figure 4: 0.051 events per day in a mean of 1.3 days from diagnosis to treatment",
    confidence="second-hand",
    url="https://www.guwsmedical.info/induced-thrombocytopenia/info-cif.html",
)
ISOLATED_HIT_1996 = Source(
    key="Warkentin_Kelton_1996",
    citation="Warkentin and Kelton 1996: 62 patients with isolated HIT (as a textbook tells it; title not on the page read)",
    where="Natural history of isolated HIT: thrombosis in 52.8 % within 30 days",
    confidence="second-hand",
    url="https://www.guwsmedical.info/induced-thrombocytopenia/a-natural-history-of-isolated-hit.html",
)
SEROTONIN_NEGATIVE = Source(
    key="SRA_negative_HIT",
    citation=(
        "Serotonin release assay (SRA)-negative HIT, a newly recognized entity: implications for diagnosis and management. "
        "Thromb Res 2018 (S0049-3848(18)30581-4; authors not on the page read)"
    ),
    where="Highlights: some platelet-activating antibodies do not induce serotonin release",
    confidence="primary",
    url="https://www.thrombosisresearch.com/article/S0049-3848(18)30581-4/fulltext",
)
_SUSPECTED_BY_SCORE, _STOPPED_AND_REPLACED = (one.source for one in practice.about("hit-treatment")[:2])

# Whose platelets are counted, and when

RISK_GROUPS: Mapping[str, tuple[str, float | None]] = MappingProxyType(
    {
        "low": ("risk of HIT below 0.1 %", None),
        "intermediate": ("risk 0.1 to 1 %", 3.0),
        "high": ("risk above 1 %", 2.0),
    }
)
"""Risk group: what it means, and the longest gap between two counts, d (``None``: no counts to screen); ASH 2018 as quoted."""
FIRST_COUNT_D, LAST_COUNT_D = 4, 14


def count_days_d(risk: str, *, heparin_in_last_30_days: bool = False, stopped_d: int | None = None) -> tuple[int, ...]:
    """Return the days on which platelets are counted to screen for HIT; day 0 is the day heparin is started.

    ``risk``: "low", "intermediate" (every 2 to 3 days: 3 here) or "high" (at least every other day).
    ``heparin_in_last_30_days``: counts then start on day 0.
    ``stopped_d``: the day heparin was stopped, d (0 or later); counts end there.

    A guideline of the United States, 2018 (``practice.about("hit-monitoring")``); the British one counts otherwise. A count
    before heparin is taken in all. Raises ``ValueError`` for an unknown group and a day before the start.

    >>> count_days_d("high"), count_days_d("low")
    ((4, 6, 8, 10, 12, 14), ())
    """
    check_one_of("risk", risk, RISK_GROUPS)
    check_is("heparin_in_last_30_days", heparin_in_last_30_days, bool, "True or False")
    last = LAST_COUNT_D if stopped_d is None else min(LAST_COUNT_D, int(check_between("stopped_d", stopped_d, 0, 1000)))
    gap = RISK_GROUPS[risk][1]
    if gap is None:
        return ()
    return tuple(range(0 if heparin_in_last_30_days else FIRST_COUNT_D, last + 1, int(gap)))


def monitoring_in_words(risk: str, *, heparin_in_last_30_days: bool = False) -> str:
    """Return what is counted in a risk group, and the guidelines it comes from; they differ between countries.

    ``heparin_in_last_30_days``: counts then start on day 0.
    """
    days = count_days_d(risk, heparin_in_last_30_days=heparin_in_last_30_days)
    words = f"days {', '.join(map(str, days))}" if days else "no counts to screen"
    return f"{RISK_GROUPS[risk][0]}: {words}\n{practice.in_words('hit-monitoring')}"


# The 4Ts

FOUR_TS: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "thrombocytopenia": (
            "fall of less than 30 %, or lowest count below 10",
            "fall of 30 to 50 %, or lowest count 10 to 19",
            "fall of more than 50 %, and lowest count 20 or more",
        ),
        "timing": (
            "up to day 4 without recent heparin",
            "day 5 to 10 but not clear; after day 10; or within a day after heparin 31 to 100 days ago",
            "clear onset on day 5 to 10; or within a day after heparin in the last 30 days",
        ),
        "thrombosis": (
            "none",
            "progressive, recurrent or suspected thrombosis; red skin lesions",
            "new proven thrombosis; skin necrosis; acute systemic reaction to a bolus",
        ),
        "other_causes": ("definite", "possible", "none evident"),
    }
)
"""The four parts, each with what earns 0, 1 and 2 points; counts in 10^9/L."""
PROBABILITIES = ("low", "intermediate", "high")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FourTs:
    """The 4Ts score: four parts of 0, 1 or 2 points, which ``FOUR_TS`` explains.

    ``thrombocytopenia``: how far the platelets fell (:func:`thrombocytopenia_points`).
    ``timing``: when they began to fall (:func:`timing_points`).
    ``thrombosis``: thrombosis or another sequel.
    ``other_causes``: other causes of the fall.

    Raises ``ValueError`` when a part is missing, and for points other than 0, 1 and 2.

    >>> FourTs(thrombocytopenia=2, timing=2, thrombosis=0, other_causes=1).probability
    'intermediate'
    """

    thrombocytopenia: int | None = None
    timing: int | None = None
    thrombosis: int | None = None
    other_causes: int | None = None

    def __post_init__(self) -> None:
        missing = [name for name in FOUR_TS if getattr(self, name) is None]
        if missing:
            named = ", ".join(name.replace("_", " ") for name in missing)
            raise ValueError(f"a 4Ts score needs all four parts, 0 to 2 points each; missing {named}")
        for name in FOUR_TS:
            check_one_of(name, getattr(self, name), (0, 1, 2))

    __repr__ = shown

    @property
    def total(self) -> int:
        """The score, 0 to 8."""
        return sum(getattr(self, name) for name in FOUR_TS)

    @property
    def probability(self) -> str:
        """One of "low" (0 to 3 points), "intermediate" (4, 5) or "high" (6 to 8)."""
        return PROBABILITIES[(self.total >= 4) + (self.total >= 6)]

    def in_words(self) -> str:
        """Return the parts with their points, and the sum."""
        lines = [
            f"  {getattr(self, name)}  {name.replace('_', ' ')}: {words[getattr(self, name)]}" for name, words in FOUR_TS.items()
        ]
        return "\n".join([*lines, f"  {self.total} of 8: {self.probability} probability"])


def thrombocytopenia_points(fall_percent: float, nadir_e9_per_l: float) -> int:
    """Return the points for the fall of the platelets.

    ``fall_percent``: fall from the highest count to the lowest, % (0 to 100).
    ``nadir_e9_per_l``: lowest count, 10^9/L (0 to 2000).

    >>> thrombocytopenia_points(55, 90), thrombocytopenia_points(55, 15), thrombocytopenia_points(20, 150)
    (2, 1, 0)
    """
    fall = check_between("fall_percent", fall_percent, 0.0, 100.0)
    nadir = check_between("nadir_e9_per_l", nadir_e9_per_l, 0.0, 2000.0)
    if fall < 30.0 or nadir < 10.0:
        return 0
    return 2 if fall > 50.0 and nadir >= 20.0 else 1


def timing_points(onset_d: int, *, heparin_days_ago_d: int | None = None, is_clear: bool = True) -> int:
    """Return the points for the timing of the fall.

    ``onset_d``: day on which the fall began, whole days after heparin was started (0 to 1000).
    ``heparin_days_ago_d``: days between earlier heparin and this start, d (1 to 100,000); ``None``: no earlier heparin.
    ``is_clear``: whether counts show the onset.

    A fall on day 2 to 4 after recent heparin stands in no line of the table; it earns 1 point here, as unclear (assumed).
    Raises ``ValueError`` for a value outside its limits, such as earlier heparin after this start.
    """
    check_is("onset_d", onset_d, int, "a whole number of days")
    check_between("onset_d", onset_d, 0, 1000)
    if heparin_days_ago_d is not None:
        check_between("heparin_days_ago_d", heparin_days_ago_d, 1, 1e5)
    check_is("is_clear", is_clear, bool, "True or False")
    recent = heparin_days_ago_d is not None and heparin_days_ago_d <= 100
    if onset_d <= 1 and recent:
        return 2 if is_clear and heparin_days_ago_d is not None and heparin_days_ago_d <= 30 else 1
    if onset_d <= 4:
        return 1 if recent else 0
    return 2 if onset_d <= 10 and is_clear else 1


# The probability, before and after a test


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Pretest:
    """How probable HIT was at each level of the 4Ts score in one study.

    ``name``: its name.
    ``low_fraction``, ``intermediate_fraction``, ``high_fraction``: share with HIT at each level, with its source.
    """

    name: str
    low_fraction: Value
    intermediate_fraction: Value
    high_fraction: Value

    def __post_init__(self) -> None:
        check_text("name", self.name)
        for level in PROBABILITIES:
            check_between(f"{level}_fraction", getattr(self, f"{level}_fraction").value, 0.0, 1.0)

    __repr__ = shown

    def of(self, score: FourTs) -> float:
        """Return the probability of HIT at this score, before any test."""
        check_is("score", score, FourTs, "a FourTs")
        return float(getattr(self, f"{score.probability}_fraction").value)


META_ANALYSIS = Pretest(
    name="meta-analysis",
    low_fraction=Value(0.002, CUKER_2012.at("Abstract: negative predictive value 0.998 (0.970-1.000)"), None, (0.0, 0.03)),
    intermediate_fraction=Value(0.14, CUKER_2012.at("Abstract: 0.14 (0.09-0.22)"), None, (0.09, 0.22)),
    high_fraction=Value(0.64, CUKER_2012.at("Abstract: 0.64 (0.40-0.82)"), None, (0.40, 0.82)),
)
ONE_COHORT = Pretest(
    name="one cohort",
    low_fraction=Value(0.019, LINKINS_2015.at("Abstract: 1.9 %")),
    intermediate_fraction=Value(0.067, LINKINS_2015.at("Abstract: 6.7 %")),
    high_fraction=Value(0.366, LINKINS_2015.at("Abstract: 36.6 %")),
)
PRETESTS = {one.name: one for one in (META_ANALYSIS, ONE_COHORT)}
"""Two answers to one question: the wards differ, and so do the probabilities."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DiagnosticTest:
    """A test for HIT: how often it is positive with HIT, and negative without.

    ``name``: its name.
    ``kind``: "immunoassay" (finds antibodies) or "functional" (finds antibodies that activate platelets).
    ``sensitivity_fraction``, ``specificity_fraction``: with their source; a printed 95 % interval is their ``interval``.

    Raises ``ValueError`` for another kind, and a fraction outside 0 to 1.
    """

    name: str
    kind: str
    sensitivity_fraction: Value
    specificity_fraction: Value

    def __post_init__(self) -> None:
        check_text("name", self.name)
        check_one_of("kind", self.kind, ("immunoassay", "functional"))
        for name in ("sensitivity_fraction", "specificity_fraction"):
            check_between(name, getattr(self, name).value, 0.0, 1.0)

    __repr__ = shown

    def after_fraction(self, before_fraction: float, *, is_positive: bool) -> float:
        """Return the probability of HIT after a result (Bayes), from the one before it.

        Raises ``ValueError`` outside 0 to 1, and for a result that cannot occur.

        >>> round(IGG_ELISA.after_fraction(0.14, is_positive=True), 3)
        0.653
        """
        before = check_between("before_fraction", before_fraction, 0.0, 1.0)
        check_is("is_positive", is_positive, bool, "True or False")
        sensitivity, specificity = self.sensitivity_fraction.value, self.specificity_fraction.value
        with_hit = before * (sensitivity if is_positive else 1.0 - sensitivity)
        without = (1.0 - before) * (1.0 - specificity if is_positive else specificity)
        if with_hit + without == 0.0:
            raise ValueError(f"this result of {self.name} cannot occur at before_fraction = {before:g}")
        return with_hit / (with_hit + without)


IGG_ELISA = DiagnosticTest(
    name="IgG ELISA",
    kind="immunoassay",
    sensitivity_fraction=Value(167 / 168, CLIA_STUDY.at("Table 1, Se*: 167/168 (96.7-100 %)"), None, (0.967, 1.0)),
    specificity_fraction=Value(435 / 476, CLIA_STUDY.at("Table 1: 435/476 (88.5-93.7 %)"), None, (0.885, 0.937)),
)
POLYSPECIFIC_ELISA = DiagnosticTest(
    name="polyspecific ELISA",
    kind="immunoassay",
    sensitivity_fraction=Value(1.0, CLIA_STUDY.at("Table 1, Se*: 168/168 (97.83-100 %)"), None, (0.9783, 1.0)),
    specificity_fraction=Value(393 / 476, CLIA_STUDY.at("Table 1: 393/476 (78.8-85.9 %)"), None, (0.788, 0.859)),
)
CLIA = DiagnosticTest(
    name="IgG chemiluminescence",
    kind="immunoassay",
    sensitivity_fraction=Value(166 / 168, CLIA_STUDY.at("Table 1, Se*: 166/168 (95.7-99.8 %)"), None, (0.957, 0.998)),
    specificity_fraction=Value(469 / 476, CLIA_STUDY.at("Table 1: 469/476 (97.0-99.4 %)"), None, (0.97, 0.994)),
)
META_ELISA = DiagnosticTest(
    name="IgG ELISA, meta-analysis",
    kind="immunoassay",
    sensitivity_fraction=Value(0.996, NAGLER_2016.at("Abstract: 99.6 %, low threshold")),
    specificity_fraction=Value(0.899, NAGLER_2016.at("Abstract: 89.9 %, low threshold")),
)
SEROTONIN_RELEASE = DiagnosticTest(
    name="serotonin release",
    kind="functional",
    sensitivity_fraction=Value(0.95, WARKENTIN_2019),
    specificity_fraction=Value(0.95, WARKENTIN_2019),
)
PLATELET_AGGREGATION = DiagnosticTest(
    name="platelet aggregation",
    kind="functional",
    sensitivity_fraction=Value(0.76, FUNCTIONAL_REVIEW),
    specificity_fraction=Value(0.96, FUNCTIONAL_REVIEW),
)
TESTS = {one.name: one for one in (IGG_ELISA, POLYSPECIFIC_ELISA, CLIA, META_ELISA, SEROTONIN_RELEASE, PLATELET_AGGREGATION)}


# Day by day


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Step:
    """One step of the work-up.

    ``what``: what became known.
    ``hit_fraction``: the probability of HIT from then on.
    ``do``: what is done, in words.
    ``source``: whose rule that is.
    """

    what: str
    hit_fraction: float
    do: str
    source: Source

    def __post_init__(self) -> None:
        check_text("what", self.what)
        check_text("do", self.do)
        check_between("hit_fraction", self.hit_fraction, 0.0, 1.0)

    __repr__ = shown


def work_up(
    score: FourTs,
    *,
    immunoassay: bool | None = None,
    functional: bool | None = None,
    pretest: Pretest = META_ANALYSIS,
    immunoassay_test: DiagnosticTest = IGG_ELISA,
    functional_test: DiagnosticTest = SEROTONIN_RELEASE,
) -> tuple[Step, ...]:
    """Return the steps from the score to the last result, each with the probability of HIT and what is done.

    ``immunoassay``, ``functional``: whether the test was positive; ``None``: no result yet.

    The functional test is taken as independent of the immunoassay, given HIT or not (assumed: they read the same antibodies, so
    the truth is closer to the immunoassay). Raises ``ValueError`` for a functional result without an immunoassay before it, and a
    test of the other kind.
    """
    check_is("score", score, FourTs, "a FourTs")
    check_is("pretest", pretest, Pretest, "a Pretest")
    if immunoassay is None and functional is not None:
        raise ValueError("functional comes after the immunoassay; got a functional result and no immunoassay")
    for name, test, kind in (
        ("immunoassay_test", immunoassay_test, "immunoassay"),
        ("functional_test", functional_test, "functional"),
    ):
        check_is(name, test, DiagnosticTest, "a DiagnosticTest")
        if test.kind != kind:
            raise ValueError(f"{name} must be of the kind {kind}; got {test.name}, {test.kind}")
    p = pretest.of(score)
    suspected = score.probability != "low"
    do, whose = (_STOP, _STOPPED_AND_REPLACED) if suspected else (_KEEP, _SUSPECTED_BY_SCORE)
    steps = [Step(what=f"4Ts {score.total} of 8, {score.probability}", hit_fraction=p, do=do, source=whose)]
    if immunoassay is not None:
        p = immunoassay_test.after_fraction(p, is_positive=immunoassay)
        excluded = not immunoassay and score.probability != "high"
        words = f"{immunoassay_test.name} {'positive' if immunoassay else 'negative'}"
        do = _EXCLUDED if excluded else _GO_ON if suspected else _MOSTLY_FALSE
        steps.append(Step(what=words, hit_fraction=p, do=do, source=LINKINS_2015))
    if functional is not None:
        p = functional_test.after_fraction(p, is_positive=functional)
        words = f"{functional_test.name} {'positive' if functional else 'negative'}"
        do, whose = (_IT_IS_HIT, _STOPPED_AND_REPLACED) if functional else (_DOUBT, SEROTONIN_NEGATIVE)
        steps.append(Step(what=words, hit_fraction=p, do=do, source=whose))
    return tuple(steps)


_KEEP = "HIT is not tested for; heparin goes on and platelets are counted on; other causes are looked for"
_STOP = (
    "stop all heparin, catheter flushes too; give another anticoagulant at once, in full dose (at an intermediate score, with a "
    "high risk of bleeding and no other reason for a full dose, in a low one); send an immunoassay; no vitamin K antagonist "
    "below 150 × 10⁹/L; no routine platelet transfusion"
)
_EXCLUDED = "HIT is excluded (low or intermediate score, negative test); heparin may be given again; look for the other cause"
_GO_ON = "the other anticoagulant goes on, no heparin, until a functional test decides"
_MOSTLY_FALSE = (
    "mostly a false positive: score again and ask a haematologist; a functional test decides before heparin is replaced"
)
_IT_IS_HIT = (
    "HIT: no heparin; the other anticoagulant goes on; vitamin K antagonist only at 150 × 10⁹/L or more; no routine platelet "
    "transfusion"
)
_DOUBT = (
    "HIT is unlikely, but a negative functional test does not exclude it: some antibodies escape it; "
    "score and tests are weighed together"
)


def work_up_in_words(steps: tuple[Step, ...]) -> str:
    """Return the steps as lines: what became known, the probability of HIT, what is done."""
    return "\n".join(f"{one.what}: HIT {100 * one.hit_fraction:.3g} %\n    {one.do}" for one in steps)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CountedDay:
    """A day on which platelets were counted, as the ward could read it then.

    ``day_d``: the day of heparin, d.
    ``count_e9_per_l``: the reported count, 10^9/L.
    ``fall_percent``: the fall from the highest count so far, %.
    ``score``: the 4Ts with what was known that day.
    ``hit_fraction``: the probability of HIT at that score, before any test.
    """

    day_d: float
    count_e9_per_l: float
    fall_percent: float
    score: FourTs
    hit_fraction: float

    __repr__ = shown


def day_by_day(
    series: PlateletSeries,
    *,
    thrombosis: int = 0,
    other_causes: int = 1,
    heparin_days_ago_d: int | None = None,
    pretest: Pretest = META_ANALYSIS,
) -> tuple[CountedDay, ...]:
    """Return what each reported count says of HIT on its day; the onset is the first count with a fall of 30 % or more.

    ``thrombosis``, ``other_causes``: points, the same on every day. ``heparin_days_ago_d``: as in :func:`timing_points`.
    """
    check_is("series", series, PlateletSeries, "a PlateletSeries")
    onset: int | None = None
    lowest, days = 2000.0, []
    for day, count, fall in zip(series.counted_d, series.counted_e9_per_l, series.falls_percent(), strict=True):
        lowest = min(lowest, count)
        if onset is None and fall >= 30.0:
            onset = int(day)
        score = FourTs(
            thrombocytopenia=thrombocytopenia_points(max(fall, 0.0), lowest),
            timing=timing_points(int(day) if onset is None else onset, heparin_days_ago_d=heparin_days_ago_d),
            thrombosis=thrombosis,
            other_causes=other_causes,
        )
        days.append(CountedDay(day_d=day, count_e9_per_l=count, fall_percent=fall, score=score, hit_fraction=pretest.of(score)))
    return tuple(days)


def suspected_d(days: tuple[CountedDay, ...]) -> float | None:
    """Return the first day on which HIT was suspected: a fall of 30 % or more and 4 points or more, d (``None``: on none)."""
    return next((one.day_d for one in days if one.score.thrombocytopenia and one.score.probability != "low"), None)


# The cost of waiting

EVENTS_PER_D = Value(0.051, LUBENOW_2005)
"""New thromboembolic complications a day between diagnosis and treatment, share of patients."""
OBSERVED_D = Value(1.3, LUBENOW_2005)
"""How long patients waited on average where that was counted, d."""
WITHIN_30_DAYS_FRACTION = Value(0.528, ISOLATED_HIT_1996)
"""Share with thrombosis within 30 days: HIT found by the count alone, heparin only stopped or replaced by warfarin."""


def events_while_waiting_fraction(waiting_d: float) -> float:
    """Return the share of patients with a new thrombosis while treatment waits, from a printed mean rate of 5.1 % a day.

    ``waiting_d``: days between diagnosis and another anticoagulant, d (0 to 3). The rate was counted over 1.3 days on average,
    in patients whose heparin was mostly stopped; what a longer wait costs was not found, so none beyond 3 days is asked.

    >>> round(events_while_waiting_fraction(1.0), 3)
    0.051
    """
    return EVENTS_PER_D.value * check_between("waiting_d", waiting_d, 0.0, 3.0)
