"""The bedside widget: one patient, one pump, one laboratory, and a learner who predicts the first result and orders the doses.

Time stops at each laboratory result until the learner answers it. The course in the widget ends at that time, so the future
cannot be read from it.
"""

# mypy: allow-subclassing-any
# (ipywidgets has no types: its classes are Any)
from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, TypeAlias

from ipywidgets import HTML, Box, Button, Dropdown, FloatSlider, IntSlider, Layout, RadioButtons, Text, VBox

from heparin_pk import plot, published
from heparin_pk.base.checks import check_between, check_one_of
from heparin_pk.base.randomness import checked_seed
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.blood.response import Reagent, level
from heparin_pk.body.patient import Patient
from heparin_pk.published.drug import Drug
from heparin_pk.simulation.course import Course, chart_in_words
from heparin_pk.simulation.matching import reagent_for
from heparin_pk.simulation.simulate import titrate
from heparin_pk.ward.by_hand import ByHand
from heparin_pk.ward.nomogram import Nomogram
from heparin_pk.ward.pump import Pump
from heparin_pk.widgets.controls import HIGHEST_RATE_U_PER_KG_PER_H, ROW, StepRow, Unfolds, chosen, script, slider
from heparin_pk.widgets.page import Asleep
from heparin_pk.widgets.picture import Ahead, Picture, Track
from heparin_pk.widgets.words import (
    SIDES,
    aloud,
    chart_table,
    code_block,
    code_for,
    score_table,
    side,
    verdict,
)

_TABLES = (
    "raschke-1993",
    "acs-fixed-step",
    "durham-va-2009",
    "nsccm-standard",
    "pmc8891818-venous",
    "uk-aptt-ratio",
    "michigan-vte-anti-xa",
)
"""Nomograms for adults in the list, from aPTT in seconds to anti-Xa; another one can be passed to :func:`bedside`."""


_OF_THE_TABLE = "the table's own"
"""The first choice in the list of reagents: the one that the nomogram was written for."""

_ADULTS_KG = (40.0, 160.0)
"""Limits of the weight slider, kg, where the paper of the drug prints none."""


_Start: TypeAlias = tuple[Patient, ByHand, Laboratory, Pump, TherapeuticRange]


@lru_cache(maxsize=64)
def _course(
    patient: Patient, drug: Drug, controller: ByHand | Nomogram, hours: float, laboratory: Laboratory, pump: Pump, seed: int
) -> Course:
    """Return a course; cached, because a slider leaves one of the two courses unchanged."""
    return titrate(patient, drug, controller, hours=hours, laboratory=laboratory, pump=pump, seed=seed)


