"""Draw the figures of the README and the notebooks: ``python figures/make_figures.py [FOLDER]``."""

from __future__ import annotations

import sys
import warnings
from dataclasses import replace
from pathlib import Path
from textwrap import fill

import matplotlib

matplotlib.use("Agg")

from heparin_pk import (
    Bolus,
    Course,
    Infusion,
    Laboratory,
    Nomogram,
    OutsideValidityDomain,
    Patient,
    Regimen,
    TherapeuticRange,
    Trial,
    calibration,
    cases,
    clotting,
    datasets,
    faults,
    hit,
    hospital,
    indications,
    overlay,
    platelet_series,
    plot,
    published,
    titrate,
    validation,
)
from heparin_pk.simulation.after_stop import infusion_then_stop

PATIENT = Patient(weight_kg=75)
MODELS = {
    "with a binding pool (the default)": published.UFH_DEFAULT,
    "one compartment, fitted to the half-lives alone": published.UFH_A_HALF_LIVES_DERIVED,
    "one compartment, best compromise": published.UFH_A_DERIVED,
    "with a binding pool, tuned to all four numbers": published.UFH_TRIPLE_DERIVED,
}


def hero() -> Course:
    """Simulate a patient whose first aPTT, with a sensitive reagent, is too long; a hold and a lower rate bring it into range."""
    laboratory = Laboratory(reagent=published.reagents.ACTIN_FS)
    patient = Patient(weight_kg=82, baseline_aptt_s=31)
    return titrate(patient, published.UFH_DEFAULT, Nomogram.load("raschke-1993"), laboratory=laboratory, seed=1)


def one_patient_under_a_nomogram():
    """The true aPTT, and the results the ward sees."""
    axes = plot.course(hero(), target=Nomogram.load("raschke-1993").target)
    plot.title(axes[0], "82 kg under the Raschke nomogram: what is true, and what the ward sees")
    return axes[0].figure


def another_patient() -> cases.Case:
    """Return a patient who is none of the twelve, so that the title picture of their notebook gives nothing away."""
    return cases.Case(number=0, ward="thrombosis", seed=2026, subject=209, why="deep vein thrombosis")


def what_would_you_order():
    """One patient of the real ward up to the first result, in the laboratory of the table: what comes next is a question."""
    case = another_patient()
    target, now_h = case.nomogram.target, 7.5
    figure, axes = plot.course_scene(48.0, target)
    plot.course(case.course(case.start, hours=now_h), target=target, axes=axes)
    for ax in axes:
        ax.axvline(now_h, color=plot.BLACK, lw=1.2)
        ax.axvspan(now_h, 48.0, color="0.93", zorder=0)
    axes[0].text(27.5, 105.0, "?", fontsize=64, ha="center", va="center", color=plot.BLACK)
    axes[0].text(27.5, 80.0, "the first result is back: what do you order?", fontsize=15, ha="center", color=plot.BLACK)
    plot.title(axes[0], f"{case.patient.weight_kg:.0f} kg, {case.why}: the level you cannot see, and the result you can")
    return figure


def dose_dependent_half_life():
    """The half-life grows with the dose."""
    figure, axes = plot.new_figure(13.0, 5.2, nrows=1, ncols=2)
    plot.decays(published.UFH_DEFAULT, PATIENT, ax=axes[0, 0])
    plot.half_lives({"default model": published.UFH_DEFAULT}, PATIENT, ax=axes[0, 1])
    plot.title(axes[0, 0], "the more is given, the longer it stays")
    plot.title(axes[0, 1], "half-life against dose")
    return figure


def asks(ax, question: str, at: tuple[float, float] = (0.5, 0.5)) -> None:
    """Write a question into a picture whose answer is left out; ``at``: its place, as shares of the Axes."""
    ax.annotate(question, at, xycoords="axes fraction", ha="center", va="center", fontsize=17, color=plot.BLUE)


