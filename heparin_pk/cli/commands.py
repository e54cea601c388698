"""The commands: each calls the package and prints the result. Every ``run_*`` raises ``ValueError`` for wrong input."""

from __future__ import annotations

import argparse
import json
import os
import warnings
from dataclasses import replace

from heparin_pk import __version__, published
from heparin_pk.base.checks import check_between
from heparin_pk.base.citations import citations
from heparin_pk.base.records import to_plain
from heparin_pk.blood import clotting
from heparin_pk.blood.assay import ASSAYS
from heparin_pk.blood.laboratory import Laboratory
from heparin_pk.blood.response import Reagent
from heparin_pk.cli.options import (
    chart_of,
    exported_course,
    group_rule,
    hospital_of,
    model_of,
    number_of,
    patient_of,
    plasma_of,
    population_of,
    range_of,
    range_of_chart,
    reagent_of,
    regimen_of,
    runner_of,
)
from heparin_pk.cli.output import PLAINLY, as_counted, complain, read_in_words, show_course, write_picture
from heparin_pk.cli.signals import BY_SIGNAL
from heparin_pk.evidence import datasets, validation
from heparin_pk.published.drug import OutsideValidityDomain
from heparin_pk.simulation.after_stop import GONE
from heparin_pk.simulation.course import Course
from heparin_pk.simulation.matching import match_of, reagent_for
from heparin_pk.simulation.overlay import overlay
from heparin_pk.simulation.platelets import platelet_series
from heparin_pk.simulation.simulate import simulate, titrate
from heparin_pk.teaching import before_starting, hit, indications, leaflet, misconceptions, practice, reversal
from heparin_pk.trials import hospital, off_ramp
from heparin_pk.trials.ensemble import MOST_DRAWS, Ensemble, EnsembleInterrupted, EnsembleOutcomes, run_ensemble
from heparin_pk.trials.hospital import Hospital
from heparin_pk.trials.outcomes import Outcomes
from heparin_pk.trials.trial import Trial
from heparin_pk.ward import nomogram
from heparin_pk.ward.nomogram import Nomogram


def run_simulate(options: argparse.Namespace) -> None:
    """Simulate one patient under orders known in advance."""
    course = simulate(
        patient_of(options),
        model_of(options),
        regimen_of(options),
        hours=options.hours,
        reagent=reagent_of(options),
        engine=options.engine,
    )
    show_course(course, published.ranges.first_for(course.responses), options, heading=read_in_words(course))


def titrated(options: argparse.Namespace) -> tuple[Course, Nomogram]:
    """Return the course of one patient titrated by a nomogram, and the nomogram."""
    table = Nomogram.load(options.nomogram)
    here = _where(options)
    course = titrate(
        here.admit(patient_of(options), options.seed),
        model_of(options),
        table,
        hours=options.hours,
        laboratory=here.laboratory(Laboratory(assay=table.assay, reagent=reagent_of(options), turnaround_h=options.turnaround)),
        seed=options.seed,
        ward_errors=here.ward_errors,
        engine=options.engine,
    )
    return course, table


def _where(options: argparse.Namespace) -> Hospital:
    """Return the hospital of a typical patient, who has no other day."""
    return replace(hospital_of(options), between_days=False)


def run_titrate(options: argparse.Namespace) -> None:
    """Titrate one patient by a nomogram."""
    course, table = titrated(options)
    heading = f"{table.title}: aims at {table.target.in_words()}\nhospital: {_where(options).in_words()}"
    if course.match is not None and course.match.fits:  # where it does not, the chart says so
        heading += f"\n{course.match.in_words()}"
    show_course(course, table.target, options, heading=heading, handover_h=options.handover)


def run_replay(options: argparse.Namespace) -> None:
    """Simulate the orders of a charted or an exported course again."""
    of_a_database = (options.mimic_iv, options.eicu, options.stay) != (None, None, None)
    before = None if of_a_database else exported_course(options.course)
    if before is not None:
        if options.weight is not None:
            raise ValueError("--weight belongs to charts; an exported course has its patient")
        course = simulate(
            before.patient,
            model_of(options, before.drug),
            before.regimen,
            hours=before.hours,
            reagent=reagent_of(options) or (before.reagent if isinstance(before.reagent, Reagent) else None),
            engine=options.engine,
        )
        target = before.target or published.ranges.ANTI_XA_TREATMENT
        target = range_of(options.target) if options.target else target
        show_course(course, target, options, heading="the orders of an exported course, simulated again")
        return
    chart = chart_of(options)
    course = datasets.replay(chart, model_of(options), reagent=reagent_of(options), engine=options.engine)
    target = range_of(options.target) if options.target else range_of_chart(chart, course)
    match = match_of(target, course.reagent)
    fit = f"\n{match.in_words()}" if match is not None and not match.fits else ""
    show_course(course, target, options, heading=f"{chart.in_words()}\n{read_in_words(course)}{fit}", chart=chart)


