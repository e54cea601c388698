"""Platelets pass through time here: the count day by day under heparin, with and without HIT, as a laboratory would report it.

ILLUSTRATIVE. Onset, depth and recovery of heparin-induced thrombocytopenia (HIT) are published; rate constants are not. The model
is the simplest that keeps what is published: the marrow makes platelets, age removes them, and from the onset on antibodies that
need heparin remove more. ``SOURCES`` says which number was read and which was chosen.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from heparin_pk.base.checks import check_between, check_is, check_one_of
from heparin_pk.base.elementwise import choose, each, power
from heparin_pk.base.randomness import checked_seed, standard_normals, uniforms
from heparin_pk.base.source import Source, Value
from heparin_pk.base.streams import Stream
from heparin_pk.published.sources import ASSUMED
from heparin_pk.simulation.course import Course
from heparin_pk.ward.orders import Bolus, Subcutaneous

HARKER_1977 = Source(
    key="Harker_1977",
    citation="The kinetics of platelet production and destruction in man (authors not on the page read; PubMed 912957)",
    where="Abstract: platelets survive about 9 to 10 days; normal production 35 × 10⁹/L/day",
    confidence="primary",
    pmid="912957",
)
HIT_TEXTBOOK = Source(
    key="HIT_textbook",
    citation=(
        "A textbook on heparin-induced thrombocytopenia (chapters on a web page, editors not on it; cites Warkentin 2003, 2007)"
    ),
    where=(
        "Median platelet count 60 × 10⁹/L; below 20 in 10 %; within the normal range in another 10 %, mostly after "
        "raised counts, which the model does not hold. Another chapter "
        "(info-fyh): median lowest count 59 in 142 patients (Warkentin 1998)"
    ),
    confidence="second-hand",
    url=(
        "https://www.guwsmedical.info/induced-thrombocytopenia/dthis-cannot-be-hit-because-it-is-too-early-too-late-or-the-"
        "platelets-are-not-low-enough-or-they-are-too-low.html"
    ),
)
RAPID_ONSET = Source(
    key="Warkentin_Kelton_2001",
    citation="Warkentin and Kelton 2001 on rapid onset (as a textbook tells it; title not on the page read)",
    where=(
        "Rapid onset of HIT: on the first count, minutes to a day after heparin; earlier heparin almost "
        "always in the last 100 days"
    ),
    confidence="second-hand",
    url="https://www.guwsmedical.info/induced-thrombocytopenia/info-dit.html",
)
ONSET_OF_HIT = Source(
    key="Argatroban_eu",
    citation="When does HIT occur? Page for the product argatroban in Europe",
    where="Fall begins on day 5 to 10; abrupt in 25 to 30 %; in 3 to 5 % several days after heparin was stopped",
    confidence="second-hand",
    url="http://argatroban.eu/index2.php?page=7",
)
NOT_IMMUNE = Source(
    key="HIT_not_immune",
    citation="A chapter of a book on heparin-induced thrombocytopenia (10.3109/9781420045093-13, authors not on the page read)",
    where="Abstract: a transient fall 1 to 3 days after the start, back within 3 days with or without heparin",
    confidence="primary",
    url="https://www.taylorfrancis.com/books/9781420045093/chapters/10.3109/9781420045093-13",
)
RECOVERY = Source(
    key="Blood_project_recovery",
    citation="Aird W. In HIT, how long does it take the platelet count to recover after stopping heparin? The Blood Project",
    where="Recovered within 7 days in 90 % of cases",
    confidence="second-hand",
    url="https://www.thebloodproject.com/ufaq/in-hit-how-long-does-it-take-the-platelet-count-to-recover-after-stopping-heparin/",
)

LOSS_PER_D = Value(1.0 / 9.5, HARKER_1977.at("1 / 9.5 days, the middle of 'about 9 to 10 days'", "derived"))
MARROW_EXPONENT = Value(
    0.7, ASSUMED.at("the marrow makes (usual / now)^0.7 times as much; chosen so that about 90 % recover in 7 days")
)
ANTIBODY_RISE_PER_D = Value(0.8, ASSUMED.at("antibody effect rises by 0.8 of what is missing a day while heparin is given"))
ANTIBODY_FALL_PER_D = Value(1.6, ASSUMED.at("and falls by 1.6 of itself a day without heparin"))
REMOVAL_PER_D = Value(
    1.21, HIT_TEXTBOOK.at("fitted to a median lowest count of 60, heparin stopped on day 3 of the fall (assumed)", "derived")
)
REMOVAL_CV_FRACTION = Value(2.6, HIT_TEXTBOOK.at("fitted, with the other two, to lowest counts below 20 in 10 %", "derived"))
REMOVAL_LEAST_PER_D = Value(
    0.166, HIT_TEXTBOOK.at("fitted, with the other two, to lowest counts within the normal range in 10 %", "derived")
)
"""Removal by antibodies of which every patient with HIT has at least this much, 1/d."""
USUAL_E9_PER_L = Value(250.0, ASSUMED.at("usual count, median: normal is 150 to 400 × 10⁹/L"))
USUAL_CV_FRACTION = Value(0.25, ASSUMED.at("95 % between 153 and 405 × 10⁹/L"))
COUNT_CV_FRACTION = Value(0.04, ASSUMED.at("imprecision of a reported count"))
DIP_FRACTION = Value(0.2, ASSUMED.at("depth of the fall that is not immune: only its timing was found"))
SOURCES = (HARKER_1977, HIT_TEXTBOOK, RAPID_ONSET, ONSET_OF_HIT, NOT_IMMUNE, RECOVERY, ASSUMED)
"""Where the numbers come from."""

PATTERNS = {
    "none": "no HIT: the count stays, but for its imprecision",
    "not immune": "a shallow fall on days 1 to 3 that mends under heparin",
    "typical": "HIT, the fall begins on day 5 to 10",
    "rapid": "HIT, the fall begins within a day, after heparin in the last 100 days",
    "delayed": "HIT, the fall begins days after heparin was stopped",
}
"""What a platelet count can do under heparin."""

NORMAL_E9_PER_L = 150.0
_STEPS_PER_D = 96
_LONGEST_D = 60.0
_WITHOUT_HEPARIN_D = 5.0  # how long the antibodies of delayed onset work without heparin (assumed)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PlateletSeries:
    """The platelets of one patient day by day: the truth of an illustrative model, and the counts a laboratory reported.

    ``pattern``: one of ``PATTERNS``.
    ``usual_e9_per_l``: the count before heparin, 10^9/L.
    ``onset_d``: the day on which the fall begins, d after the first heparin; ``None`` without HIT.
    ``stopped_d``: the day on which all heparin was stopped, d; ``None``: not within these days.
    ``days_d``: the moments of the truth, d, every quarter of an hour.
    ``true_e9_per_l``: the true counts at them, 10^9/L.
    ``counted_d``: the days of the reported counts, d.
    ``counted_e9_per_l``: the reported counts, 10^9/L.
    """

    pattern: str
    usual_e9_per_l: float
    onset_d: float | None
    stopped_d: float | None
    days_d: tuple[float, ...]
    true_e9_per_l: tuple[float, ...]
    counted_d: tuple[float, ...]
    counted_e9_per_l: tuple[float, ...]

    def __repr__(self) -> str:
        return f"<PlateletSeries: {self.pattern}, {len(self.counted_d)} counts, lowest {min(self.true_e9_per_l):.0f} × 10⁹/L>"

    @property
    def nadir_e9_per_l(self) -> float:
        """The lowest true count, 10^9/L."""
        return min(self.true_e9_per_l)

    @property
    def nadir_d(self) -> float:
        """The day of the lowest true count, d."""
        return self.days_d[self.true_e9_per_l.index(self.nadir_e9_per_l)]

    def at_e9_per_l(self, day_d: float) -> float:
        """Return the true count on a day, 10^9/L; raises ``ValueError`` outside the series."""
        check_between("day_d", day_d, 0.0, self.days_d[-1])
        return float(np.interp(day_d, self.days_d, self.true_e9_per_l))

    def falls_percent(self) -> tuple[float, ...]:
        """Return the fall of each reported count from the highest one up to then, %."""
        highest = np.maximum.accumulate(np.asarray(self.counted_e9_per_l))
        return tuple((100.0 * (1.0 - np.asarray(self.counted_e9_per_l) / highest)).tolist())

    def seen_d(self, fall_percent: float = 50.0) -> float | None:
        """Return the first day on which the reported counts show more than this fall, d (``None``: none does)."""
        check_between("fall_percent", fall_percent, 1.0, 99.0)
        return next((day for day, fall in zip(self.counted_d, self.falls_percent(), strict=True) if fall > fall_percent), None)

    def recovered_d(self, count_e9_per_l: float = NORMAL_E9_PER_L) -> float | None:
        """Return the first day after the lowest count on which the true count reaches this again, d (``None``: not within)."""
        check_between("count_e9_per_l", count_e9_per_l, 1.0, 1000.0)
        lowest_d, both = self.nadir_d, zip(self.days_d, self.true_e9_per_l, strict=True)
        return next((day for day, count in both if day >= lowest_d and count >= count_e9_per_l), None)

    def in_words(self) -> str:
        """Return the reported counts as lines: day, count, fall from the highest count so far."""
        rows = zip(self.counted_d, self.counted_e9_per_l, self.falls_percent(), strict=True)
        lines = [f"day {day:>4g}   {count:>4.0f} × 10⁹/L   fall {fall:>3.0f} %" for day, count, fall in rows]
        stopped = "" if self.stopped_d is None else f"; all heparin stopped on day {self.stopped_d:g}"
        return "\n".join([f"{PATTERNS[self.pattern]}{stopped} (illustrative)", *lines])


def platelet_series(
    pattern: str,
    *,
    counted_d: Sequence[float],
    stopped_d: float | None = None,
    days_d: float = 21.0,
    usual_e9_per_l: float | None = None,
    seed: int = 0,
    subject: int = 0,
) -> PlateletSeries:
    """Return the platelet count of one patient under heparin, day by day; the same seed and subject give the same series.

    ``pattern``: one of ``PATTERNS``.
    ``counted_d``: the days on which blood is counted, d, rising.
    ``stopped_d``: the day on which all heparin stops, flushes too, d; ``None``: heparin goes on. Needed for "delayed".
    ``days_d``: length of the series, d (1 to 60).
    ``usual_e9_per_l``: count before heparin, 10^9/L (20 to 1000); ``None``: drawn.
    ``seed``, ``subject``: the address of onset, depth and imprecision.

    Raises ``ValueError`` for an unknown pattern, a value outside its limits, days that do not rise or lie beyond the series, and
    "delayed" without the day on which heparin was stopped.

    >>> one = platelet_series("typical", counted_d=range(0, 15), stopped_d=9, seed=4)
    >>> 5 <= one.onset_d <= 10
    True
    """
    check_one_of("pattern", pattern, PATTERNS)
    check_between("days_d", days_d, 1.0, _LONGEST_D)
    if stopped_d is not None:
        check_between("stopped_d", stopped_d, 0.0, days_d)
    elif pattern == "delayed":
        raise ValueError("stopped_d is needed for delayed onset: the fall begins days after heparin was stopped; got None")
    at = tuple(check_between("counted_d", day, 0.0, days_d) for day in counted_d)
    if list(at) != sorted(set(at)):
        raise ValueError(f"counted_d must rise: a later count stands after an earlier one; got {list(counted_d)!r}")
    seed = checked_seed(seed)
    check_is("subject", subject, int, "a whole number")
    check_between("subject", subject, 0, 2**53)
    one = np.array([subject])
    usual = float(_usual_e9_per_l(seed, one)[0])
    if usual_e9_per_l is not None:
        usual = check_between("usual_e9_per_l", usual_e9_per_l, 20.0, 1000.0)
    onset = float(_onset_d(pattern, stopped_d, uniforms(seed, Stream.PLATELETS.of("onset"), 0.0, one))[0])
    stop = math.inf if stopped_d is None else stopped_d
    times, true = _lived(pattern, usual, float(_removal_per_d(seed, one)[0]), onset, stop, days_d)
    counts = [float(_reported(np.array([_on_day(times, true, day)]), day, seed, one)[0]) for day in at]
    return PlateletSeries(
        pattern=pattern,
        usual_e9_per_l=usual,
        onset_d=None if math.isinf(onset) else onset,
        stopped_d=stopped_d,
        days_d=tuple(times.tolist()),
        true_e9_per_l=tuple(true.tolist()),
        counted_d=at,
        counted_e9_per_l=tuple(counts),
    )


def platelets_of(
    course: Course, pattern: str, *, counted_d: Sequence[float], days_d: float | None = None, seed: int = 0
) -> PlateletSeries:
    """Return the platelet count of the patient of a course: heparin stops there when the course gave the last of it.

    ``pattern``, ``counted_d``, ``seed``: as in :func:`platelet_series`; the patient is the course's subject.
    ``days_d``: length of the series, d (1 to 60); ``None``: as long as the course, at least a day.

    Heparin is taken to have stopped with the last dose or the end of the infusion; the hours that it lingers are left out. Raises
    ``ValueError`` for a course of another drug than heparin, and for a series that ends before heparin does.
    """
    check_is("course", course, Course, "a Course")
    if course.drug.anti_xa_fraction == 0.0:
        raise ValueError(f"course must be one of heparin: {course.drug.name} causes no HIT")
    running = np.flatnonzero(course.pump_u_per_h[:-1])
    last_h = float(course.time_h[running[-1] + 1]) if len(running) else 0.0
    doses = [order.time_h for order in course.regimen.orders if isinstance(order, Bolus | Subcutaneous)]
    last_h = max([last_h, *doses])
    days = max(1.0, course.hours / 24.0) if days_d is None else days_d
    goes_on = last_h >= course.hours - 1e-9
    return platelet_series(
        pattern,
        counted_d=counted_d,
        stopped_d=None if goes_on else last_h / 24.0,
        days_d=days,
        seed=seed,
        subject=course.subject,
    )


def reported_e9_per_l(
    patterns: np.ndarray,
    *,
    counted_d: Sequence[float],
    days_d: float,
    seed: int,
    subjects: np.ndarray,
    stopped_d: np.ndarray | None = None,
) -> np.ndarray:
    """Return the reported counts of many patients under heparin, 10^9/L (k, n): each as :func:`platelet_series` has it.

    ``patterns`` (n,): keys of ``PATTERNS`` but "delayed", whose fall begins after heparin.
    ``counted_d`` (k,): the days of the counts, d, rising. ``days_d``: length of the series, d (1 to 60).
    ``seed``, ``subjects`` (n,): the address of onset, depth and imprecision.
    ``stopped_d`` (n,): the day on which all heparin stops, d; infinite: it goes on; ``None``: it goes on in all.

    Only the patients whose count has moved by the last of these days are followed through time.
    """
    at = [check_between("counted_d", day, 0.0, check_between("days_d", days_d, 1.0, _LONGEST_D)) for day in counted_d]
    if at != sorted(set(at)):
        raise ValueError(f"counted_d must rise: a later count stands after an earlier one; got {list(counted_d)!r}")
    known = set(np.unique(patterns).tolist())
    if not known <= set(PATTERNS) - {"delayed"}:
        raise ValueError(f"patterns must be of {', '.join(name for name in PATTERNS if name != 'delayed')}; got {sorted(known)}")
    usual = _usual_e9_per_l(seed, subjects)
    true = np.tile(usual, (len(at), 1))
    for pattern in sorted(known - {"none"}):
        who = np.flatnonzero(patterns == pattern)
        onset = onset_d(pattern, seed, subjects[who])
        moved = (onset < at[-1]) | (pattern == "not immune") if at else np.zeros(len(who), dtype=bool)
        who, onset = who[moved], onset[moved]
        end = math.inf if stopped_d is None else stopped_d[who]
        times, lived = _lived(pattern, usual[who], _removal_per_d(seed, subjects[who]), onset, end, days_d)
        for row, day in enumerate(at):
            true[row, who] = _on_day(times, lived, day)
    counts = [_reported(one, day, seed, subjects) for one, day in zip(true, at, strict=True)]
    return np.array(counts).reshape(len(at), len(subjects))


def drawn_patterns(shares: Mapping[str, float], seed: int, subjects: np.ndarray) -> np.ndarray:
    """Return the pattern of each of these patients (m,); ``shares``: how many have each pattern, the rest has "none"."""
    u = uniforms(seed, Stream.PLATELETS.of("pattern"), 0.0, subjects)
    found, below = np.full(len(subjects), "none", dtype="<U12"), 0.0
    for pattern, share in shares.items():
        check_one_of("pattern", pattern, PATTERNS)
        found[(u >= below) & (u < below + share)] = pattern
        below += share
    return found


def onset_d(pattern: str, seed: int, subjects: np.ndarray) -> np.ndarray:
    """Return the day on which the fall of each of these patients begins while heparin goes on, d (m,); infinite without HIT."""
    check_one_of("pattern", pattern, [name for name in PATTERNS if name != "delayed"])
    return _onset_d(pattern, None, uniforms(seed, Stream.PLATELETS.of("onset"), 0.0, subjects))


def _drawn(what: str, median: Value, cv: Value, seed: int, subjects: np.ndarray) -> np.ndarray:
    """Return a log-normal number of each of these patients (m,)."""
    z = standard_normals(seed, Stream.PLATELETS.of(what), 0.0, subjects)
    return np.asarray(median.value * each(math.exp, math.sqrt(math.log1p(cv.value**2)) * z))


def _usual_e9_per_l(seed: int, subjects: np.ndarray) -> np.ndarray:
    return _drawn("usual count", USUAL_E9_PER_L, USUAL_CV_FRACTION, seed, subjects)


def _removal_per_d(seed: int, subjects: np.ndarray) -> np.ndarray:
    return REMOVAL_LEAST_PER_D.value + _drawn("depth", REMOVAL_PER_D, REMOVAL_CV_FRACTION, seed, subjects)


def _reported(true: np.ndarray, day_d: float, seed: int, subjects: np.ndarray) -> np.ndarray:
    """Return what the laboratory reports of these true counts on a day, 10^9/L (m,), in whole numbers."""
    sd = math.sqrt(math.log1p(COUNT_CV_FRACTION.value**2))
    z = standard_normals(seed, Stream.PLATELETS.of("count"), 24.0 * day_d, subjects)
    return np.asarray(np.round(true * each(math.exp, sd * z)))


def _on_day(times_d: np.ndarray, true: np.ndarray, day_d: float) -> Any:
    """Return the count on a day, of one patient or of m (m,), straight lines between the moments."""
    later = min(max(int(np.searchsorted(times_d, day_d)), 1), len(times_d) - 1)
    share = (day_d - times_d[later - 1]) / (times_d[later] - times_d[later - 1])
    return true[later - 1] + share * (true[later] - true[later - 1])


def _onset_d(pattern: str, stopped_d: float | None, u: np.ndarray) -> np.ndarray:
    """Return the day on which the fall begins (m,); evenly spread over what is published (that it is even is assumed)."""
    match pattern:
        case "typical":
            return 5.0 + 5.0 * u
        case "rapid":
            return u
        case "delayed":
            return (stopped_d or 0.0) + 3.0 + 6.0 * u  # "several days" after the stop: 3 to 9 is assumed
    return np.full(len(u), math.inf)


def _lived(pattern: str, usual: Any, removal: Any, onset_d: Any, stopped_d: Any, days_d: float) -> tuple[np.ndarray, np.ndarray]:
    """Return moments and true counts, by steps of a quarter of an hour; of one patient, or of m (moments, m).

    Production and the antibody effect are taken at the middle of a step and removal is exact, so no removal, however fast, takes
    a count below 0.
    """
    n = round(days_d * _STEPS_PER_D)
    times = np.linspace(0.0, days_d, n + 1)
    step, k, g = days_d / n, LOSS_PER_D.value, MARROW_EXPONENT.value
    end_d = onset_d + _WITHOUT_HEPARIN_D if pattern == "delayed" else stopped_d
    count, effect, counts = usual, 0.0 * usual, [usual]

    def growth(time_d: float, effect: Any) -> Any:
        rise, fall = ANTIBODY_RISE_PER_D.value * (1.0 - effect), -ANTIBODY_FALL_PER_D.value * effect
        return choose(time_d < onset_d, 0.0, choose(time_d < end_d, rise, fall))

    def moved(count: Any, made: Any, lost_per_d: Any, lasts_d: float) -> Any:
        """Return the count after so many days at one production and one removal."""
        left = each(math.exp, -lost_per_d * lasts_d)
        return count * left + made / lost_per_d * (1.0 - left)

    for time_d in times[:-1].tolist():
        middle = effect + 0.5 * step * growth(time_d, effect)
        lost = k + removal * middle
        halfway = moved(count, k * usual * power(usual / count, g), k + removal * effect, 0.5 * step)
        count = moved(count, k * usual * power(usual / halfway, g), lost, step)
        effect = effect + step * growth(time_d + 0.5 * step, middle)
        counts.append(count)
    true = np.asarray(counts)
    if pattern == "not immune":  # down by day 2, back three days later
        true = true.T * (1.0 - DIP_FRACTION.value * np.interp(times, [0.0, 2.0, 3.0, 5.0], [0.0, 1.0, 1.0, 0.0]))
        true = true.T
    return times, true