def dose_dependent_half_life_question():
    """Ask what notebook 2 asks: whether the curve bends, and how the half-life depends on the dose."""
    figure, axes = plot.new_figure(13.0, 5.2, nrows=1, ncols=2)
    left, right = axes[0]
    left.set_yscale("log")
    left.set_ylim(0.01, 4.0)
    left.set_yticks([0.01, 0.1, 0.5, 1.0], ["1 %", "10 %", "50 %", "100 %"])
    left.minorticks_off()
    left.set_xlim(0, 6)
    left.plot([0.0], [1.0], "o", ms=10, color=plot.BLUE, clip_on=False)
    left.axhline(0.5, color=plot.BLACK, lw=1, ls=":")
    left.set_xlabel("time after the bolus (h)")
    left.set_ylabel("share of the peak concentration")
    asks(left, "a straight line, or a curve?")
    right.set_xscale("log")
    right.set_xlim(12.0, 480.0)
    right.set_xticks([25, 50, 100, 200, 400], ["25", "50", "100", "200", "400"])
    right.minorticks_off()
    right.set_ylim(0, 190)
    right.set_xlabel("bolus (U/kg)")
    right.set_ylabel("half-life (min)")
    for dose in (25.0, 100.0, 400.0):
        right.axvline(dose, color=plot.BLACK, lw=1, ls=":")
        right.annotate("?", (dose, 95.0), ha="center", va="center", fontsize=30, color=plot.BLUE,
                       bbox={"facecolor": "white", "edgecolor": "none"})  # fmt: skip
    plot.title(left, "how does the level fall?")
    plot.title(right, "which half-life after which dose?")
    return figure


def why_a_binding_pool():
    """One compartment cannot reproduce both the half-lives and the plateau of an infusion; a finite binding pool can."""
    figure, axes = plot.new_figure(13.0, 5.6, nrows=1, ncols=2)
    plot.half_lives(MODELS, PATIENT, ax=axes[0, 0])
    plot.plateaus(MODELS, PATIENT, published.ranges.ANTI_XA_TREATMENT, ax=axes[0, 1])
    plot.title(axes[0, 0], "after a bolus …")
    plot.title(axes[0, 1], "… and on an infusion")
    axes[0, 1].get_legend().remove()
    return figure


def nomogram_bands():
    """Four published nomograms, one coloured row a band."""
    names = ("raschke-1993", "durham-va-2009", "michigan-vte-anti-xa", "uk-aptt-ratio")
    tables = [Nomogram.load(name) for name in names]
    figure, axes = plot.new_figure(15.0, 9.0, nrows=2, ncols=2)
    for ax, table in zip(axes.flat, tables, strict=True):
        plot.bands(table, ax=ax)
        plot.title(ax, table.title)
    return figure


def real_patient_replay():
    """The charted infusion of a real patient in the model of a typical patient, to show the misfit."""
    chart = datasets.load_icu_course("M3D-027")
    course = datasets.replay(chart, published.UFH_DEFAULT)
    axes = plot.replay(course, chart.labs, datasets.WARD_TARGET)
    plot.title(axes[0], "A real patient, 55 kg: charted infusion, typical model, measured aPTT")
    return axes[0].figure


