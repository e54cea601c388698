"""Indications of heparin: presets of regimen, target and model, each with its source, for study.

The effect of heparin is the same in all of them: it keeps clots from forming and growing. It never dissolves one.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace

from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text, shown
from heparin_pk.base.source import Source
from heparin_pk.blood.assay import TherapeuticRange
from heparin_pk.body.patient import Patient
from heparin_pk.published import UFH_DEFAULT, ranges
from heparin_pk.published import named as model_named
from heparin_pk.published.drug import Drug
from heparin_pk.published.sources import BRUNET_2008, RASCHKE_1993
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.simulate import simulate
from heparin_pk.teaching import practice
from heparin_pk.ward.orders import Bolus, Infusion, Order, Protamine, Regimen, Stop, Subcutaneous

PEOPLE = ("adults", "children", "infants")
PROTAMINE_MG_IN_10_MIN = 50.0
"""The fastest protamine: 50 mg in 10 minutes, as ``heparin_pk.published.sources.PROTAMINE_LABEL`` prints."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Indication:
    """One indication: in whom, with which orders and target, what is monitored, and the source.

    ``name``: name of the preset, such as "vte-iv".
    ``title``: the indication, in words.
    ``why``: what heparin does in this indication.
    ``orders``: boluses, infusions and other orders; per kg where the source writes them so.
    ``watch``: what is monitored.
    ``source``: where the orders were read.
    ``hours``: length of the course, 1 to 1,440 h.
    ``target``: therapeutic range, or ``None`` where no level is measured.
    ``model``: name of the published parameter set to use.
    ``people``: "adults", "children" or "infants".
    ``caveats``: limits of the preset or of its model.
    ``practice``: topics of :mod:`heparin_pk.teaching.practice` that belong to it; their statements are printed with it.
    ``protamine_h``: when protamine is given at the end, h, or ``None``.
    ``protamine_mg_per_100_u``: its amount, mg for each 100 U of the boluses before it; as slowly as its label asks.

    Raises ``ValueError`` for an empty text, an unknown model or topic, orders that do not make a regimen, and protamine without a
    time, an amount or a bolus before it.
    """

    name: str
    title: str
    why: str
    orders: tuple[Order, ...]
    watch: str
    source: Source
    hours: float = 24.0
    target: TherapeuticRange | None = None
    model: str = "UFH_DEFAULT"
    people: str = "adults"
    caveats: str = ""
    practice: tuple[str, ...] = ()
    protamine_h: float | None = None
    protamine_mg_per_100_u: float | None = None

    def __post_init__(self) -> None:
        for name in ("name", "title", "why", "watch"):
            check_text(name, getattr(self, name))
        check_one_of("people", self.people, PEOPLE)
        check_is("source", self.source, Source, "a Source")
        object.__setattr__(self, "orders", Regimen(self.orders).orders)
        object.__setattr__(self, "hours", check_between("hours", self.hours, 1.0, 1440.0))
        model_named(self.model)
        object.__setattr__(self, "practice", tuple(self.practice))
        for topic in self.practice:
            practice.about(topic)
        if self.protamine_h is None and self.protamine_mg_per_100_u is None:
            return
        if self.protamine_h is None or self.protamine_mg_per_100_u is None:
            raise ValueError("protamine needs both protamine_h and protamine_mg_per_100_u")
        object.__setattr__(self, "protamine_h", check_between("protamine_h", self.protamine_h, 0.0, self.hours))
        amount = check_between("protamine_mg_per_100_u", self.protamine_mg_per_100_u, 0.1, 2.0)
        object.__setattr__(self, "protamine_mg_per_100_u", amount)
        if not self._boluses_before_protamine():
            raise ValueError(
                f"protamine_h = {self.protamine_h:g} h: no bolus is given before it, so there is nothing to neutralise"
            )

    __repr__ = shown

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.title} ({self.people})", f"  {self.why}"]
        lines.append(
            f"  watched: {self.watch}; aims at {self.target.in_words() if self.target else 'no level'}; model {self.model}"
        )
        if self.caveats:
            lines.append(f"  caveat: {self.caveats}")
        lines.append(f"  source: {self.source.cite()} ({self.source.where})")
        return "\n".join([*lines, *([practice.in_words(*self.practice)] if self.practice else [])])

    @property
    def regimen(self) -> Regimen:
        """The orders as a regimen, ready for ``simulate``; without protamine, whose amount depends on the patient."""
        return Regimen(self.orders)

    def _boluses_before_protamine(self) -> list[Bolus]:
        return [order for order in self.orders if isinstance(order, Bolus) and order.time_h < (self.protamine_h or 0.0)]

    def regimen_for(self, patient: Patient) -> Regimen:
        """Return the orders for one patient, with protamine by the heparin given before it, no faster than its label says."""
        if self.protamine_h is None or self.protamine_mg_per_100_u is None:
            return self.regimen
        weight_kg = patient.weight_kg if patient.dosing_weight_kg is None else patient.dosing_weight_kg
        given_u = sum(order.resolved(weight_kg).dose_u or 0.0 for order in self._boluses_before_protamine())
        dose_mg = self.protamine_mg_per_100_u * given_u / 100.0
        over_min = max(10.0, 10.0 * dose_mg / PROTAMINE_MG_IN_10_MIN)
        reversal = Protamine(time_h=self.protamine_h, dose_mg=dose_mg, over_min=over_min)
        return Regimen(tuple(sorted((*self.orders, reversal), key=lambda order: order.time_h)))

    @property
    def drug(self) -> Drug:
        """The published parameter set of this preset."""
        return model_named(self.model)

    def course(self, patient: Patient, *, drug: Drug | None = None) -> Course:
        """Return the course of a patient under this preset, with its own model unless another is given."""
        course = simulate(patient, drug if drug is not None else self.drug, self.regimen_for(patient), hours=self.hours)
        return replace(course, target=self.target, plan_source=self.source, controller=self.name)


