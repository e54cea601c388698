"""A leaflet for the patient, written for the case in short words: why, how, which tests, and what to tell the ward.

The reading level is tested (grade 6 or lower, Flesch and Kincaid). For teaching and study: it stands in for no talk on the ward.
"""

from __future__ import annotations

from dataclasses import dataclass

from heparin_pk.base.checks import check_is, check_text, shown
from heparin_pk.base.source import Source
from heparin_pk.body.patient import Patient
from heparin_pk.published.sources import ASSUMED
from heparin_pk.teaching import practice, regrets
from heparin_pk.teaching.indications import Indication
from heparin_pk.ward.orders import Infusion, Subcutaneous

DUTY_SOURCE: Source = next(one.source for one in practice.about("safe-use") if one.source.key == "Joint_Commission_2019")
ONSET_SOURCE: Source = practice.about("hit-monitoring")[-1].source
PLACENTA_SOURCE = Source(
    key="NDA_17037_S158",
    citation="Heparin sodium injection, US prescribing information, NDA 17-037/S-158 (a copy of its text)",
    where="Pregnancy, nonteratogenic effects: heparin does not cross the placental barrier",
    confidence="second-hand",
    url="http://azkurs.org/description-v2.html?page=16",
)
DELAYED_SOURCE = Source(
    key="US_label_delayed_HIT",
    citation="Heparin sodium injection, US prescribing information, section 17",
    where="HIT can occur up to several weeks after heparin was stopped",
    confidence="primary",
    url="https://www.pfizermedicalinformation.com/en-us/heparin-inj-5",
)
PLAIN_WORDS = ASSUMED.at("the plain words are ours; allergy added; timing of HIT from the guideline")
SOURCES = (
    *dict.fromkeys(one.source for one in regrets.SIGNS),
    DUTY_SOURCE,
    ONSET_SOURCE,
    DELAYED_SOURCE,
    PLACENTA_SOURCE,
    PLAIN_WORDS,
)

SIGNS = (*(one.sign for one in regrets.SIGNS), "a rash, itching, chills, or trouble with your breath")
"""What the patient tells the ward at once: the signs of a bleed and of a clot, and those of an allergy."""

_WHY = {
    "thrombosis": "You have a blood clot. Heparin keeps it from growing. Your body then clears the clot on its own. This takes "
    "time. Heparin does not melt the clot.",
    "prevention": "After an operation, or when you lie still, a clot can form in the leg. Heparin helps to prevent this.",
    "heart": "A clot sits in a blood vessel of your heart. Heparin keeps it from growing. Other drugs and doctors open "
    "the vessel.",
    "stent": "Doctors work in a blood vessel of your heart. Heparin keeps clots from forming on their tools.",
    "dialysis": "Your blood runs through a machine. Heparin keeps it from clotting there.",
    "bypass": "During the operation your blood runs through a machine. Heparin keeps it from clotting there. Afterwards another "
    "drug takes the heparin away.",
    "rhythm": "Your heart beats out of step. A clot can form in it and reach the brain. Heparin helps to prevent this.",
    "instead": "You can not have heparin. This other drug keeps clots from growing.",
}
_KIND = (
    ("prophylaxis", "prevention"),
    ("myocardial", "heart"),
    ("intervention", "stent"),
    ("coronary", "heart"),
    ("haemodialysis", "dialysis"),
    ("surgery", "bypass"),
    ("fibrillation", "rhythm"),
    ("hit-", "instead"),
)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Leaflet:
    """A leaflet for one patient.

    ``title``: its title.
    ``parts``: heading and sentences of each part, in order.
    """

    title: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]

    def __post_init__(self) -> None:
        check_text("title", self.title)
        for heading, sentences in self.parts:
            check_text("a heading", heading)
            for one in sentences:
                check_text("a sentence", one)

    __repr__ = shown

    def in_words(self) -> str:
        """Return the leaflet as text: each heading with its sentences, one a line."""
        lines = [self.title]
        for heading, sentences in self.parts:
            lines += ["", heading, *(f"- {one}" for one in sentences)]
        return "\n".join(lines)

    def prose(self) -> str:
        """Return the sentences alone, each with its stop: what its reading level is measured on."""
        return " ".join(one if one[-1] in ".?!" else f"{one}." for _, sentences in self.parts for one in sentences)