def run_nomograms(options: argparse.Namespace) -> None:
    """List the nomograms, or print one in full."""
    every = [*nomogram.names(), *nomogram.document_names()]
    tables = [Nomogram.load(name) for name in ([options.name] if options.name else every)]
    if options.json:
        print(json.dumps([{"name": t.name, "title": t.title, "assay": t.assay, "target": [t.target.low, t.target.high],
                           "laboratory": None if (match := match_of(t.target, reagent_for(t))) is None else match.to_plain(),
                           "start": t.start.in_words(), "bands": [{"levels": b.label, "do": b.in_words()} for b in t.bands],
                           "rules": [{"when": r.when_in_words(), "do": t.rule_in_words(r)} for r in t.rules],
                           "choices": [choice.in_words() for choice in t.choices],
                           "caveats": t.caveats, "source": t.source.cite()} for t in tables]))  # fmt: skip
    elif options.name:
        print(tables[0])
        match = match_of(tables[0].target, reagent_for(tables[0]))
        if match is not None:
            print(f"  laboratory: {match.in_words()}")
    else:
        for table in tables:
            print(f"{table.name:<26}{table.title:<50}{table.target.in_words()}")


_IN_FULL = (
    "parameters",
    "reagent",
    "act",
    "studied",
    "variability",
    "between_occasions",
    "residual",
    "covariate_effects",
    "hypotheses",
    "built_from",
)
"""The fields of a model that ``models --json`` prints in full."""


def run_models(options: argparse.Namespace) -> None:
    """List the models, or print one in full."""
    drugs = [published.named(options.name)] if options.name else list(published.ALL)
    if options.json:
        rows = [
            {
                "name": drug.name,
                "title": drug.title,
                "family": drug.family,
                "structure": drug.structure,
                "amount_unit": drug.amount_unit,
                "assays": drug.responses.assays,
                "departures": drug.departures,
                **{field: to_plain(getattr(drug, field)) for field in _IN_FULL},
                "citations": drug.cite().splitlines(),
            }
            for drug in drugs
        ]
        print(json.dumps(rows, allow_nan=False))
    elif options.name:
        print(drugs[0])
    else:
        width = max(len(drug.name) for drug in drugs) + 2
        for drug in drugs:
            mark = " (UFH_DEFAULT)" if drug is published.UFH_DEFAULT else ""
            print(f"{drug.name:<{width}}{drug.title}{mark}")


def run_cite(options: argparse.Namespace) -> None:
    """Print the papers behind models and nomograms, each once."""
    lines: list[str] = []
    for name in options.names or [*(drug.name for drug in published.ALL), *nomogram.names()]:
        if name in nomogram.names() or name.endswith(".toml"):
            lines.append(Nomogram.load(name).source.cite())
        else:
            try:
                lines += published.named(name).cite().splitlines()
            except ValueError as error:
                raise ValueError(f"{error}; nor is it one of the nomograms: {', '.join(nomogram.names())}") from None
    lines = list(dict.fromkeys(lines))
    print(json.dumps(lines) if options.json else "\n".join(lines))