_DRUGS_COM = Source(
    key="Drugs_com_heparin",
    citation="Heparin dosage, US dosing text (drugs.com)",
    where="5,000 units SC 2 h before surgery, then every 8 to 12 h; 333 then 250 units/kg SC every 12 h",
    confidence="primary",
    url="http://www.drugs.com/dosage/heparin.html",
)
_LABEL_DOSE = Source(
    key="Heparin_label_dose",
    citation="Heparin sodium injection, US prescribing information (DailyMed copy)",
    where="5,000 units, then 20,000 to 40,000 units/24 h, for a patient of 68 kg",
    confidence="primary",
    url="https://fda.report/DailyMed/f67eea4e-80ff-48da-8b04-8addc5cd31d1",
)
_ACS = Source(
    key="ACC_AHA_2007",
    citation=(
        "ACC/AHA 2007 guideline update for unstable angina and non-ST-elevation myocardial infarction, Table 13. Circulation, "
        "14 August 2007"
    ),
    where="60 U/kg (at most 4,000), then 12 U/kg/h (at most 1,000)",
    confidence="primary",
    url="https://www.yumpu.com/en/document/view/19223494/acc-aha-2007-guideline-update-for-the/38",
)
_ACS_RANGE = Source(
    key="CCJM_ACS",
    citation="Cleveland Clinic heparin protocols, in Cleve Clin J Med",
    where="ACS: 60/12, aPTT 49-67 s, anti-Xa 0.2-0.5 U/mL",
    confidence="primary",
    url="https://www.ccjm.org/highwire/markup/10409/expansion?width=1000",
)
_CPB = Source(
    key="Heparin_label_CPB",
    citation="Heparin label text on open-heart surgery (copy)",
    where="At least 150 units/kg; 300 units/kg below 60 min, 400 units/kg above; the ACT of 480 s is quoted elsewhere",
    confidence="second-hand",
    url="http://azkurs.org/description-v2/azkurs.org/description-v2.html?page=9",
)
_HD = Source(
    key="Dialysis_dose",
    citation="Dialysis: 25-30 units/kg, then 1,500-2,000 units/h (secondary pages; the US label refers to the machine's makers)",
    where="Follow equipment manufacturer's operating directions carefully (label)",
    confidence="second-hand",
    url="https://www.pfizermedical.com/heparin-inj-1/highlights",
)
_AF = Source(
    key="Roswell_2016",
    citation=(
        "Roswell RO, et al. Intravenous heparin dosing strategy in hospitalized patients with atrial dysrhythmias. "
        "J Thromb Thrombolysis 2016;42(2):179-85"
    ),
    where=(
        "Abstract: 9.7 to 11.8 U/kg/h gave a therapeutic aPTT; 9.7 to 11.0 without a bolus is advised, because starts above 11.0 "
        "went with more bleeding (OR 1.95, 1.06-3.59; 76 of 226 bled)"
    ),
    confidence="primary",
    doi="10.1007/s11239-016-1347-2",
    pmid="26951166",
)
_CNS = Source(
    key="PMC8891818",
    citation="Am J Clin Pathol 2021 Sep 25;157(3):321-327 (PMC8891818; title not seen)",
    where="Table 4, column 'CNS or Postpartum Thrombosis': no bolus, 12 U/kg/h",
    confidence="primary",
    doi="10.1093/ajcp/aqab135",
    url="https://pmc.ncbi.nlm.nih.gov/articles/PMC8891818",
)
_CHILDREN = Source(
    key="Paediatric_ACCP_aPTT",
    citation="Protocol for systemic heparin administration and adjustment in children: hindawi.com, emi 2011/734506, Table 4",
    where="Table 4: 75 U/kg over 10 min; then 28 U/kg/h (below 1 year) or 20 U/kg/h (above)",
    confidence="primary",
    url="http://www.hindawi.com/journals/emi/2011/734506/tab4/",
)
_ELDERLY = Source(
    key="Durham_VA_2009",
    citation="Durham VA Medical Center. DVT/PE heparin protocol, revision 6/2009",
    where="Elderly, oedematous or morbidly obese: 50 U/kg, then 15 U/kg/h",
    confidence="primary",
    url="https://azkurs.org/dvtpe-protocol-obtain-baseline-labs.html",
)
_ARGATROBAN_ORDER = Source(
    key="HIT_alternatives",
    citation="Table of anticoagulants for heparin-induced thrombocytopenia (ashpublications.net, view-large 10692593)",
    where="Argatroban 2 micrograms/kg/min, aPTT 1.5-3 x; bivalirudin 0.15 mg/kg/h",
    confidence="primary",
    url="http://ashpublications.net/view-large/10692593",
)

