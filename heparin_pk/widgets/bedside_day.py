"""The bedside widget: one patient, one pump, one laboratory, and a learner who predicts the first result and orders the doses.

Time stops at each laboratory result until the learner answers it. The course in the widget ends at that time, so the future
cannot be read from it. The patient is a case (:mod:`heparin_pk.trials.cases`) on a real ward, or one of your own in an ideal one.
"""

# mypy: allow-subclassing-any
# (ipywidgets has no types: its classes are Any)
from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial
from html import escape
from typing import Any, TypeAlias

from ipywidgets import HTML, Box, Button, Checkbox, Dropdown, FloatSlider, IntSlider, Layout, RadioButtons, Text, VBox

from heparin_pk import plot, published
from heparin_pk.base.checks import check_between, check_is, check_one_of
from heparin_pk.base.randomness import checked_seed
from heparin_pk.blood.assay import ASSAYS, TherapeuticRange
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.blood.response import Reagent, level
from heparin_pk.body.patient import Patient
from heparin_pk.published.drug import Drug
from heparin_pk.simulation import metrics
from heparin_pk.simulation.course import Course, chart_in_words
from heparin_pk.simulation.matching import reagent_for
from heparin_pk.simulation.simulate import titrate
from heparin_pk.teaching import certainty, day_review, second_look
from heparin_pk.teaching.day_review import side
from heparin_pk.trials import cases
from heparin_pk.trials.cases import Case
from heparin_pk.ward.by_hand import ByHand
from heparin_pk.ward.nomogram import Nomogram
from heparin_pk.ward.pump import Pump
from heparin_pk.widgets.controls import HIGHEST_RATE_U_PER_KG_PER_H, ROW, StepRow, Unfolds, chosen, script, slider
from heparin_pk.widgets.page import Asleep
from heparin_pk.widgets.picture import Ahead, Picture, Track
from heparin_pk.widgets.words import (
    SIDES,
    aloud,
    case_code,
    chart_table,
    code_block,
    code_for,
    number_of_guess,
    questioned,
    review_table,
    score_table,
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

_READABLE = "max-width:62em"
"""Lines of a readable length on a wide screen."""

_SURE = certainty.scale(3)

LISTENERS: list[Callable[[dict[str, Any]], Any]] = []
"""Called with the record of every prediction and of every finished day, of all bedsides; see :attr:`Bedside.records`."""

_OPEN: dict[str, Bedside] = {}
"""The bedsides of this kernel, so that a cell run twice goes on with the day instead of losing it."""

_Start: TypeAlias = tuple[Patient, ByHand, Laboratory, Pump, TherapeuticRange]


@lru_cache(maxsize=64)
def _course(
    patient: Patient, drug: Drug, controller: ByHand | Nomogram, hours: float, laboratory: Laboratory, pump: Pump, seed: int
) -> Course:
    """Return a course; cached, because a slider leaves one of the two courses unchanged."""
    return titrate(patient, drug, controller, hours=hours, laboratory=laboratory, pump=pump, seed=seed)


@lru_cache(maxsize=64)
def _course_of_case(case: Case, controller: ByHand | Nomogram, hours: float) -> Course:
    """Return a course of a case; cached like the others."""
    return case.course(controller, hours=hours)


@dataclass(slots=True, kw_only=True)
class _Day:
    """What is kept of one patient's day while another patient is treated."""

    stage: str = "predict"
    answered: int = 0
    rows_seen: int = 0
    rows: list[StepRow] = field(default_factory=list)
    predicted_for: _Start | None = None
    is_recorded: bool = False
    has_hindsight: bool = False
    questioned: int = 0
    values: dict[str, Any] = field(default_factory=dict)


class Bedside(Asleep, VBox):
    """A patient to be kept in range by hand, compared with the same patient under a nomogram.

    Controls:

    ``patients``, ``next_patient``: list of cases and the button to the next one
    ``sliders``: sliders of patient and start, by name
    ``reagent``, ``nomogram``: lists of aPTT reagents and of nomograms
    ``prediction``, ``sure``, ``guess``, ``show``: answers, confidence, optional number and button of the prediction
    ``rows``: answers to the laboratory results
    ``to_the_end``, ``again``, ``other_errors``: buttons
    ``both_charts``: whether the table's chart is shown before the end

    Displays:

    ``picture``, ``score``, ``chart``, ``table_chart``, ``code``: picture, metrics, charts and Python code
    ``who``, ``standing``: the patient in words, and the days finished so far
    ``feedback``: feedback on the prediction
    ``doubts``: question about unusual orders at the start, asked before they are given
    ``review``: the day reviewed, once it is over
    ``notice``: says that an open day goes on

    Courses, ``None`` before the prediction:

    ``course``: course under the learner's orders
    ``by_nomogram``: course under the nomogram

    ``case``: the case, or ``None`` for a patient of your own
    ``records``: predictions and finished days as plain dictionaries; each is also passed to ``listeners`` and to
    :data:`LISTENERS`. A day is recorded once, when it ends; what is changed afterwards is not.
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
        case: Case | None = None,
    ) -> None:
        self.patient, self.drug, self.hours, self.seed, self.predict = patient, drug, hours, seed, predict
        self.case = case
        self._cases = {one.title: one for one in (() if case is None or case.number else (case,))}
        self._cases |= {} if case is None else {one.title: one for one in cases.TWELVE}
        self._days: dict[Case, _Day] = {}
        self.records: list[dict[str, Any]] = []
        self.listeners: list[Callable[[dict[str, Any]], None]] = []
        self.course: Course | None = None
        self.by_nomogram: Course | None = None
        self._day, self._is_moving = _Day(), False
        self._asked: ByHand | None = None
        self._start_orders = start
        self._tables = {name: Nomogram.load(name) for name in _TABLES} | {nomogram.name: nomogram}
        self._make_controls(nomogram, reagent, start)
        self.picture = Picture()
        full = Layout(width="100%", margin="2px 0")
        self.score = HTML(layout=Layout(max_width="100%", overflow="auto"))
        self.chart, self.table_chart, self.code, self.review = (HTML(layout=full) for _ in range(4))
        self.who, self.standing, self.notice, self.doubts = (HTML(layout=full) for _ in range(4))
        self._waiting_box, self._answered_box = VBox(layout=full), VBox(layout=full)
        self._lay_out()
        self._restart()

    # Controls and layout

    def _make_controls(self, nomogram: Nomogram, reagent: str | None, start: ByHand) -> None:
        """Make the controls and connect them."""
        lightest, heaviest = self.drug.studied.weight_kg or _ADULTS_KG
        name, wide = {"description_width": "140px"}, {"width": "400px"}
        self.sliders: dict[str, FloatSlider | IntSlider] = {
            "weight_kg": slider("weight_kg", self.patient.weight_kg, lightest, heaviest, 1, label="weight (kg)", **wide),
            "baseline_aptt_s": slider(
                "baseline_aptt_s", self.patient.baseline_aptt_s, 20, 60, 1, label="baseline aPTT (s)", **wide
            ),
            "bolus_u_per_kg": slider("bolus_u_per_kg", start.bolus_u_per_kg, 0, 150, 5, label="bolus (U/kg)", **wide),
            "rate_u_per_kg_per_h": slider(
                "rate_u_per_kg_per_h",
                start.rate_u_per_kg_per_h,
                0,
                HIGHEST_RATE_U_PER_KG_PER_H,
                0.5,
                label="infusion (U/kg/h)",
                **wide,
            ),
            "first_check_h": slider("first_check_h", start.first_check_h, 1, 24, 1, label="first check after (h)", **wide),
        }
        self.reagent = Dropdown(
            options=[(_OF_THE_TABLE, _OF_THE_TABLE), *((one.label, key) for key, one in published.reagents.REAGENTS.items())],
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
        self.patients = Dropdown(
            options=[(_place_of(one), title) for title, one in self._cases.items()] or [("your own", "")],
            value="" if self.case is None else self.case.title,
            description="patient",
            style={"description_width": "56px"},
            layout=Layout(width="560px", min_width="0", max_width="100%"),
        )
        self.next_patient = Button(
            description="Next patient", tooltip="this day is kept, and goes on when you return", layout=Layout(width="auto")
        )
        self.other_errors = Button(
            description="Other laboratory errors",
            tooltip="the same patient with other random laboratory errors",
            layout=Layout(width="auto"),
        )
        self.again = Button(
            description="Start again", tooltip="start the same day again from hour 0", layout=Layout(width="auto")
        )
        self.to_the_end = Button(
            description="Continue unchanged to the end", tooltip="make no more changes", layout=Layout(width="auto")
        )
        self.both_charts = Checkbox(description="show the table's chart too", indent=False, layout=Layout(width="auto"))
        self.question = HTML()
        self.prediction = RadioButtons(options=SIDES, value=None, layout=Layout(width="150px"))
        self.sure = RadioButtons(options=_SURE, value=None, layout=Layout(width="190px"))
        self.guess = Text(description="your guess", placeholder="optional", style={"description_width": "110px"})
        self.guess_said = HTML(layout=Layout(max_width="300px"))
        self.show = Button(description="Show what happens", button_style="primary", disabled=True, layout=Layout(width="auto"))
        self.feedback = HTML()
        for control in (*self.sliders.values(), self.reagent, self.nomogram):
            control.observe(self._moved, names="value")
        for control in (self.prediction, self.sure):
            control.observe(self._predicted, names="value")
        self.guess.observe(self._guessed, names="value")
        self.both_charts.observe(self._redraw, names="value")
        self.patients.observe(self._chosen_patient, names="value")
        self.next_patient.on_click(self._next_patient)
        self.show.on_click(self._reveal)
        self.other_errors.on_click(self._other_errors)
        self.again.on_click(lambda _: self._restart())
        self.to_the_end.on_click(self._to_the_end)

    def _lay_out(self) -> None:
        """Arrange controls and displays."""
        answers = VBox((HTML("your prediction"), self.prediction))
        sure = VBox((HTML("how sure are you?"), self.sure))
        number = VBox((self.guess, self.guess_said, self.show), layout=Layout(align_items="flex-start"))
        self._gate = VBox(
            (self.question, Box((answers, sure, number), layout=Layout(display="flex", flex_flow="row wrap", width="100%"))),
            layout=Layout(width="100%"),
        )
        rows = VBox((self._waiting_box, self._answered_box), layout=Layout(width="100%"))
        rows.add_class("heparin-pk-rows")
        is_case = self.case is not None
        _shown(self.other_errors, shown=not is_case)
        for control in (self.sliders["weight_kg"], self.sliders["baseline_aptt_s"], self.reagent, self.nomogram):
            _shown(control, shown=not is_case)
        choose = Box((self.patients, self.next_patient), layout=Layout(display="flex", flex_flow="row wrap", width="100%"))
        choose.layout.display = "flex" if is_case else "none"
        buttons = Box((self.to_the_end, self.again, self.other_errors), layout=ROW)
        day = VBox((self.picture, rows, buttons), layout=Layout(flex="1 1 560px", min_width="0", max_width="860px"))
        score = VBox((self.score,), layout=Layout(flex="0 0 350px", min_width="0", max_width="100%", padding="24px 0 0 8px"))
        side_by_side = Layout(display="flex", flex_flow="row wrap", align_items="flex-start", width="100%")
        super().__init__(
            children=(
                self.notice,
                choose,
                self.who,
                Box((*self.sliders.values(), self.reagent, self.nomogram), layout=ROW),
                self._gate,
                self.doubts,
                self.feedback,
                Box((day, score), layout=side_by_side),
                self.review,
                self.standing,
                self.both_charts,
                self.chart,
                self.table_chart,
                Unfolds(self.code, "Show the code"),
                script(),
            ),
            layout=Layout(width="100%"),
        )
        self.add_class("heparin-pk-bedside")

    # Choices of the learner

    @property
    def rows(self) -> list[StepRow]:
        """The answers to the results, one row each."""
        return self._day.rows

    @property
    def table(self) -> Nomogram:
        """The nomogram to compare with; it also sets the test that the laboratory reports and the target."""
        return self._tables[self.nomogram.value] if self.case is None else self.case.nomogram

    @property
    def laboratory(self) -> Laboratory:
        """The hospital's laboratory: the nomogram's test, with the chosen reagent or the one the nomogram was written for."""
        if self.case is not None:
            return self.case.laboratory
        chosen_reagent = published.reagents.REAGENTS.get(self.reagent.value)
        return Laboratory(assay=self.table.assay, reagent=chosen_reagent or reagent_for(self.table))

    @property
    def person(self) -> Patient:
        """The patient: the case, or the one of the sliders."""
        if self.case is not None:
            return self.case.patient
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
        if self.case is not None:
            return _course_of_case(self.case, controller, hours)
        return _course(self.person, self.drug, controller, hours, self.laboratory, self.table.pump, self.seed)

    # Responses to the controls

    def _moved(self, _: Any = None) -> None:
        """Answer a moved slider or a new choice."""
        if not self._is_moving:
            self._day.has_hindsight |= self._day.stage == "step"  # the start, once a result is known
            self._redraw()

    def _row_moved(self, index: int) -> None:
        """Answer a moved slider of the answer to result ``index``."""
        self._day.has_hindsight |= self._day.stage == "step" and index <= self._day.answered
        self._redraw()

    def _redraw(self, _: Any = None) -> None:
        """Take questions back, and draw."""
        self._ask_nothing()
        self._draw()

    def _predicted(self, _: Any) -> None:
        """Enable the button once an answer and a confidence are chosen."""
        self.show.disabled = self.prediction.value is None or self.sure.value is None

    def _guessed(self, _: Any) -> None:
        """Say at once what is wrong with a guess."""
        try:
            number_of_guess(self.guess.value)
            self.guess_said.value = ""
        except ValueError as error:
            self.guess_said.value = aloud(f"<span class='heparin-pk-refused'>{escape(str(error))}</span>")

    def _reveal(self, _: Any) -> None:
        """Show the first result."""
        if self._day.stage != "predict" or self.prediction.value is None or self.sure.value is None:
            return
        if self._is_questioned(self._hand(0), self._doubts_at_the_start(), self.doubts, self.show):
            return
        self._day.stage, self._day.predicted_for = "step", self._start
        self._draw()
        self._record_prediction()

    def _given(self) -> None:
        """Go on to the next result."""
        row = self.rows[self._day.rows_seen - 1]
        if self._is_questioned(self._hand(row.index), self._doubts_of(row), row.doubts, row.give):
            return
        self._day.answered += 1
        self._draw()

    def _to_the_end(self, _: Any) -> None:
        """Show the whole course, without further changes."""
        row = self.rows[self._day.rows_seen - 1]
        doubts = () if row.is_untouched else self._doubts_of(row)
        if self._is_questioned(self._hand(row.index), doubts, row.doubts, row.give):
            return
        self._day.stage = "all"
        self._draw()

    def _other_errors(self, _: Any) -> None:
        """Start again with other laboratory errors."""
        self.seed = checked_seed((self.seed + 1) % 2**64)
        self._restart()

    def _restart(self) -> None:
        """Forget answers and prediction, and start the day again."""
        self.notice.value = ""
        self._begin(_Day(stage="predict" if self.predict else "all"))

    def _begin(self, day: _Day) -> None:
        """Go on with a day, or begin it."""
        self._day, self._is_moving = day, True
        values = day.values or {"prediction": None, "sure": None, "guess": ""}
        self.prediction.value, self.sure.value, self.guess.value = values["prediction"], values["sure"], values["guess"]
        for name, value in values.get("sliders", {}).items():
            self.sliders[name].value = value
        self._is_moving = False
        self._ask_nothing()
        self._draw()

    def _next_patient(self, _: Any) -> None:
        """Go to the next patient of the list; after the last one comes the first."""
        titles = list(self._cases)
        self.patients.value = titles[(titles.index(self.patients.value) + 1) % len(titles)]

    def _chosen_patient(self, change: Any) -> None:
        """Keep the day of this patient, and begin or go on with that of another."""
        assert self.case is not None  # the list is shown with cases only
        start = ("bolus_u_per_kg", "rate_u_per_kg_per_h", "first_check_h")
        self._day.values = {
            "prediction": self.prediction.value,
            "sure": self.sure.value,
            "guess": self.guess.value,
            "sliders": {name: self.sliders[name].value for name in start},
        }
        self._days[self.case] = self._day
        self.case = self._cases[change["new"]]
        fresh: dict[str, Any] = {"prediction": None, "sure": None, "guess": ""}
        fresh["sliders"] = {name: getattr(self._start_orders, name) for name in start}
        self.notice.value = ""
        self._begin(self._days.get(self.case) or _Day(stage="predict" if self.predict else "all", values=fresh))

    # A second look at unusual orders

    def _doubts_at_the_start(self) -> tuple[str, ...]:
        return second_look.at_the_start(self._hand(0), self.person.doses_by_kg)

    def _doubts_of(self, row: StepRow) -> tuple[str, ...]:
        """Return the questions about the orders in a row."""
        plan, index = self._course_as_planned(), row.index - 1
        on_it = day_review.action_of_the_table(plan, self.table, index)
        return second_look.at_a_result(
            row.step,
            plan.labs[index],
            on_it.before_u_per_kg_per_h,
            self.person.doses_by_kg,
            self.table,
            on_it.recheck_h,
        )

    def _is_questioned(self, hand: ByHand, doubts: tuple[str, ...], said: HTML, button: Button) -> bool:
        """Return whether orders wait for a second press; the first one asks."""
        if not doubts or self._asked == hand:
            self._day.questioned += bool(doubts)
            self._ask_nothing()
            return False
        self._asked = hand
        said.value, button.description = questioned(doubts), "Yes, I mean it"
        return True

    def _ask_nothing(self) -> None:
        """Take an unanswered question back."""
        self._asked = None
        self.doubts.value, self.show.description = "", "Show what happens"
        for row in self.rows:
            row.doubts.value = ""

    # Records

    def recorded(self, record: dict[str, Any]) -> None:
        """Keep a record, and pass it to all listeners."""
        self.records.append(record)
        for listener in (*self.listeners, *LISTENERS):
            listener(dict(record))

    @property
    def _name(self) -> str:
        """Return the name of this patient in a record."""
        if self.case is None:
            return "bedside"
        return f"bedside-{self.case.number}" if self.case.number else f"bedside-seed-{self.case.seed}"

    def _record_prediction(self) -> None:
        first = self._course_as_planned().labs[:1]
        if first:
            actual = side(first[0], self.table.target)
            self.recorded(
                {
                    "kind": "prediction",
                    "question": f"{self._name}-first-result",
                    "answer": self.prediction.value,
                    "truth": actual,
                    "right": self.prediction.value == actual,
                    "sure": self.sure.value,
                }
            )

    def _record_day(self) -> None:
        """Record a day of a case when it ends, once."""
        if self.case is None or not self.predict or self._day.is_recorded or self.course is None or self.by_nomogram is None:
            return
        self._day.is_recorded, target = True, self.table.target
        self.recorded(
            {
                "kind": "bedside",
                "case": self.case.number,
                "seed": self.case.seed,
                "patient": self.case.title,
                "grade": self.case.grade,
                "time_in_range": metrics.time_in_range_fraction(self.course, target),
                "table": metrics.time_in_range_fraction(self.by_nomogram, target),
                "good_hand": self.case.outlook.hand_fraction,
                "hours_below": self.course.hours * metrics.time_below_fraction(self.course, target),
                "hours_above": self.course.hours * metrics.time_above_fraction(self.course, target),
                "results": len(self.course.labs),
                "questioned_orders": self._day.questioned,
                "with_hindsight": self._day.has_hindsight,
            }
        )

    # Displays

    def _draw(self) -> None:
        """Update courses and displays after any change."""
        plan, day = self._course_as_planned(), self._day
        known = [lab for lab in plan.labs if lab.reported_h < self.hours]
        if day.stage == "step" and len(known) <= day.answered:
            day.stage = "all"
        if day.stage == "predict":
            now_h, self.course, self.by_nomogram = 0.0, None, None
        else:
            now_h = self.hours if day.stage == "all" else known[day.answered].reported_h
            self.course = plan if now_h == self.hours else self._run(self._hand(day.answered), now_h)
            self.by_nomogram = self._run(self.table, now_h)
        if day.stage == "all":
            self._record_day()
        self._draw_picture(plan, now_h)
        self._write_rows(plan)
        self._write_displays(plan)

    def _course_as_planned(self) -> Course:
        """Return the course under all answers, the open one included; add one row for each new result."""
        day = self._day
        while True:
            plan = self._run(self._hand(day.rows_seen), self.hours)
            results = sum(lab.reported_h < self.hours for lab in plan.labs)
            wanted = 0 if day.stage == "predict" else min(day.answered + 1, results)
            if wanted > len(self.rows):
                index = len(self.rows) + 1
                moved = partial(self._row_moved, index)
                self.rows.append(StepRow(index, self._chosen("rate_u_per_kg_per_h"), moved, self._given))
            elif wanted == day.rows_seen:
                return plan
            day.rows_seen = min(wanted, len(self.rows))

    def _next_draw_h(self, plan: Course) -> float | None:
        """Return when blood is to be drawn next, as ordered; a real ward may be late. ``None``: not within the day."""
        seen = self._day.rows_seen
        if seen == 0:
            ordered_h = self._chosen("first_check_h")
        else:
            step = self.rows[seen - 1].step
            ordered_h = plan.entries[seen].time_h + step.hold_min / 60.0 + step.recheck_h
        return ordered_h if ordered_h < self.hours else None

    def _draw_picture(self, plan: Course, now_h: float) -> None:
        """Update the picture."""
        target, seen = self.table.target, self._day.rows_seen
        tracks = []
        if self.course is not None and self.by_nomogram is not None:
            tracks = [
                Track(course=self.course, name="you"),
                Track(
                    course=self.by_nomogram,
                    name="the table",
                    colour=plot.VERMILION,
                    dashes="8 4",
                    round_marks=False,
                    bolus_share=0.74,
                ),
            ]
        ahead = None
        if now_h < self.hours:
            ahead = Ahead(course=plan, now_h=now_h, next_draw_h=self._next_draw_h(plan), orders=plan.entries[seen].orders)
        self.picture.show(
            hours=self.hours,
            target=target,
            tracks=tracks,
            ahead=ahead,
            baseline=float(level(target.assay, 0.0, replace(plan.patient, drift=None), plan.responses)),
            most_u_per_kg_per_h=plot.room_for_pump(plan, *(track.course for track in tracks)),
            title=f"{plot.axis_label(target.assay)} and pump rate over {self.hours:g} h",
            description=self._description(plan),
        )

    def _description(self, plan: Course) -> str:
        """Return the text alternative of the picture."""
        target = self.table.target
        if self.course is None or self.by_nomogram is None:
            return f"No level is shown until you have predicted it. The plan: {_one_line(plan)}."
        return f"You: {plot.describe(self.course, target)} The table: {plot.describe(self.by_nomogram, target)}"

    def _write_rows(self, plan: Course) -> None:
        """Show one row for each reported result, with the orders given on it."""
        day, rate = self._day, self._chosen("rate_u_per_kg_per_h")
        shown = tuple(self.rows[: day.rows_seen])
        for row, entry in zip(shown, plan.entries[1:], strict=False):
            assert entry.lab is not None  # only the first entry answers no result
            rate = row.follow(rate)
            row.show_result(
                f"at {entry.time_h:.4g} h: {entry.lab.in_words()} (drawn {entry.lab.drawn_h:.4g} h), "
                f"{side(entry.lab, self.table.target)}",
                plan.orders_in_words(entry.orders),
                is_last=row.index > day.answered,
                is_waiting=row.index > day.answered and day.stage == "step",
            )
        for box, rows in ((self._waiting_box, shown[day.answered :]), (self._answered_box, shown[: day.answered])):
            if box.children != rows:
                box.children = rows

    def _write_displays(self, plan: Course) -> None:
        """Update question, feedback, charts, score, review and code."""
        table, day, case = self.table, self._day, self.case
        unit = ASSAYS[table.assay].unit
        self.guess.description = f"your guess ({unit})" if unit else "your guess"
        self.reagent.disabled = table.assay == "anti_xa_u_per_ml"
        self.to_the_end.disabled = day.stage != "step"
        self._gate.layout.display = None if day.stage == "predict" else "none"
        self.who.value = "" if case is None else _card(case)
        late = "" if case is None else " (on this ward it may be later)"
        self.question.value = (
            "<div style='line-height:1.45'><b>Predict first.</b> "
            f"Blood is drawn {self._chosen('first_check_h'):g} h after the start{late}. "
            f"Will the {ASSAYS[table.assay].label} be below, in or above the range ({table.target.in_words()})?</div>"
        )
        if not self.predict:
            self.doubts.value = questioned(self._doubts_at_the_start())
        self.feedback.value = aloud(self._verdict(plan))
        known = plan if day.stage == "all" else replace(plan, entries=plan.entries[: day.rows_seen + 1])
        self.chart.value = chart_table(_chart_of(known))
        self.standing.value = self._standing()
        _shown(self.both_charts, shown=day.stage == "step")
        if self.course is None or self.by_nomogram is None:
            self.score.value = "The score appears after your prediction."
            self.code.value = "The code appears after your prediction."
            self.table_chart.value = self.review.value = ""
            return
        self.score.value = score_table(self.course, self.by_nomogram, table.target)
        is_over = day.stage == "all"
        self.table_chart.value = (
            chart_table(_chart_of(self.by_nomogram), f"The table's chart ({table.title})")
            if is_over or self.both_charts.value
            else ""
        )
        self.review.value = self._review() if is_over and self.predict else ""
        self.code.value = code_block(self.source_code)

    def _review(self) -> str:
        """Return the day reviewed."""
        assert self.course is not None
        assert self.by_nomogram is not None
        found = day_review.review(self.course, self.by_nomogram, self.table, self._hand(self._day.rows_seen))
        if self.case is None:
            return review_table(found)
        case = self.case
        return review_table(
            found,
            f"What the ward could not know: this patient needed about {case.need_u_per_kg_per_h:.0f} U/kg/h for the middle of "
            "the range (before the changes from hour to hour), a typical patient of 75 kg "
            f"{case.usual_need_u_per_kg_per_h:.0f}. The start orders alone keep this patient in range for "
            f"{case.outlook.alone_fraction:.0%} of the time, the table for {case.outlook.table_fraction:.0%}, a good hand for "
            f"{case.outlook.hand_fraction:.0%}.",
        )

    def _standing(self) -> str:
        """Return the days finished so far, as HTML."""
        done = [record for record in self.records if record["kind"] == "bedside"]
        if not done:
            return ""
        lines = "".join(
            f"<li>{escape(record['patient'])} ({record['grade']}): you {record['time_in_range']:.0%}, the table "
            f"{record['table']:.0%} of the time in range"
            f"{' (with hindsight: orders were changed after later results)' if record['with_hindsight'] else ''}</li>"
            for record in done
        )
        return (
            f'<div style="line-height:1.45;{_READABLE}"><b>Days finished: {len(done)}</b>'
            f'<ul style="margin:2px 0;padding-left:22px">{lines}</ul>'
            "A day counts when it ends; what you change afterwards is for learning.</div>"
        )

    def _verdict(self, plan: Course) -> str:
        """Return the feedback on the prediction, which holds for one start only."""
        if self._day.predicted_for is None or not plan.labs:
            return ""
        if self._day.predicted_for != self._start:
            return "You changed the start. Your prediction was made for a different start."
        return verdict(self.prediction.value, self.guess.value, plan.labs[0], self.table.target)

    def go_on(self) -> None:
        """Say that this day was open already, and goes on."""
        if self._day.stage != "predict" and self.predict:
            self.notice.value = aloud(
                "You have a day open with this patient: it goes on below. Press <b>Start again</b> for a new one."
            )

    @property
    def source_code(self) -> str:
        """Python code that computes ``course`` and ``by_nomogram``; empty before the prediction."""
        if self.course is None:
            return ""
        hand = self._hand(self._day.rows_seen if self._day.stage == "all" else self._day.answered)
        if self.case is not None:
            return case_code(self.case, hand, self.course.hours)
        return code_for(
            patient=self.person,
            drug=self.drug,
            nomogram=self.table,
            laboratory=self.laboratory,
            hand=hand,
            hours=self.course.hours,
            seed=self.seed,
            pump=None if self.table.pump == Pump() else self.table.pump,
        )


def _shown(widget: Any, *, shown: bool) -> None:
    widget.layout.display = None if shown else "none"


def _place_of(case: Case) -> str:
    """Return a case as the list of patients names it."""
    place = f"{case.number} of {len(cases.TWELVE)}" if case.number else f"seed {case.seed}"
    return f"{place}, {case.grade}: {case.title}"


def _card(case: Case) -> str:
    """Return a case in words, as HTML."""
    place = f"Patient {case.number} of {len(cases.TWELVE)}" if case.number else f"The patient of seed {case.seed}"
    errors = case.hospital.ward_errors
    assert errors is not None  # a bedside has a real ward
    return (
        f'<div style="line-height:1.45;{_READABLE}"><b>{place}, {case.grade}.</b> {escape(case.in_words())}<br>'
        f"A real ward: {errors.late_draw_fraction:.0%} of the samples are drawn late, an order reaches the pump "
        f"{60.0 * errors.change_delay_h:.0f} min after the result, results err, and the patient changes from hour to hour. "
        "The table treats the same patient on the same ward.</div>"
    )


def _chart_of(course: Course) -> str:
    """Return a chart without the word that tells what was meant from what was done: at this bedside both are the same."""
    return chart_in_words([(*row[:3], row[3].removeprefix("meant: ")) for row in course.chart()], course.bag)


def _one_line(plan: Course) -> str:
    """Return the start of a plan as one sentence."""
    return " ".join(words for words in plan.chart()[0] if words)


def bedside(
    *,
    case: int | None = None,
    seed: int | None = None,
    patient: Patient | None = None,
    drug: Drug | None = None,
    nomogram: str | Nomogram | None = None,
    reagent: str | None = None,
    bolus_u_per_kg: float = 80.0,
    rate_u_per_kg_per_h: float = 18.0,
    first_check_h: float = 6.0,
    hours: float | None = None,
    predict: bool = True,
) -> Bedside:
    """Return a widget with a patient to be kept in range by hand.

    Without arguments the first of twelve patients lies there, on a real ward; a list leads to the others.

    ``case``: number of the patient, 1 (easiest) to 12
    ``seed``: the patient and the errors of this seed: one for each student, or one for a class

    A patient of your own lies in an ideal hospital, where orders are carried out at once and patients do not change:

    ``patient``: patient at the start (``None``: 82 kg, baseline aPTT 31 s); here ``seed`` is that of the laboratory errors
    ``drug``: model of the heparin
    ``nomogram``: name or :class:`Nomogram` to compare the learner with; it also sets the reported test and the target
    ``reagent``: aPTT reagent, a key of ``published.reagents.REAGENTS``; ``None``: the one the nomogram was written for
    ``hours``: duration, from 12 to 336

    ``bolus_u_per_kg``, ``rate_u_per_kg_per_h``: orders at the start
    ``first_check_h``: time of the first blood sample
    ``predict``: whether the learner predicts first; ``False`` shows the whole course from the beginning, as in a lecture (of
    ``case`` or ``seed``, else of a patient of your own)

    A call with the same arguments goes on with the day that is open in this kernel.

    Raises ``ValueError`` with name, limits and value for anything outside its limits.
    """
    check_is("predict", predict, bool, "True or False")
    own = {"patient": patient, "drug": drug, "nomogram": nomogram, "reagent": reagent, "hours": hours}
    given = [name for name, value in own.items() if value is not None]
    is_own = bool(given) or (not predict and case is None and seed is None)
    if case is not None and (given or seed is not None):
        other = given[0] if given else "seed"
        raise ValueError(f"case must stand alone: a case has its own patient, table and errors; got {other} too")
    start = ByHand(bolus_u_per_kg=bolus_u_per_kg, rate_u_per_kg_per_h=rate_u_per_kg_per_h, first_check_h=first_check_h)
    if is_own:
        arguments = _of_your_own(patient, drug, nomogram, reagent, hours, 1 if seed is None else seed)
        found = None
    else:
        found = cases.of_seed(seed) if seed is not None else cases.case(1 if case is None else case)
        arguments = {
            "patient": Patient(weight_kg=82.0, baseline_aptt_s=31.0),
            "drug": found.drug,
            "nomogram": found.nomogram,
            "reagent": None,
            "hours": cases.HOURS,
            "seed": found.seed,
        }
    key = repr((arguments, found, start, predict))
    if key in _OPEN:
        _OPEN[key].go_on()
    else:
        _OPEN[key] = Bedside(**arguments, start=start, predict=predict, case=found)
    return _OPEN[key]


def _of_your_own(
    patient: Patient | None,
    drug: Drug | None,
    nomogram: str | Nomogram | None,
    reagent: str | None,
    hours: float | None,
    seed: int,
) -> dict[str, Any]:
    """Return the checked arguments of a bedside with a patient of your own."""
    patient = Patient(weight_kg=82, baseline_aptt_s=31) if patient is None else patient
    drug = published.UFH_DEFAULT if drug is None else drug
    check_is("patient", patient, Patient, "a Patient")
    check_is("drug", drug, Drug, "a Drug")
    if reagent is not None:
        check_one_of("reagent", reagent, published.reagents.REAGENTS)
    if not isinstance(drug.reagent, Reagent):
        raise ValueError(
            f"drug must be a heparin whose aPTT follows a reagent; {drug.name} answers in {', '.join(drug.responses.assays)}"
        )
    table = "raschke-1993" if nomogram is None else nomogram
    return {
        "patient": patient,
        "drug": drug,
        "nomogram": table if isinstance(table, Nomogram) else Nomogram.load(table),
        "reagent": reagent,
        "hours": check_between("hours", 48.0 if hours is None else hours, 12.0, 336.0),
        "seed": checked_seed(seed),
    }