class Bedside(Asleep, VBox):
    """A patient to be kept in range by hand, compared with the same patient under a nomogram.

    Controls:

    ``sliders``: sliders of patient and start, by name
    ``reagent``, ``nomogram``: lists of aPTT reagents and of nomograms
    ``prediction``, ``guess``, ``show``: answers, optional number and button of the prediction
    ``rows``: answers to the laboratory results
    ``to_the_end``, ``again``, ``other_errors``: buttons

    Displays:

    ``picture``, ``score``, ``chart``, ``code``: picture, metrics, chart and Python code
    ``feedback``: feedback on the prediction

    Courses, ``None`` before the prediction:

    ``course``: course under the learner's orders
    ``by_nomogram``: course under the nomogram
    """

    def __init__(
        self,
        *,
        patient: Patient,
        drug: Drug,
        nomogram: Nomogram,
        reagent: str | None,
        start: ByHand,
        hours: float,
        seed: int,
        predict: bool,
    ) -> None:
        self.patient, self.drug, self.hours, self.seed, self.predict = patient, drug, hours, seed, predict
        self.course: Course | None = None
        self.by_nomogram: Course | None = None
        self.rows: list[StepRow] = []
        self._stage, self._answered, self._rows_seen = "predict", 0, 0
        self._predicted_for: _Start | None = None
        self._tables = {name: Nomogram.load(name) for name in _TABLES} | {nomogram.name: nomogram}
        self._make_controls(nomogram, reagent, start)
        self.picture = Picture()
        full = Layout(width="100%", margin="2px 0")
        self.score, self.chart, self.code = (
            HTML(layout=Layout(max_width="100%", overflow="auto")),
            HTML(layout=full),
            HTML(layout=full),
        )
        self._waiting_box, self._answered_box = VBox(layout=full), VBox(layout=full)
        self._lay_out()
        self._restart()

    # Controls and layout

    def _make_controls(self, nomogram: Nomogram, reagent: str | None, start: ByHand) -> None:
        """Make the controls and connect them."""
        lightest, heaviest = self.drug.studied.weight_kg or _ADULTS_KG
        name = {"description_width": "140px"}
        self.sliders: dict[str, FloatSlider | IntSlider] = {
            "weight_kg": slider("weight_kg", self.patient.weight_kg, lightest, heaviest, 1, label="weight (kg)"),
            "baseline_aptt_s": slider("baseline_aptt_s", self.patient.baseline_aptt_s, 20, 60, 1, label="baseline aPTT (s)"),
            "bolus_u_per_kg": slider("bolus_u_per_kg", start.bolus_u_per_kg, 0, 150, 5, label="bolus (U/kg)"),
            "rate_u_per_kg_per_h": slider(
                "rate_u_per_kg_per_h", start.rate_u_per_kg_per_h, 0, HIGHEST_RATE_U_PER_KG_PER_H, 0.5, label="infusion (U/kg/h)"
            ),
            "first_check_h": slider("first_check_h", start.first_check_h, 1, 24, 1, label="first check after (h)"),
        }
        self.reagent = Dropdown(
            options=[_OF_THE_TABLE, *published.reagents.REAGENTS],
            value=reagent or _OF_THE_TABLE,
            description="aPTT reagent",
            style=name,
            layout=Layout(min_width="0"),
        )
        self.nomogram = Dropdown(
            options=[(table.title, name) for name, table in self._tables.items()],
            value=nomogram.name,
            description="compare with",
            style=name,
            layout=Layout(width="560px", min_width="0", max_width="100%"),
        )
        button = Layout(width="auto")
        self.other_errors = Button(
            description="Other laboratory errors", tooltip="the same patient with other random laboratory errors", layout=button
        )
        self.again = Button(description="Start again", tooltip="start the same day again from hour 0", layout=button)
        self.to_the_end = Button(description="Continue unchanged to the end", tooltip="make no more changes", layout=button)
        self.question = HTML()
        self.prediction = RadioButtons(options=SIDES, value=None, layout=Layout(width="160px"))
        self.guess = Text(description="your guess", placeholder="optional", style={"description_width": "136px"})
        self.show = Button(description="Show what happens", button_style="primary", disabled=True, layout=button)
        self.feedback = HTML()
        for control in (*self.sliders.values(), self.reagent, self.nomogram):
            control.observe(self._moved, names="value")
        self.prediction.observe(self._predicted, names="value")
        self.show.on_click(self._reveal)
        self.other_errors.on_click(self._other_errors)
        self.again.on_click(lambda _: self._restart())
        self.to_the_end.on_click(self._to_the_end)

    def _lay_out(self) -> None:
        """Arrange controls and displays."""
        self._gate = VBox((self.question, Box((self.prediction, self.guess, self.show), layout=ROW)), layout=Layout(width="100%"))
        rows = VBox((self._waiting_box, self._answered_box), layout=Layout(width="100%"))
        rows.add_class("heparin-pk-rows")
        buttons = Box((self.to_the_end, self.again, self.other_errors), layout=ROW)
        day = VBox((self.picture, rows, buttons), layout=Layout(flex="1 1 560px", min_width="0", max_width="860px"))
        score = VBox((self.score,), layout=Layout(flex="0 0 350px", min_width="0", max_width="100%", padding="24px 0 0 8px"))
        side_by_side = Layout(display="flex", flex_flow="row wrap", align_items="flex-start", width="100%")
        super().__init__(
            children=(
                Box((*self.sliders.values(), self.reagent, self.nomogram), layout=ROW),
                self._gate,
                self.feedback,
                Box((day, score), layout=side_by_side),
                self.chart,
                Unfolds(self.code, "Show the code"),
                script(),
            ),
            layout=Layout(width="100%"),
        )
        self.add_class("heparin-pk-bedside")

    # Choices of the learner

    @property
    def table(self) -> Nomogram:
        """The nomogram to compare with; it also sets the test that the laboratory reports and the target."""
        return self._tables[self.nomogram.value]

    @property
    def laboratory(self) -> Laboratory:
        """The hospital's laboratory: the nomogram's test, with the chosen reagent or the one the nomogram was written for."""
        chosen_reagent = published.reagents.REAGENTS.get(self.reagent.value)
        return Laboratory(assay=self.table.assay, reagent=chosen_reagent or reagent_for(self.table))

    @property
    def person(self) -> Patient:
        """The patient with the values of the sliders."""
        return replace(
            self.patient,
            weight_kg=self._chosen("weight_kg"),
            baseline_aptt_s=self._chosen("baseline_aptt_s"),
        )

    def _chosen(self, name: str) -> float:
        """Return the value of a slider."""
        return chosen(self.sliders[name])

    def _hand(self, answers: int) -> ByHand:
        """Return the learner's plan: the start and the first ``answers`` answers."""
        return ByHand(
            bolus_u_per_kg=self._chosen("bolus_u_per_kg"),
            rate_u_per_kg_per_h=self._chosen("rate_u_per_kg_per_h"),
            first_check_h=self._chosen("first_check_h"),
            steps=tuple(row.step for row in self.rows[:answers]),
            assay=self.table.assay,
        )

    @property
    def _start(self) -> _Start:
        """Everything that determines the first result, and the range it is compared with."""
        return self.person, self._hand(0), self.laboratory, self.table.pump, self.table.target

    def _run(self, controller: ByHand | Nomogram, hours: float) -> Course:
        """Return the course of the patient under a controller."""
        return _course(self.person, self.drug, controller, hours, self.laboratory, self.table.pump, self.seed)

    # Responses to the controls

    def _moved(self, _: Any = None) -> None:
        """Answer a moved slider or a new choice."""
        self._draw()

    def _predicted(self, _: Any) -> None:
        """Enable the button once an answer is chosen."""
        self.show.disabled = self.prediction.value is None

    def _reveal(self, _: Any) -> None:
        """Show the first result."""
        if self._stage == "predict":
            self._stage, self._predicted_for = "step", self._start
            self._draw()

    def _given(self) -> None:
        """Go on to the next result."""
        self._answered += 1
        self._draw()

    def _to_the_end(self, _: Any) -> None:
        """Show the whole course, without further changes."""
        self._stage = "all"
        self._draw()

    def _other_errors(self, _: Any) -> None:
        """Start again with other laboratory errors."""
        self.seed = checked_seed((self.seed + 1) % 2**64)
        self._restart()

    def _restart(self) -> None:
        """Forget answers and prediction, and start the day again."""
        self._stage = "predict" if self.predict else "all"
        self._answered, self._rows_seen, self.rows = 0, 0, []
        self.prediction.value, self.guess.value, self._predicted_for = None, "", None
        self._draw()

    # Displays

    def _draw(self) -> None:
        """Update courses and displays after any change."""
        plan = self._course_as_planned()
        known = [lab for lab in plan.labs if lab.reported_h < self.hours]
        if self._stage == "step" and len(known) <= self._answered:
            self._stage = "all"
        if self._stage == "predict":
            now_h, self.course, self.by_nomogram = 0.0, None, None
        else:
            now_h = self.hours if self._stage == "all" else known[self._answered].reported_h
            self.course = plan if now_h == self.hours else self._run(self._hand(self._answered), now_h)
            self.by_nomogram = self._run(self.table, now_h)
        self._draw_picture(plan, now_h)
        self._write_rows(plan)
        self._write_displays(plan)

    def _course_as_planned(self) -> Course:
        """Return the course under all answers, the open one included; add one row for each new result."""
        while True:
            plan = self._run(self._hand(self._rows_seen), self.hours)
            results = sum(lab.reported_h < self.hours for lab in plan.labs)
            wanted = 0 if self._stage == "predict" else min(self._answered + 1, results)
            if wanted > len(self.rows):
                self.rows.append(StepRow(len(self.rows) + 1, self._chosen("rate_u_per_kg_per_h"), self._moved, self._given))
            elif wanted == self._rows_seen:
                return plan
            self._rows_seen = min(wanted, len(self.rows))

    def _draw_picture(self, plan: Course, now_h: float) -> None:
        """Update the picture."""
        target, seen = self.table.target, self._rows_seen
        tracks = []
        if self.course is not None and self.by_nomogram is not None:
            tracks = [
                Track(course=self.course, name="you"),
                Track(
                    course=self.by_nomogram,
                    name=self.table.name,
                    colour=plot.VERMILION,
                    dashes="8 4",
                    round_marks=False,
                    bolus_share=0.74,
                ),
            ]
        ahead = None
        if now_h < self.hours:
            ahead = Ahead(
                course=plan,
                now_h=now_h,
                next_draw_h=plan.labs[seen].drawn_h if len(plan.labs) > seen else None,
                orders=plan.entries[seen].orders,
            )
        self.picture.show(
            hours=self.hours,
            target=target,
            tracks=tracks,
            ahead=ahead,
            baseline=float(level(target.assay, 0.0, plan.patient, plan.responses)),
            most_u_per_kg_per_h=plot.room_for_pump(plan, *(track.course for track in tracks)),
            title=f"{plot.axis_label(target.assay)} and pump rate over {self.hours:g} h",
            description=self._description(plan),
        )

    def _description(self, plan: Course) -> str:
        """Return the text alternative of the picture."""
        target = self.table.target
        if self.course is None or self.by_nomogram is None:
            return f"No level is shown until you have predicted it. The plan: {_one_line(plan)}."
        return f"You: {plot.describe(self.course, target)} {self.table.name}: {plot.describe(self.by_nomogram, target)}"

    def _write_rows(self, plan: Course) -> None:
        """Show one row for each reported result, with the orders given on it."""
        rate, shown = self._chosen("rate_u_per_kg_per_h"), tuple(self.rows[: self._rows_seen])
        for row, (time, result, orders, _), lab in zip(shown, plan.chart()[1:], plan.labs, strict=False):
            rate = row.follow(rate)
            row.show_result(
                f"at {time}: {result}, {side(lab, self.table.target)}",
                orders,
                is_last=row.index > self._answered,
                is_waiting=row.index > self._answered and self._stage == "step",
            )
        for box, rows in ((self._waiting_box, shown[self._answered :]), (self._answered_box, shown[: self._answered])):
            if box.children != rows:
                box.children = rows

    def _write_displays(self, plan: Course) -> None:
        """Update question, feedback, chart, score and code."""
        table, chart = self.table, plan.chart()
        unit = ASSAYS[table.assay].unit
        self.guess.description = f"your guess ({unit})" if unit else "your guess"
        self.reagent.disabled = table.assay == "anti_xa_u_per_ml"
        self.to_the_end.disabled = self._stage != "step"
        self._gate.layout.display = None if self._stage == "predict" else "none"
        self.question.value = (
            "<div style='line-height:1.45'><b>Predict first.</b> "
            f"Blood is drawn {self._chosen('first_check_h'):g} h after the start. "
            f"Will the {ASSAYS[table.assay].label} be below, in or above {table.target.in_words()}?</div>"
        )
        self.feedback.value = aloud(self._verdict(plan))
        known = chart if self._stage == "all" else chart[: self._rows_seen + 1]
        self.chart.value = chart_table(chart_in_words(known, plan.bag))
        if self.course is None or self.by_nomogram is None:
            self.score.value = "The score appears after your prediction."
            self.code.value = "The code appears after your prediction."
            return
        self.score.value = score_table(self.course, self.by_nomogram, table.target, table.name)
        self.code.value = code_block(self.source_code)

    def _verdict(self, plan: Course) -> str:
        """Return the feedback on the prediction, which holds for one start only."""
        if self._predicted_for is None or not plan.labs:
            return ""
        if self._predicted_for != self._start:
            return "You changed the start. Your prediction was made for a different start."
        return verdict(self.prediction.value, self.guess.value, plan.labs[0], self.table.target)

    @property
    def source_code(self) -> str:
        """Python code that computes ``course`` and ``by_nomogram``; empty before the prediction."""
        if self.course is None:
            return ""
        return code_for(
            patient=self.person,
            drug=self.drug,
            nomogram=self.table,
            laboratory=self.laboratory,
            hand=self._hand(self._rows_seen if self._stage == "all" else self._answered),
            hours=self.course.hours,
            seed=self.seed,
            pump=None if self.table.pump == Pump() else self.table.pump,
        )