_APTT_IN_USE = ranges.of_reagent(UFH_DEFAULT.reagent)
"""What anti-Xa 0.3-0.7 U/mL is in seconds with the reagent of the default model, in which these presets are read."""
_DIALYSIS_TARGET = TherapeuticRange(
    assay="anti_xa_u_per_ml",
    low=0.3,
    high=0.7,
    source=BRUNET_2008.at("Abstract: 0.3 to 0.7 IU/mL is considered sufficient for anticoagulation"),
)
_ACT_CPB = TherapeuticRange(assay="act_s", low=480, high=700, source=_CPB)
_ACS_TARGET = TherapeuticRange(assay="anti_xa_u_per_ml", low=0.2, high=0.5, source=_ACS_RANGE)
_KEEPS = "Keeps clots from forming"
_GROWS = "Keeps the clot from growing while the body removes it; it does not dissolve it"


def _every(hours: float, n: int, dose_u: float) -> tuple[Subcutaneous, ...]:
    """Return ``n`` subcutaneous doses, one every so many hours from 0 h on."""
    return tuple(Subcutaneous(time_h=hours * k, dose_u=dose_u) for k in range(n))


ALL: tuple[Indication, ...] = (
    Indication(
        name="dvt-prophylaxis-8h",
        title="preventing deep-vein thrombosis, 5,000 U under the skin every 8 h",
        why=f"{_KEEPS} in the leg veins of patients who have an operation or cannot walk.",
        orders=_every(8.0, 6, 5000.0),
        hours=48.0,
        watch="platelets and bleeding; no clotting test",
        source=_DRUGS_COM,
        caveats="No level is aimed at. In obesity some hospitals give 7,500 U.",
        practice=("hit-monitoring",),
    ),
    Indication(
        name="dvt-prophylaxis-12h",
        title="preventing deep-vein thrombosis, 5,000 U under the skin every 12 h",
        why=f"{_KEEPS} in the leg veins of patients who have an operation or cannot walk.",
        orders=_every(12.0, 4, 5000.0),
        hours=48.0,
        watch="platelets and bleeding; no clotting test",
        source=_DRUGS_COM,
        caveats="No level is aimed at.",
        practice=("hit-monitoring",),
    ),
    Indication(
        name="vte-iv",
        title="deep-vein thrombosis, by weight into a vein",
        why=f"{_GROWS}.",
        orders=(Bolus(time_h=0.0, dose_u_per_kg=80.0), Infusion(time_h=0.0, rate_u_per_kg_per_h=18.0)),
        target=ranges.ANTI_XA_TREATMENT,
        watch="aPTT or anti-Xa 6 h after each change; platelets",
        source=RASCHKE_1993.at("80 U/kg, then 18 U/kg/h"),
        caveats="The paper aimed at 46-70 s with its reagent of 1993; anti-Xa 0.3-0.7 U/mL is what they are taken to mean.",
        practice=("venous-thromboembolism", "before-starting"),
    ),
    Indication(
        name="pulmonary-embolism",
        title="pulmonary embolism, by weight into a vein",
        why=f"{_GROWS}, and prevents the next embolism. An immediately life-threatening clot needs lysis, not heparin.",
        orders=(Bolus(time_h=0.0, dose_u_per_kg=80.0), Infusion(time_h=0.0, rate_u_per_kg_per_h=18.0)),
        target=ranges.ANTI_XA_TREATMENT,
        watch="aPTT or anti-Xa 6 h after each change; circulation; platelets",
        source=RASCHKE_1993.at("80 U/kg, then 18 U/kg/h"),
        caveats="Whether a fresh clot raises the dose is disputed: the studies contradict each other.",
        practice=("venous-thromboembolism", "before-starting", "acute-thrombosis"),
    ),
    Indication(
        name="vte-label",
        title="deep-vein thrombosis, the label's fixed dose",
        why=f"{_GROWS}.",
        orders=(Bolus(time_h=0.0, dose_u=5000.0), Infusion(time_h=0.0, rate_u_per_h=30_000.0 / 24.0)),
        target=ranges.ANTI_XA_TREATMENT,
        watch="aPTT before each change; platelets",
        source=_LABEL_DOSE,
        caveats="Written for a patient of 68 kg; 20,000 to 40,000 U a day, of which the middle is used.",
        practice=("venous-thromboembolism", "before-starting"),
    ),
    Indication(
        name="vte-sc",
        title="deep-vein thrombosis, by weight under the skin",
        why=f"{_GROWS}.",
        orders=(
            Subcutaneous(time_h=0.0, dose_u_per_kg=333.0),
            *(Subcutaneous(time_h=12.0 * k, dose_u_per_kg=250.0) for k in (1, 2, 3)),
        ),
        hours=48.0,
        target=ranges.ANTI_XA_TREATMENT,
        watch="platelets; the aPTT was not needed in the trial",
        source=_DRUGS_COM,
        caveats="Absorption differs between patients by half or more; the model of absorption is coarse.",
        practice=("venous-thromboembolism", "before-starting"),
    ),
    Indication(
        name="myocardial-infarction",
        title="acute coronary syndrome and myocardial infarction",
        why="Keeps the clot on the ruptured plaque from growing, with antiplatelet drugs; the artery is opened by other means.",
        orders=(
            Bolus(time_h=0.0, dose_u_per_kg=60.0, most_u=4000.0),
            Infusion(time_h=0.0, rate_u_per_kg_per_h=12.0, most_u_per_h=1000.0),
        ),
        target=_ACS_TARGET,
        watch="aPTT or anti-Xa at 6 h; bleeding; platelets",
        source=_ACS,
        caveats="Not an indication on the US label. Above 67 kg the bolus is capped, above 83 kg the infusion too.",
        practice=("acute-coronary-syndrome",),
    ),
    Indication(
        name="coronary-intervention",
        title="percutaneous coronary intervention",
        why=f"{_KEEPS} on wires and stents for an hour.",
        orders=(Bolus(time_h=0.0, dose_u_per_kg=85.0),),
        hours=4.0,
        target=ranges.ACT_INTERVENTION_HEMOCHRON,  # the device the model answers for
        model="EDRICH_2015_UFH",
        watch="ACT on the device of the target, minutes after the bolus",
        source=ranges.PCI_CARD,
        caveats=(
            "The middle of 70-100 U/kg. The model answers for a Hemochron device, and so does this target; on a HemoTec it is "
            "250-300 s. It was studied in ablation, not in this procedure, and stays below the target here."
        ),
        practice=("coronary-intervention",),
    ),
    Indication(
        name="cardiac-surgery",
        title="cardiopulmonary bypass, then protamine",
        why=f"{_KEEPS} in the heart-lung machine; afterwards it is neutralised.",
        orders=(Bolus(time_h=0.0, dose_u_per_kg=400.0),),
        protamine_h=2.0,
        protamine_mg_per_100_u=0.625,
        hours=6.0,
        target=_ACT_CPB,
        model="DELAVENNE_2017_UFH",
        watch="ACT every half hour; blood pressure while protamine is given; ACT again after it, for rebound",
        source=_CPB,
        caveats=(
            "Dilution by the pump prime is not modelled. The ACT of 480 s is quoted; its guideline was not read. Protamine is "
            "given by amount, 0.625 mg for each 100 U (Lanoiselée 2026, below), at the speed of its label, slower than in "
            "many theatres; its reactions and the anticoagulant effect of an excess are not modelled."
        ),
        practice=("cardiac-surgery", "protamine"),
    ),
    Indication(
        name="haemodialysis",
        title="haemodialysis, a session of four hours",
        why=f"{_KEEPS} in the dialyser.",
        orders=(
            Infusion(time_h=0.0, rate_u_per_kg_per_h=25.0),
            Infusion(time_h=1.0, rate_u_per_kg_per_h=12.5),
            Stop(time_h=3.0),
        ),
        hours=8.0,
        target=_DIALYSIS_TARGET,
        model="BRUNET_2008_UFH_DERIVED",
        watch="the circuit; bleeding from the access",
        source=BRUNET_2008,
        caveats=(
            "The default model is not valid here: one hour after the stop it predicts a third of the measured 0.25 U/mL, and "
            "half of it with the hypothesis of kidney failure. This preset uses a model derived from dialysis patients."
        ),
        practice=("kidney-failure",),
    ),
    Indication(
        name="haemodialysis-bolus",
        title="haemodialysis, bolus and hourly dose",
        why=f"{_KEEPS} in the dialyser.",
        orders=(
            Bolus(time_h=0.0, dose_u_per_kg=27.5),
            Infusion(time_h=0.0, rate_u_per_h=1750.0),
            Stop(time_h=3.5),
        ),
        hours=8.0,
        target=_DIALYSIS_TARGET,
        model="KANDROTAS_1989_UFH",
        watch="the circuit; bleeding from the access",
        source=_HD,
        caveats="Second-hand dose, its middle used. The model was derived from boluses only, so it warns.",
        practice=("kidney-failure",),
    ),
    Indication(
        name="atrial-fibrillation",
        title="atrial fibrillation while tablets cannot be given, without a bolus",
        why=f"{_KEEPS} in the left atrium, from where they can reach the brain.",
        orders=(Infusion(time_h=0.0, rate_u_per_kg_per_h=10.35),),
        hours=48.0,
        target=_APTT_IN_USE,
        watch="aPTT at 6 h; bleeding; platelets",
        source=_AF,
        caveats=(
            "The middle of the advised rates (9.7-11.0 U/kg/h): a third of that cohort bled, more often above 11.0. The reagent "
            "and the range of that hospital are not known; shaded is what anti-Xa 0.3-0.7 U/mL is with the reagent in use. The "
            "level stays below it; that is no reason to give more. Oral anticoagulants are the rule."
        ),
        practice=("atrial-fibrillation",),
    ),
    Indication(
        name="stroke",
        title="thrombosis in the central nervous system or after birth, without a bolus",
        why=f"{_GROWS}; the dose is low because a bleed in the brain is feared.",
        orders=(Infusion(time_h=0.0, rate_u_per_kg_per_h=12.0),),
        hours=48.0,
        target=_APTT_IN_USE,
        watch="the neurological examination; aPTT at 6 h",
        source=_CNS,
        caveats=(
            "Not for acute ischaemic stroke: anticoagulation within 48 h of its onset is not recommended (AHA/ASA 2026, class "
            "3: no benefit). The table's own aPTT goal is 71-105 s with a reagent of its own; shaded is what anti-Xa 0.3-0.7 "
            "U/mL is with the reagent in use."
        ),
        practice=("stroke",),
    ),
    Indication(
        name="elderly",
        title="venous thrombosis in the elderly, oedematous or very obese",
        why=f"{_GROWS}.",
        orders=(Bolus(time_h=0.0, dose_u_per_kg=50.0), Infusion(time_h=0.0, rate_u_per_kg_per_h=15.0)),
        target=ranges.ANTI_XA_TREATMENT,
        watch="aPTT or anti-Xa 6 h after each change; bleeding",
        source=_ELDERLY,
        caveats=(
            "One hospital's rule. Here it acts by the lower dose alone: oedema changes nothing in this model, and age little "
            "(size assumed). That the range is anti-Xa 0.3-0.7 U/mL is assumed; the hospital aims at 68-95 s."
        ),
        practice=("venous-thromboembolism", "before-starting"),
    ),
    Indication(
        name="children",
        title="children from one year on",
        why=f"{_GROWS}.",
        orders=(Bolus(time_h=0.0, dose_u_per_kg=75.0, over_min=10.0), Infusion(time_h=10.0 / 60.0, rate_u_per_kg_per_h=20.0)),
        target=ranges.ANTI_XA_TREATMENT,
        model="SALEM_2022_UFH",
        people="children",
        watch="anti-Xa or aPTT 4 h after each change",
        source=_CHILDREN,
        caveats="The scaling within childhood is ours. In the study, 15 % below six years reached the target, 45 % from twelve.",
        practice=("children",),
    ),
    Indication(
        name="infants",
        title="infants below one year",
        why=f"{_GROWS}.",
        orders=(Bolus(time_h=0.0, dose_u_per_kg=75.0, over_min=10.0), Infusion(time_h=10.0 / 60.0, rate_u_per_kg_per_h=28.0)),
        target=ranges.ANTI_XA_TREATMENT,
        model="SALEM_2022_UFH",
        people="infants",
        watch="anti-Xa or aPTT 4 h after each change",
        source=_CHILDREN,
        caveats=(
            "The scaling within childhood is ours; in the study, infants reached the target in 15 %. A bolus may peak higher "
            "than here and be gone sooner: 75 U/kg over the printed volumes of newborns is 0.9 to 1.3 U/mL, and their "
            "half-lives were 35 to 42 min. Not for newborns."
        ),
        practice=("infants", "children"),
    ),
    Indication(
        name="hit-argatroban",
        title="heparin-induced thrombocytopenia: argatroban instead",
        why="Blocks thrombin directly, without antithrombin and without heparin.",
        orders=(Infusion(time_h=0.0, rate_u_per_kg_per_h=120.0),),
        target=TherapeuticRange(assay="aptt_ratio", low=1.5, high=3.0, source=_ARGATROBAN_ORDER),
        model="SWAN_ARGATROBAN_DERIVED",
        watch="aPTT 2 h after each change; the liver",
        source=_ARGATROBAN_ORDER,
        caveats=(
            "2 micrograms/kg/min, for patients who are not critically ill and have a healthy liver; others were given a "
            "quarter to a tenth of it. The aPTT curve of this model is assumed. No platelet is simulated."
        ),
        practice=("hit-monitoring", "hit-treatment"),
    ),
)
"""All presets, for study, each with its source. None is medical advice."""


def named(name: str) -> Indication:
    """Return a preset by its name; raises ``ValueError`` for an unknown name, and lists the known ones."""
    known = {indication.name: indication for indication in ALL}
    if name not in known:
        near = difflib.get_close_matches(str(name), known, n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"no indication {name!r}; there are {', '.join(known)}{hint}")
    return known[name]
