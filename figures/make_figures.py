"""Draw the figures of the README and the notebooks: ``python figures/make_figures.py [FOLDER]``."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")

from heparin_pk import Course, Laboratory, Nomogram, Patient, datasets, plot, published, titrate

PERSON = Patient(weight_kg=75)
MODELS = {
    "with a binding pool (the default)": published.UFH_DEFAULT,
    "one compartment, fitted to the half-lives alone": published.UFH_A_HALF_LIVES_DERIVED,
    "one compartment, best compromise": published.UFH_A_DERIVED,
    "with a binding pool, tuned to all four numbers": published.UFH_TRIPLE_DERIVED,
}


def hero() -> Course:
    """A reagent more sensitive than the one the table was written for: too long at first, held, cut, brought into range."""
    laboratory = Laboratory(reagent=published.reagents.ACTIN_FS)
    person = Patient(weight_kg=82, baseline_aptt_s=31)
    return titrate(person, published.UFH_DEFAULT, Nomogram.load("raschke-1993"), laboratory=laboratory, seed=1)


def one_patient_under_a_nomogram():
    """What is true, and what the ward sees."""
    axes = plot.course(hero(), target=Nomogram.load("raschke-1993").target)
    plot.title(axes[0], "82 kg under the Raschke nomogram: what is true, and what the ward sees")
    return axes[0].figure


def dose_dependent_half_life():
    """The half-life is not a number: it grows with the dose."""
    figure, axes = plot.new_figure(13.0, 5.2, nrows=1, ncols=2)
    plot.decays(published.UFH_DEFAULT, PERSON, ax=axes[0, 0])
    plot.half_lives({"default model": published.UFH_DEFAULT}, PERSON, ax=axes[0, 1])
    plot.title(axes[0, 0], "the more is given, the longer it stays")
    plot.title(axes[0, 1], "half-life against dose")
    return figure


def why_a_binding_pool():
    """The half-life table and the infusion dose contradict each other in one compartment; a finite pool reconciles them."""
    figure, axes = plot.new_figure(13.0, 5.6, nrows=1, ncols=2)
    plot.half_lives(MODELS, PERSON, ax=axes[0, 0])
    plot.plateaus(MODELS, PERSON, published.ranges.ANTI_XA_TREATMENT, ax=axes[0, 1])
    plot.title(axes[0, 0], "after a bolus …")
    plot.title(axes[0, 1], "… and on an infusion")
    axes[0, 1].get_legend().remove()
    return figure


def nomogram_bands():
    """Four published tables as rulers."""
    names = ("raschke-1993", "durham-va-2009", "michigan-vte-anti-xa", "uk-aptt-ratio")
    tables = [Nomogram.load(name) for name in names]
    figure, axes = plot.new_figure(15.0, 9.0, nrows=2, ncols=2)
    for ax, table in zip(axes.flat, tables, strict=True):
        plot.bands(table, ax=ax)
        plot.title(ax, table.title)
    return figure


def real_patient_replay():
    """A real patient's charted infusion through the model of a typical one: the misfit is the point."""
    chart = datasets.load_icu_course("M3D-027")
    course = datasets.replay(chart, published.UFH_DEFAULT)
    axes = plot.replay(course, chart.labs, datasets.WARD_TARGET)
    plot.title(axes[0], "A real patient, 55 kg: charted infusion, typical model, measured aPTT")
    return axes[0].figure


FIGURES = (one_patient_under_a_nomogram, dose_dependent_half_life, why_a_binding_pool, nomogram_bands, real_patient_replay)


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