def run_overlay(options: argparse.Namespace) -> None:
    """Simulate one patient and one regimen in several models, and print them in one table."""
    if options.assay not in ASSAYS:
        raise ValueError(f"no assay {options.assay!r}; there are {', '.join(ASSAYS)}")
    patient = patient_of(options)
    drugs, left_out = [published.named(name) for name in options.names], []
    if not drugs:  # all models; those that need a covariate not given are left out, with the reason
        for drug in published.UFH:
            try:
                drug.kinetics(patient)
                drugs.append(drug)
            except ValueError as error:
                left_out.append(f"{drug.name}: {str(error).partition('; got')[0]}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OutsideValidityDomain)  # the table has a column for it
        courses = overlay(patient, drugs, regimen_of(options), hours=options.hours)
    if options.figure is not None:
        devices = {course.drug.act.name for course in courses if course.drug.act is not None}
        target = published.ranges.of_assay(options.assay, devices.pop() if len(devices) == 1 else "")  # two devices: no one range
        write_picture(options.figure, lambda plot: plot.overlay(courses, assay=options.assay, target=target).figure)
    rows = [
        {
            "model": course.drug.name,
            "label": course.drug.label,
            "measured": course.drug.studied.assay,
            "assay": options.assay,
            "at_end": course.level_at(options.assay, course.hours) if options.assay in course.assays else None,
            "highest": float(course.level(options.assay).max()) if options.assay in course.assays else None,
            "outside": list(course.outside),
        }
        for course in courses
    ]
    if options.json:
        print(json.dumps(rows, allow_nan=False))
        for reason in left_out:
            complain(f"heparin-pk: note: left out: {reason}")
        return
    assay = ASSAYS[options.assay]
    print(
        f"{'model':<32}{'highest':>10}{f'at {options.hours:g} h':>10}   {assay.label}{f' ({assay.unit})' if assay.unit else ''}"
    )
    for row in rows:
        levels = "".join(f"{as_counted(row[name], assay.ceiling):>10}" for name in ("highest", "at_end"))
        print(f"{row['label']:<32}{levels}   {'; '.join(row['outside']) or 'within what was studied'}   [{row['model']}]")
    written = [f"written: {options.figure}"] if options.figure else []
    print("\n".join([*(f"left out: {reason}" for reason in left_out), *written, PLAINLY]))


def run_indications(options: argparse.Namespace) -> None:
    """List the indications, print one in full, or simulate it for one patient."""
    if options.name is None:
        if options.json:
            fields = ("name", "title", "why", "model", "people", "watch", "caveats")
            print(json.dumps([{**{field: getattr(indication, field) for field in fields}, "source": indication.source.cite()}
                              for indication in indications.ALL]))  # fmt: skip
            return
        for indication in indications.ALL:
            print(f"{indication.name:<24}{indication.title}")
        return
    indication = indications.named(options.name)
    if options.weight is None:
        if options.json or options.csv or options.figure:
            raise ValueError("--weight is needed to simulate an indication")
        print(indication)
        return
    course = indication.course(patient_of(options))
    target = indication.target or published.ranges.first_for(course.responses)
    compared = "" if indication.target else "No level is aimed at. Beside the range of treatment:\n"
    show_course(course, target, options, heading=str(indication), compared=compared)


def run_practice(options: argparse.Namespace) -> None:
    """List the topics of practice, or print the statements on one."""
    found = practice.about(options.topic) if options.topic else practice.statements()
    if options.json:
        rows = [
            {
                "topic": one.topic,
                "text": one.text,
                "region": one.region,
                "dated": one.dated,
                "strength": one.strength,
                "checked": one.checked.isoformat(),
                "due": one.is_due(),
                "where": one.source.where,
                "source": one.source.cite(),
            }
            for one in found
        ]
        print(json.dumps(rows))
    elif options.topic:
        print("\n".join([*map(str, found), PLAINLY]))
    else:
        for topic in practice.topics():
            regions = dict.fromkeys(one.region for one in practice.about(topic))
            print(f"{topic:<26}{len(practice.about(topic))}   {'; '.join(regions)}")
    overdue = sum(one.is_due() for one in found)
    if overdue:
        complain(
            f"heparin-pk: note: last checked more than {practice.LONGEST_TRUST_Y} years ago: {overdue} of {len(found)} statements"
        )


_RESULTS = {"positive": True, "negative": False}


def run_hit(options: argparse.Namespace) -> None:
    """Score a suspected HIT by the 4Ts, and say what each test makes of it; or draw and print a platelet count."""
    if options.series is not None:
        _show_platelets(options)
        return
    for name in ("immunoassay", "functional"):
        if getattr(options, name) not in (None, *_RESULTS):
            raise ValueError(f"--{name} must be positive or negative; got {getattr(options, name)!r}")
    if options.pretest not in hit.PRETESTS:
        raise ValueError(f"no study {options.pretest!r}; there are {', '.join(hit.PRETESTS)}")
    if (options.fall is None) != (options.nadir is None):
        raise ValueError("--fall and --nadir belong together: the points need how far the platelets fell, and how low")
    fell = None if options.fall is None else hit.thrombocytopenia_points(options.fall, options.nadir)
    timing = None
    if options.day is not None:
        timing = hit.timing_points(options.day, heparin_days_ago_d=options.heparin_days_ago, is_clear=not options.unclear)
    elif options.heparin_days_ago is not None:
        raise ValueError("--heparin-days-ago belongs to --day, the day on which the fall began")
    score = hit.FourTs(thrombocytopenia=fell, timing=timing, thrombosis=options.thrombosis, other_causes=options.other_causes)
    steps = hit.work_up(
        score,
        immunoassay=None if options.immunoassay is None else _RESULTS[options.immunoassay],
        functional=None if options.functional is None else _RESULTS[options.functional],
        pretest=hit.PRETESTS[options.pretest],
    )
    if options.figure is not None:
        tests = [hit.IGG_ELISA, hit.SEROTONIN_RELEASE]
        write_picture(options.figure, lambda plot: plot.post_test(tests, steps=steps).figure)
    if options.json:
        rows = [{"what": one.what, "hit_fraction": one.hit_fraction, "do": one.do, "source": one.source.cite()} for one in steps]
        print(json.dumps({"score": score.total, "probability": score.probability, "steps": rows}))
        return
    cost = 100.0 * hit.events_while_waiting_fraction(1.0)
    waiting = (
        f"if it is HIT, a day without another anticoagulant costs {cost:.1f} % a new thrombosis "
        f"({hit.EVENTS_PER_D.source.cite()})"
    )
    written = [f"written: {options.figure}"] if options.figure else []
    print("\n".join([score.in_words(), hit.work_up_in_words(steps), waiting, *written, PLAINLY]))


def _show_platelets(options: argparse.Namespace) -> None:
    """Print a platelet count day by day."""
    scored = ("fall", "nadir", "day", "heparin_days_ago", "thrombosis", "other_causes", "immunoassay", "functional")
    if any(getattr(options, name) is not None for name in scored):
        raise ValueError("--series stands apart from the score: with --risk, --stopped, --seed and --figure")
    is_recent = options.series == "rapid"  # it needs antibodies of an earlier heparin
    days = hit.count_days_d(options.risk, heparin_in_last_30_days=is_recent)
    counted = tuple(dict.fromkeys((0, *days))) if days else ()  # a count before heparin is taken in all
    series = platelet_series(options.series, counted_d=counted, stopped_d=options.stopped, seed=options.seed)
    if options.figure is not None:
        write_picture(options.figure, lambda plot: plot.platelets(series).figure)
    if options.json:
        print(json.dumps(to_plain(series)))
        return
    written = [f"written: {options.figure}"] if options.figure else []
    print(
        "\n".join(
            [series.in_words(), hit.monitoring_in_words(options.risk, heparin_in_last_30_days=is_recent), *written, PLAINLY]
        )
    )


def run_reversal(options: argparse.Namespace) -> None:
    """Print protamine by elapsed time beside what is left, the spread between centres, and when it is normal again."""
    patient = patient_of(options)
    minutes = (10.0, 30.0, 60.0, 90.0, 120.0, 180.0) if options.minutes is None else (options.minutes,)
    if options.table not in reversal.TABLES:
        raise ValueError(f"no table {options.table!r}; there are {', '.join(reversal.TABLES)}")
    table = reversal.TABLES[options.table]
    rows = reversal.table_against_model(table, patient, dose_u_per_kg=options.bolus, elapsed_min=minutes)
    rate_u_per_h = options.infusion * patient.doses_by_kg
    centres = reversal.spread(rate_u_per_h, options.stopped)
    again = [
        off_ramp.normal_again_h(
            typical=patient, assay=assay, rate_u_per_kg_per_h=options.infusion, n=options.number, seed=options.seed
        )
        for assay in GONE
    ]
    if options.figure is not None:
        write_picture(options.figure, lambda plot: plot.protamine(rows).figure)
    if options.json:
        print(json.dumps({"table": table.name, "rows": [to_plain(row) for row in rows],
                          "centres": {name: to_plain(dose) for name, dose in centres.items()},
                          "normal_again": [to_plain(one) for one in again], "source": table.source.cite()}))  # fmt: skip
        return
    lines = [f"after a bolus of {options.bolus:g} U/kg: {table.name} ({table.counts}) and what is left in the model"]
    lines += [reversal.compared_in_words(rows), f"  {table.name}: {table.source.where}", ""]
    lines += [f"{options.stopped:g} min after an infusion of {rate_u_per_h:.0f} U/h was stopped, protamine by centre"]
    lines += [f"  {name:<20}{dose.in_words()}" for name, dose in centres.items()]
    lines += ["", f"of {options.number} virtual people after 24 h of {options.infusion:g} U/kg/h"]
    lines += [f"  {one.in_words()}" for one in again]
    lines += ["", reversal.ways_in_words(), f"source: {table.source.cite()}"]
    written = [f"written: {options.figure}"] if options.figure else []
    print("\n".join([*lines, *written, PLAINLY]))


_YES_OR_NO = {"yes": True, "no": False}


def run_before_starting(options: argparse.Namespace) -> None:
    """Go through the checks before the first dose, and say what is missing."""
    facts: dict[str, float | bool | None] = {
        "platelets_e9_per_l": options.platelets,
        "haemoglobin_g_per_dl": options.haemoglobin,
        "baseline_aptt_s": options.baseline_aptt,
        "creatinine_clearance_ml_per_min": options.creatinine_clearance,
        "potassium_mmol_per_l": options.potassium,
        "weight_kg": options.weight,
    }
    for option, name in before_starting.QUESTIONS.items():
        answer = getattr(options, option.replace("-", "_"))
        if answer is not None and answer not in _YES_OR_NO:
            raise ValueError(f"--{option} must be yes or no; got {answer!r}")
        facts[name] = None if answer is None else _YES_OR_NO[answer]
    stated = before_starting.Stated(**facts)  # type: ignore[arg-type]  # checked there
    if options.json:
        print(json.dumps([to_plain(one) for one in before_starting.go_through(stated)]))
    else:
        print("\n".join([before_starting.go_through_in_words(stated), "", before_starting.reactions_in_words(), PLAINLY]))


def run_leaflet(options: argparse.Namespace) -> None:
    """Print the leaflet of an indication in the patient's words."""
    indication = indications.named(options.name)
    found = leaflet.leaflet(indication, None if options.weight is None else patient_of(options))
    print(json.dumps(to_plain(found)) if options.json else f"{found.in_words()}\n\n{PLAINLY}")


def run_misconceptions(options: argparse.Namespace) -> None:
    """Print common misconceptions, or one of them, each with a demonstration."""
    shown = [misconceptions.named(options.name)] if options.name else misconceptions.ALL
    if options.json:
        print(json.dumps([{"name": one.name, "said": one.said, "true": one.true, "shown": one.demonstrates(),
                           "sources": [source.cite() for source in one.sources]} for one in shown]))  # fmt: skip
    else:
        print("\n\n".join([*(one.in_words() for one in shown), PLAINLY]))


def run_validate(options: argparse.Namespace) -> None:
    """Print the table of printed values compared with the models, or what changed in it."""
    if options.changes:
        if options.group is not None or options.misses or options.figure is not None:
            raise ValueError("--changes stands alone or with --json; it has no group, no misses and no figure")
        print(json.dumps(validation.what_changed(), ensure_ascii=False) if options.json else validation.what_changed_in_words())
        return
    if options.group is not None and options.group not in validation.GROUPS:
        raise ValueError(f"no group {options.group!r}; there are {', '.join(validation.GROUPS)}")
    rows = validation.rows(group=options.group)
    shown = [row for row in rows if not (options.misses and row.inside)]
    if options.figure is not None:
        write_picture(options.figure, lambda plot: plot.validation(shown).figure)
    if options.json:
        print(validation.to_json(shown))
        return
    print(validation.in_words(shown, of=rows))
    print(PLAINLY)


def run_trial(options: argparse.Namespace) -> None:
    """Run nomograms on the same virtual patients, and print the outcomes by arm."""
    if options.ward is not None and options.ward not in hospital.WARDS:
        raise ValueError(f"no ward {options.ward!r}; there are {', '.join(hospital.WARDS)}")
    arms = [Nomogram.load(name) for name in options.arms]
    trial = Trial(
        population=population_of(options),
        arms=arms,
        drug=model_of(options),
        laboratory=Laboratory(assay=arms[0].assay, reagent=reagent_of(options), turnaround_h=options.turnaround),
        hours=options.hours,
        hospital=hospital_of(options),
        ward_errors=None if options.ward is None else hospital.WARDS[options.ward],
    )
    there = [file for file in (options.csv, options.people) if file and os.path.exists(file)]
    if len(there) == 2 and os.path.samefile(*there):
        raise ValueError(f"--csv would overwrite the people it is run with: {options.csv}")
    options.number = number_of(options, trial.population)
    rule = group_rule(options.group, trial.covariates)
    if rule is None and options.group not in trial.groups:
        raise ValueError(
            f"no group {options.group!r} among these patients; there are {', '.join(trial.groups)}, or give a rule such as "
            "'weight_kg < 60'"
        )
    if rule is not None and options.ensemble is not None:
        raise ValueError("--ensemble keeps no single patients: --group must be one of its named groups with it")
    if options.ensemble is not None:
        check_between("--ensemble", options.ensemble, 1, MOST_DRAWS)
    ensemble = None if options.ensemble is None else Ensemble.of(trial.drug, options.ensemble, seed=options.seed)
    outcomes = trial.run(
        options.number,
        seed=options.seed,
        workers=options.workers,
        runner=runner_of(options.engine, options.number * len(arms)),
        keep_rows=rule is not None,
        checkpoint=options.checkpoint,
        csv_file=options.csv,
        scheduler=options.scheduler,
        progress=not options.quiet,
    )
    if rule is not None:
        outcomes = outcomes.with_group(options.group, rule)
    models, stopped = (None, None) if ensemble is None else _with_models(trial, ensemble, outcomes, options)
    if options.figure is not None:
        subjects = range(min(6, options.number))
        sample = [trial.course(name, subject, seed=options.seed) for name in trial.names for subject in subjects]
        write_picture(options.figure, lambda plot: plot.trial(outcomes, sample=sample))
    if options.json:
        answer = {
            "heparin_pk": __version__,
            "drug": outcomes.drug.name,
            "arms": outcomes.arms,
            "n": outcomes.n,
            "seed": outcomes.seed,
            "hours": outcomes.hours,
            "hospitals": {name: one.in_words() for name, one in outcomes.hospitals.items()},
            "targets": {name: target.in_words() for name, target in outcomes.targets.items()},
            "laboratories": {name: match.to_plain() for name, match in outcomes.matches.items()},
            "groups": outcomes.groups,
            "summary": outcomes.summary(options.group),
            "citations": citations(trial).splitlines(),
        }
        if models is not None:
            answer["models"] = {"members": models.members, "summary": models.summary(options.group)}
        print(json.dumps(answer, allow_nan=False))
    else:
        _print_trial(trial, arms, outcomes, models, options)
    if stopped is not None:
        raise stopped


def _print_trial(
    trial: Trial, arms: list[Nomogram], outcomes: Outcomes, models: EnsembleOutcomes | None, options: argparse.Namespace
) -> None:
    """Print the outcomes of a trial in words, and those of its other models where they ran."""
    tables = [f"{table.title}: aims at {table.target.in_words()}" for table in arms]
    people = trial.population.name
    written = [f"written: {file}" for file in (options.csv, options.figure) if file]
    of_models = [] if models is None else [models.in_words(options.group), ""]
    print("\n".join([*tables, people, "", outcomes.in_words(options.group), "", *of_models, *written, PLAINLY]))


def _with_models(
    trial: Trial, ensemble: Ensemble, outcomes: Outcomes, options: argparse.Namespace
) -> tuple[EnsembleOutcomes, EnsembleInterrupted | None]:
    """Run the trial under every model; where it is stopped by hand, return what had finished, and the interrupt."""
    try:
        found = run_ensemble(
            trial,
            ensemble,
            options.number,
            seed=options.seed,
            outcomes=outcomes,
            workers=options.workers,
            runner=runner_of(options.engine, options.number * len(trial.arms)),
            scheduler=options.scheduler,
            progress=not options.quiet,
        )
    except EnsembleInterrupted as stopped:
        if str(stopped).startswith(BY_SIGNAL):
            raise
        return stopped.outcomes, stopped
    return found, None


def run_tube(options: argparse.Namespace) -> None:
    """Print the aPTT and the thrombin generation of one plasma by the network of reactions."""
    try:
        found = clotting.report(
            plasma_of(options), tissue_factor_pmol_per_l=options.tissue_factor, sensitivity_ratio=options.sensitivity
        )
    except clotting.SolverError as error:
        raise ValueError(str(error)) from None
    if options.figure is not None:
        write_picture(options.figure, lambda plot: plot.tube(found)[0].figure)
    if options.json:
        print(json.dumps(found.to_plain(), allow_nan=False))
        return
    written = [f"written: {options.figure}"] if options.figure else []
    print("\n".join([found.in_words(), "", *written, PLAINLY]))