def _one_line(plan: Course) -> str:
    """Return the start of a plan as one sentence."""
    return " ".join(words for words in plan.chart()[0] if words)


def bedside(
    *,
    patient: Patient | None = None,
    drug: Drug = published.UFH_DEFAULT,
    nomogram: str | Nomogram = "raschke-1993",
    reagent: str | None = None,
    bolus_u_per_kg: float = 80.0,
    rate_u_per_kg_per_h: float = 18.0,
    first_check_h: float = 6.0,
    hours: float = 48.0,
    seed: int = 1,
    predict: bool = True,
) -> Bedside:
    """Return a widget with a patient to be kept in range by hand.

    ``patient``: patient at the start (``None``: 82 kg, baseline aPTT 31 s)
    ``drug``: model of the heparin
    ``nomogram``: name or :class:`Nomogram` to compare the learner with; it also sets the reported test and the target
    ``reagent``: aPTT reagent, a key of ``published.reagents.REAGENTS``; ``None``: the one the nomogram was written for
    ``bolus_u_per_kg``, ``rate_u_per_kg_per_h``: orders at the start
    ``first_check_h``: time of the first blood sample
    ``hours``: duration, from 12 to 336
    ``seed``: seed of the laboratory errors
    ``predict``: whether the learner predicts first; ``False`` shows the whole course from the beginning, as in a lecture

    Raises ``ValueError`` with name, limits and value for anything outside its limits.
    """
    patient = Patient(weight_kg=82, baseline_aptt_s=31) if patient is None else patient
    for name, value, kind in (("patient", patient, Patient), ("drug", drug, Drug), ("predict", predict, bool)):
        if not isinstance(value, kind):
            raise ValueError(f"{name} must be a {kind.__name__}; got {value!r}")
    if reagent is not None:
        check_one_of("reagent", reagent, published.reagents.REAGENTS)
    if not isinstance(drug.reagent, Reagent):
        raise ValueError(
            f"drug must be a heparin whose aPTT follows a reagent; {drug.name} answers in {', '.join(drug.responses.assays)}"
        )
    return Bedside(
        patient=patient,
        drug=drug,
        nomogram=nomogram if isinstance(nomogram, Nomogram) else Nomogram.load(nomogram),
        reagent=reagent,
        start=ByHand(bolus_u_per_kg=bolus_u_per_kg, rate_u_per_kg_per_h=rate_u_per_kg_per_h, first_check_h=first_check_h),
        hours=check_between("hours", hours, 12.0, 336.0),
        seed=checked_seed(seed),
        predict=predict,
    )