def one_patient_in_many_models() -> list[Course]:
    """Simulate one adult on one regimen in every model that was not studied in newborns only."""
    patient = Patient(weight_kg=75, height_cm=175, sex="male", age_y=50)
    regimen = Regimen((Bolus(time_h=0, dose_u_per_kg=80), Infusion(time_h=0, rate_u_per_kg_per_h=18)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutsideValidityDomain)  # the picture itself marks the models outside their domain
        return overlay(patient, published.UFH_BEYOND_NEWBORNS, regimen)


def models_disagree():
    """Twelve published and derived models of one drug, one patient, one regimen."""
    ax = plot.overlay(one_patient_in_many_models(), target=published.ranges.ANTI_XA_TREATMENT)
    plot.title(ax, "80 U/kg, then 18 U/kg/h: one patient in thirteen models")
    return ax.figure


def one_level_many_seconds():
    """The aPTT of ten reagents against heparin level, with the anti-Xa range and the aPTT range of one hospital."""
    in_use = TherapeuticRange(assay="aptt_s", low=45, high=75)
    ax = plot.reagents(PATIENT, list(published.reagents.REAGENTS.values()), target=in_use)
    plot.title(ax, "the same heparin, different reagents")
    return ax.figure


def two_assays_disagree():
    """The aPTT against the anti-Xa of virtual ill patients, with both ranges."""
    after_surgery = calibration.FACTOR_VIII_AFTER_SURGERY.value
    samples = calibration.samples(
        published.UFH_DEFAULT, published.reagents.GUIDELINE, 600, seed=3, factor_viii_u_per_ml=after_surgery
    )
    ax = plot.discordance(samples, TherapeuticRange(assay="aptt_s", low=45, high=75))
    plot.title(ax, "600 virtual patients on heparin")
    return ax.figure


KINDS_OF_PATIENT = {
    "typical, 75 kg": Patient(weight_kg=75),
    "50 kg": Patient(weight_kg=50),
    "110 kg": Patient(weight_kg=110),
    "150 kg": Patient(weight_kg=150),
    "85 years": Patient(weight_kg=75, age_y=85),
}


def every_patient_another_dose():
    """The infusion rate that brings each kind of patient to the middle of the anti-Xa range 0.3 to 0.7 U/mL."""
    ax = plot.needed_doses(published.UFH_DEFAULT, KINDS_OF_PATIENT, published.ranges.ANTI_XA_TREATMENT)
    plot.title(ax, "the infusion each patient needs")
    return ax.figure


def every_patient_another_dose_question():
    """Ask what notebook 4 asks: how much each kind of patient needs."""
    first, *others = KINDS_OF_PATIENT
    ax = plot.needed_doses(published.UFH_DEFAULT, {first: KINDS_OF_PATIENT[first]}, published.ranges.ANTI_XA_TREATMENT)
    names = [*reversed(others), first]
    for line in ax.lines:
        line.set_ydata([len(names) - 1] * len(line.get_xdata()))
    number = ax.texts[0]
    number.xy = (number.xy[0], len(names) - 1)
    for row in range(len(others)):
        ax.annotate("?", (number.xy[0], row), ha="center", va="center", fontsize=22, color=plot.BLUE)
    ax.set_yticks(range(len(names)), names, fontsize=12)
    ax.set_ylim(-0.6, len(names) - 0.4)
    ax.figure.set_size_inches(9.5, 1.4 + 0.45 * len(names))
    plot.title(ax, "which infusion does each patient need?")
    return ax.figure


FIVE_AND_SURGERY = (
    "dvt-prophylaxis-8h",
    "pulmonary-embolism",
    "myocardial-infarction",
    "haemodialysis",
    "atrial-fibrillation",
    "cardiac-surgery",
)


def five_reasons():
    """Five indications for heparin, and cardiac surgery, where protamine neutralises it at the end."""
    several = [indications.named(name) for name in FIVE_AND_SURGERY]
    axes = plot.indications(several, Patient(weight_kg=75, height_cm=175, sex="male", age_y=60))
    return axes[0, 0].figure


def five_reasons_question():
    """Ask what notebook 5 asks: which level each reason reaches."""
    figure, axes = plot.new_figure(14.7, 7.8, nrows=2, ncols=3)
    for ax, name in zip(axes.flat, FIVE_AND_SURGERY, strict=True):
        reason = indications.named(name)
        ax.set_xlim(0.0, reason.hours)
        ax.set_ylim(0.0, 1.0)
        ax.set_yticks([])
        ax.set_xlabel("time (h)")
        ax.set_ylabel("level")
        ax.set_title(fill(reason.title, 34), fontsize=12)
        asks(ax, "how high?")
    return figure


def does_it_hold():
    """Printed values and the predictions of the models, as a ratio, by group: the rows that prove something."""
    ax = plot.validation_by_group(validation.rows())
    ax.figure.suptitle("what papers print, and what the models say", fontsize=15)
    return ax.figure


def does_it_hold_question():
    """Ask what notebook 6 asks: where the models lie."""
    ax = plot.validation_by_group(validation.rows(), hidden=True)
    ax.figure.suptitle("what papers print; where do the models lie?", fontsize=15)
    return ax.figure


RASCHKE, DURHAM = "raschke-1993", "durham-va-2009"
REAL = Trial(population=hospital.THROMBOSIS_WARD, arms=[Nomogram.load(RASCHKE), Nomogram.load(DURHAM)], hospital=hospital.REAL)


def a_hospital_in_a_minute():
    """The same four thousand virtual patients of a real hospital under two nomograms with different aPTT ranges."""
    sample = [REAL.course(arm, person, seed=7) for arm in REAL.names for person in range(3)]
    return plot.trial(REAL.run(4000, seed=7, progress=False), sample=sample)


def a_hospital_in_a_minute_question():
    """Ask what notebook 7 asks: under which nomogram the patients are in range for longer."""
    figure, axes = plot.new_figure(14.0, 5.0, nrows=1, ncols=2, sharey=True)
    for ax, name in zip(axes[0], (RASCHKE, DURHAM), strict=True):
        nomogram = Nomogram.load(name)
        plot.shade_target(ax, nomogram.target)
        ax.set_xlim(0.0, 48.0)
        ax.set_xticks(range(0, 49, 6))
        ax.set_ylim(*plot.level_limits("aptt_s", nomogram.target))
        ax.set_xlabel("time (h)")
        plot.title(ax, f"{nomogram.label}: {nomogram.target.in_words()}")
        asks(ax, "for how long in range?", (0.5, 0.75))
    axes[0, 0].set_ylabel(plot.axis_label("aptt_s"))
    return figure


def ideal_and_real_ward():
    """The same patients and nomograms in a real hospital and in an ideal one."""
    real = REAL.run(4000, seed=7, progress=False)
    ideal = replace(REAL, hospital=hospital.IDEAL).run(4000, seed=7, progress=False)
    figure, axes = plot.new_figure(14.0, 9.6, nrows=2, ncols=2, height_ratios=(1.5, 1.0))
    for ax, result, name in ((axes[0, 0], real, "a real hospital"), (axes[0, 1], ideal, "an ideal one")):
        plot.percentile_bands(result, DURHAM, ax=ax)
        plot.title(ax, f"{real.labels[DURHAM]}, {name}")
    for ax, arm in ((axes[1, 0], DURHAM), (axes[1, 1], RASCHKE)):
        plot.time_shares({"a real hospital": real, "an ideal one": ideal}, arm, ax=ax)
    return figure


def why_does_heparin_stretch_the_aptt_question():
    """Two tubes, one with heparin: notebook 8 asks what happened between their clots."""
    series = clotting.over_heparin(clotting.Plasma(), (0.0, 0.5))
    ax = plot.over_heparin(series, 0.5, shows=("fibrin",))[0]
    ax.figure.set_size_inches(9.5, 4.8)
    ax.set_xlim(0.0, 130.0)
    first, last = (one.clotted_s for one in series)
    ax.annotate("", (last, 750.0), xytext=(first, 750.0), arrowprops={"arrowstyle": "<->", "color": plot.BLACK, "lw": 1.6})
    ax.annotate("?", (0.5 * (first + last), 1150.0), ha="center", va="center", fontsize=44, color=plot.BLUE,
                bbox={"facecolor": "white", "edgecolor": "none"})  # fmt: skip
    plot.title(ax, "the same plasma without and with heparin: what delays the clot?")
    return ax.figure


def day_six_question():
    """A platelet count up to day six: notebook 9 asks what it means, and what is done today."""
    days = hit.day_by_day(platelet_series("typical", counted_d=range(15), days_d=15.0, seed=383))
    figure, axes = plot.new_figure(9.5, 4.8, ncols=2)
    left, right = axes[0]
    plot.counts_so_far(days, today_d=6.0, axes=(left, right))
    right.remove()
    left.set_position([0.1, 0.14, 0.87, 0.76])
    figure.set_layout_engine("none")
    left.annotate("?", (10.5, 215.0), ha="center", va="center", fontsize=64, color=plot.BLUE)
    left.annotate("what is done today?", (10.5, 55.0), ha="center", fontsize=17, color=plot.BLUE)
    plot.title(left, "day six under heparin: why do the platelets fall?")
    return figure


def when_it_goes_wrong_question():
    """The level up to the stop of the pump: notebook 10 asks how long heparin stays, and how much protamine is given."""
    course = infusion_then_stop(PATIENT, published.UFH_DEFAULT, rate_u_per_kg_per_h=18.0, hours=24.0)
    figure, axes = plot.new_figure(9.5, 4.8)
    ax = axes[0, 0]
    before = (course.time_h >= 20.0) & (course.time_h <= 24.0)
    plot.shade_target(ax, published.ranges.ANTI_XA_TREATMENT)
    ax.plot(course.time_h[before] - 24.0, course.concentration_u_per_ml[before], color=plot.BLUE)
    ax.axvline(0.0, color=plot.BLACK, lw=1.2)
    ax.axvspan(0.0, 8.0, color="0.93", zorder=-1)
    ax.annotate("the patient bleeds:\nthe pump is stopped", (0.0, 1.0), xytext=(-6, 0), ha="right", va="top", fontsize=13,
                textcoords="offset points")  # fmt: skip
    ax.annotate("?", (4.0, 0.5), ha="center", va="center", fontsize=64, color=plot.BLUE)
    ax.annotate(
        "how long does the heparin stay?\nhow much protamine binds it?", (4.0, 0.12), ha="center", fontsize=15, color=plot.BLUE
    )
    ax.set_xlim(-4.0, 8.0)
    ax.set_ylim(0.0, 1.05)
    ax.set_xlabel("time after the stop (h)")
    ax.set_ylabel("heparin (U/mL)")
    plot.title(ax, "three in the morning, after a day at 18 U/kg/h")
    return figure


def who_noticed_question():
    """The five places at which an error can enter: notebook 11 asks at which of them a check would have found it."""
    figure, axes = plot.new_figure(9.5, 3.2)
    ax = axes[0, 0]
    ax.set_axis_off()
    places = tuple(dict.fromkeys(kind.place for kind in faults.KINDS.values()))
    for x, place in enumerate(places):
        ax.annotate(place, (x, 0.0), ha="center", va="center", fontsize=17,
                    bbox={"boxstyle": "round,pad=0.6", "facecolor": "white", "edgecolor": plot.BLACK, "lw": 1.6})  # fmt: skip
        ax.annotate("?", (x, 0.55), ha="center", va="center", fontsize=40, color=plot.BLUE)
        if x:
            ax.annotate(
                "", (x - 0.36, 0.0), xytext=(x - 0.64, 0.0), arrowprops={"arrowstyle": "->", "color": plot.BLACK, "lw": 1.6}
            )
    ax.annotate("between an order and its result lie five places", (2.0, -0.6), ha="center", fontsize=13)
    ax.set_xlim(-0.6, len(places) - 0.4)
    ax.set_ylim(-0.8, 0.95)
    plot.title(ax, "the pump ran ten times too fast: where could it have been noticed?")
    return figure


FIGURES = (
    one_patient_under_a_nomogram,
    what_would_you_order,
    dose_dependent_half_life,
    dose_dependent_half_life_question,
    why_a_binding_pool,
    nomogram_bands,
    real_patient_replay,
    models_disagree,
    one_level_many_seconds,
    two_assays_disagree,
    every_patient_another_dose,
    every_patient_another_dose_question,
    five_reasons,
    five_reasons_question,
    does_it_hold,
    does_it_hold_question,
    a_hospital_in_a_minute,
    a_hospital_in_a_minute_question,
    ideal_and_real_ward,
    why_does_heparin_stretch_the_aptt_question,
    day_six_question,
    when_it_goes_wrong_question,
    who_noticed_question,
)


def main(folder: Path) -> None:
    """Write every figure as PNG and SVG."""
    folder.mkdir(parents=True, exist_ok=True)
    for draw in FIGURES:
        figure = draw()
        name = draw.__name__.replace("_", "-")
        plot.save(figure, folder / f"{name}.png", dpi=110, metadata={"Software": None})
        plot.save(figure, folder / f"{name}.svg", metadata={"Date": None})
        print(folder / f"{name}.png")
        matplotlib.pyplot.close(figure)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
