"""What changed from the first edition of the table: rows that left, tolerances that changed, printed numbers that are not asked.

The first edition is kept with the tests (``tests/data/validation_first_edition.json``); they check that the lists are complete.
"""

from __future__ import annotations

from dataclasses import dataclass

from heparin_pk.base.checks import check_is, check_one_of, check_text, shown
from heparin_pk.base.source import Source
from heparin_pk.blood.response import WHITFIELD_1980
from heparin_pk.evidence.validation import papers, trials
from heparin_pk.published import sources
from heparin_pk.trials.hospital import PRUCNAL_2020

ANOTHER_DEVICE = "another device"
RECOMMENDED = "recommended, not measured"
ASKED_BETTER = "asked better in another row"
REASONS_TO_LEAVE = (ANOTHER_DEVICE, RECOMMENDED, ASKED_BETTER)
"""Why a row may leave. That it misses is no reason."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Left:
    """A row of the first edition that left the table.

    ``quantity``: what was asked.
    ``source``: the paper.
    ``was_inside``: whether our value lay inside then.
    ``reason``: one of ``REASONS_TO_LEAVE``.
    ``words``: the reason in full.

    Raises ``ValueError`` for another reason.
    """

    quantity: str
    source: Source
    was_inside: bool
    reason: str
    words: str

    def __post_init__(self) -> None:
        check_text("quantity", self.quantity)
        check_text("words", self.words)
        check_is("source", self.source, Source, "a Source")
        check_is("was_inside", self.was_inside, bool, "True or False")
        check_one_of("reason", self.reason, REASONS_TO_LEAVE)

    __repr__ = shown

    def plain(self) -> dict[str, object]:
        """Return the row as a dictionary, ready for JSON."""
        return {
            "quantity": self.quantity,
            "source": self.source.cite(),
            "was_inside": self.was_inside,
            "reason": self.reason,
            "words": self.words,
        }


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChangedTolerance:
    """A row whose bounds are not those of the first edition.

    ``quantity``: what is asked, as in the table.
    ``old``, ``new``: the lower and upper end then and now, in the unit of the row.
    ``source``: the paper that prints the new ends.
    ``reason``: why they changed.
    """

    quantity: str
    old: tuple[float, float]
    new: tuple[float, float]
    source: Source
    reason: str

    __repr__ = shown

    def plain(self) -> dict[str, object]:
        """Return the change as a dictionary, ready for JSON."""
        return {
            "quantity": self.quantity,
            "old": list(self.old),
            "new": list(self.new),
            "source": self.source.cite(),
            "where": self.source.where,
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NotAsked:
    """Printed numbers that no row asks for.

    ``printed``: the numbers and what they are.
    ``where``: the paper.
    ``reason``: why they are not asked.
    """

    printed: str
    where: str
    reason: str

    __repr__ = shown

    def plain(self) -> dict[str, object]:
        """Return the entry as a dictionary, ready for JSON."""
        return {"printed": self.printed, "where": self.where, "reason": self.reason}


_HEMOTEC = "Measured with a HemoTec; the set's law belongs to a Hemochron, and the two devices read differently."
_VIRTUAL = (
    "One typical patient under another hospital's table; the same number is asked of virtual patients under the trial's own."
)
_CORONARY_INSIDE = {
    "median aPTT {} h after the start of 80/18, adjusted": {6: False, 12: False, 18: True, 24: True, 48: True},
    "median aPTT {} h after the start of 5,000 U and 1,000 U/h": {6: False, 12: False, 18: False, 24: True, 48: True},
}
LEFT: tuple[Left, ...] = (
    *(
        Left(
            quantity=f"ACT 30 min after {dose} U/kg",
            source=papers.PCI_DOSES,
            was_inside=True,
            reason=ANOTHER_DEVICE,
            words=_HEMOTEC,
        )
        for dose in (70, 80, 90, 100)
    ),
    Left(
        quantity="peak level after 333 U/kg under the skin (therapeutic)",
        source=papers.SC_LABEL.at("333 then 250 U/kg every 12 h aims at treatment levels; drugs.com dosage page"),
        was_inside=True,
        reason=RECOMMENDED,
        words="A recommended dose and the level it aims at; no level was measured.",
    ),
    Left(
        quantity="protamine for an infusion of 1,250 U/h",
        source=papers.PROTAMINE_INFUSION,
        was_inside=True,
        reason=RECOMMENDED,
        words="A teaching page's dose; nothing was measured.",
    ),
    Left(
        quantity="aPTT 3 h after the end of 24 h of 80/18, relative to baseline",
        source=papers.WIKEM,
        was_inside=True,
        reason=RECOMMENDED,
        words="A teaching page's advice of 'up to 3 h', read as a ratio by us; nothing was measured.",
    ),
    *(
        Left(
            quantity=quantity.format(hour),
            source=trials.ACS_TRIAL,
            was_inside=was_inside,
            reason=ASKED_BETTER,
            words=_VIRTUAL,
        )
        for quantity, by_hour in _CORONARY_INSIDE.items()
        for hour, was_inside in by_hour.items()
    ),
    Left(
        quantity="slope of ln(aPTT), the middle reagent of the package",
        source=WHITFIELD_1980,
        was_inside=True,
        reason=ASKED_BETTER,
        words="The reagent of the default is asked for the same number; no model has the one that was asked.",
    ),
    Left(
        quantity="infusion for an aPTT of 58 s, the middle of 46-70",
        source=papers.REILLY_1996,
        was_inside=False,
        reason=ASKED_BETTER,
        words="The same number is asked in the US units of that time, in which it was measured.",
    ),
    Left(
        quantity="hours until the aPTT exceeds 1.5 x baseline under 80/18: within 24 h",
        source=sources.RASCHKE_1993.at("60 of 62 exceeded the threshold within 24 h"),
        was_inside=True,
        reason=ASKED_BETTER,
        words="One typical patient; the same 60 of 62 are asked of virtual patients.",
    ),
)
"""The rows that left, with what they said then."""

RENAMED = {
    "infusion per kg at 140 kg, relative to 100 kg": "infusion per kg at 154 kg, relative to 100 kg",
    "slope of ln(aPTT), the middle reagent of the package (second study)": "slope of ln(aPTT) (second study)",
    "half-life on dialysis, 7,500 U, default model with kidney failure": (
        "half-life on dialysis, 7,500 U, default model with its hypothesis of kidney failure"
    ),
    "anti-Xa at the end of a dialysis session, default model with kidney failure": (
        "anti-Xa at the end of a dialysis session, default model"
    ),
    "half-life after a dialysis session, default model with kidney failure": (
        "half-life after a dialysis session, default model"
    ),
}
"""Rows of the first edition under another name: 2,017 U/h at 13.1 U/kg/h are 154 kg, 140 kg had been assumed; the
reagent of the default is asked, where one of the library was; kidney failure acts in the default model only as a hypothesis."""
_NOT_SAID = "The paper does not say whether its +- is an SD or a standard error: the +- itself counts, twice it is shown beside."
CHANGED_TOLERANCES: tuple[ChangedTolerance, ...] = (
    ChangedTolerance(
        quantity="peak anti-Xa after 2,500 U into a vein",
        old=(0.61, 0.77),
        new=(0.65, 0.73),
        source=sources.SETTE_1985.at("Abstract: 0.69 +- 0.04 U/mL"),
        reason=_NOT_SAID,
    ),
    ChangedTolerance(
        quantity="half-life after 2,500 U into a vein",
        old=(44.8, 55.6),
        new=(47.5, 52.9),
        source=sources.SETTE_1985.at("Abstract: 50.2 +- 2.7 min"),
        reason=_NOT_SAID,
    ),
    *(
        ChangedTolerance(
            quantity=f"aPTT in range at {hour} h after 80 U/kg and 18 U/kg/h, {how}",
            old=old,
            new=new,
            source=PRUCNAL_2020.at(where),
            reason=reason,
        )
        for hour, old, new, where, reason in (
            (
                24,
                (0.203, 0.331),
                (0.205, 0.331),
                "Abstract: 26.3 % (26.3 % to 33.1 %) at 24 h, the lower limit a misprint",
                "The Wilson interval of 49 of 186 has the printed upper limit; its lower one is 20.5 %.",
            ),
            (
                48,
                (0.224, 0.352),
                (0.208, 0.375),
                "Abstract: 28.4 % (20.8 % to 37.5 %) at 48 h",
                "The printed 95 % CI in place of one as wide as at 24 h.",
            ),
        )
        for how in ("to the letter", "as wards carry it out")
    ),
)
"""Every tolerance that changed, old beside new; each changed to what the paper prints."""

NOT_ASKED: tuple[NotAsked, ...] = (
    NotAsked(
        printed="51 against 26 % in range at 6 h, 72 against 36 % at 24 h, under a table by weight and an older one",
        where=(
            "Zimmermann AT, Jeffries WS, McElroy H, Horowitz JD. Utility of a weight-based heparin nomogram for patients with "
            "acute coronary syndromes. Intern Med J 2003;33(1-2):18-25, abstract (metajournal.com/articles/239858)"
        ),
        reason="Neither the doses of the two tables nor the range are in the abstract, the only part that was read.",
    ),
    NotAsked(
        printed="116 of 203 patients with a time in range above 0; 13.3 and 12.7 h to the first therapeutic anti-Xa, by arm",
        where="Ifergan 2025 and Nguyen 2023, abstracts",
        reason="The ranges of the one are not printed; the median of both arms of the other is asked.",
    ),
    NotAsked(
        printed="half-life, volume and clearance of newborns of 29 to 32 and of 25 to 28 weeks",
        where="Heparin clearance in the newborn, abstract: groups II and III",
        reason="Their weights are not printed and lie below those of every set; group I (33 to 36 weeks) is asked.",
    ),
    NotAsked(
        printed="laboratory compliance 77.6 %",
        where="Brigham and Women's Hospital, Critical Pathways in Cardiology, abstract",
        reason="The late draws of the real ward were taken from it.",
    ),
)
"""Printed numbers that were looked for and are not asked."""