def leaflet(indication: Indication, patient: Patient | None = None) -> Leaflet:
    """Return the leaflet for a patient with an indication, in the patient's words.

    ``indication``: why heparin is given, from :mod:`heparin_pk.indications`.
    ``patient``: what is known of the patient changes the text: pregnancy, kidneys, a child (default: an adult).

    >>> from heparin_pk.teaching.indications import named
    >>> leaflet(named("pulmonary-embolism")).parts[0][1][-1]
    'Heparin does not melt the clot.'
    """
    check_is("indication", indication, Indication, "an Indication")
    check_is("patient", patient, (Patient, type(None)), "a Patient or None")
    is_child = indication.people != "adults" or (patient is not None and patient.age_y is not None and patient.age_y < 16.0)
    kind = next((kind for part, kind in _KIND if part in indication.name), "thrombosis")
    drug = "this drug" if kind == "instead" else "heparin"
    parts = [
        ("Why you get it", _WHY[kind]),
        ("How you get it", _how(indication, kind)),
        ("Which tests you need", _tests(indication, kind)),
        ("For you", _for_you(patient, kind, is_child=is_child)),
    ]
    found = [(heading, tuple(_sentences(text))) for heading, text in parts if text]
    ask = tuple(f"{one[0].upper()}{one[1:]}" for one in SIGNS)
    found.append(("Tell us at once", ("Ring the bell. Do not wait for the next round.", *ask)))
    found.append(("What you can do", _you_can(drug, is_child=is_child)))
    found.append(("After you go home", _at_home(kind)))
    title = "Your blood thinner" if kind == "instead" else "Your heparin"
    return Leaflet(title=title, parts=tuple(found))


def _sentences(text: str) -> list[str]:
    return [f"{one}." for one in text.removesuffix(".").split(". ")]


def _how(indication: Indication, kind: str) -> str:
    if kind == "dialysis":
        return "It goes into the tubes of the machine while you are treated."
    if any(isinstance(order, Infusion) for order in indication.orders):
        return (
            "It runs into a vein from a pump, day and night. If the pump beeps, or the arm with the line hurts, ring the bell. "
            "Please do not touch the pump."
        )
    if any(isinstance(order, Subcutaneous) for order in indication.orders):
        return "You get a small shot under the skin, mostly of the belly. A small bruise there is common. Do not rub it."
    return "It goes straight into a vein or into the tubes of the machine."


_PLATELETS = (
    " We also count your platelets. These are small cells that help blood to clot. In a few people heparin makes them drop after "
    "five to ten days, and new clots can form. If you had heparin not long ago, tell us, for then it can come at once."
)


_WHILE_TREATED = ("dialysis", "stent", "bypass")


def _tests(indication: Indication, kind: str) -> str:
    platelets = "" if kind == "instead" else _PLATELETS
    if indication.target is None:
        return f"This dose needs no test of how fast your blood clots.{platelets}"
    if kind in _WHILE_TREATED:
        return f"While you are treated, we test how fast your blood clots.{platelets}"
    if not any(isinstance(order, Infusion) for order in indication.orders):
        return f"We may take blood to see how fast it clots. Then the next dose may change.{platelets}"
    return (
        "We take blood to see how fast it clots. Then we may turn the pump up or down. So we need blood often on the first day."
        f"{platelets}"
    )


def _for_you(patient: Patient | None, kind: str, *, is_child: bool) -> str:
    said = []
    if is_child:
        said.append("This page is for the parents. You know your child best, so tell us if something looks wrong.")
    if patient is not None and patient.pregnant and kind != "instead":
        said.append("Heparin does not reach your baby.")
        said.append("Tell us when labour starts, so that we can stop it in time.")
    if patient is not None and patient.kidney_failure:
        said.append("Your kidneys are weak. So we look at your blood more often.")
    if patient is not None and patient.cirrhosis:
        said.append("Your liver is weak. So we look at your blood more often.")
    return " ".join(said)


def _you_can(drug: str, *, is_child: bool) -> tuple[str, ...]:
    ask = "Ask what the last test showed. Ask when the next one is due."
    if is_child:
        return (
            f"Tell each doctor, nurse and dentist that your child gets {drug}.",
            "Ask us before you give a pill or a juice for pain or fever. Some make a child bleed more.",
            "Use a soft toothbrush.",
            "Ask that your child is weighed. The dose depends on it.",
            ask,
        )
    return (
        f"Tell each doctor, nurse and dentist that you get {drug}.",
        "Ask us before you take a pill for pain, such as aspirin or ibuprofen. Some pills make you bleed more.",
        "Ask us before you take any herb or drug from home.",
        "Use a soft toothbrush. Shave with care.",
        "Tell us your true weight. If you were not weighed, ask for it. The dose depends on it.",
        ask,
    )


def _at_home(kind: str) -> tuple[str, ...]:
    if kind == "instead":
        return ("Carry a card that says you must not have heparin.", "Show it to each doctor, nurse and dentist.")
    return (
        "Heparin leaves your blood within a day.",
        "In the next weeks, a new pain, a swollen leg or a dark sore on the skin may be due to heparin. Come back at once.",
        "If heparin once made your platelets drop, say so each time you are asked about drugs.",
    )
