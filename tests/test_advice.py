"""What the command line advises can be done: every option in a message exists, and no message shows an address in memory."""

import argparse
import ast
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

import heparin_pk
from heparin_pk import Nomogram, Patient, Trial, cli, people, published, titrate
from heparin_pk.base.checks import check_between, check_is, check_one_of, check_text
from heparin_pk.cli.parser import parser

ROOT = Path(heparin_pk.__file__).parent
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*[a-z]")


def subparsers():
    return next(action for action in parser()._actions if isinstance(action, argparse._SubParsersAction)).choices


def options_of(command):
    return {option for action in subparsers()[command]._actions for option in action.option_strings}


EVERY = {"--version", "--help"}.union(*map(options_of, subparsers()))


def texts_of(file):
    """Return the texts of a source file that a user may read; docstrings are none."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)]
    documented = {id(node.body[0].value) for node in nodes if node.body and isinstance(node.body[0], ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented
    ]


def test_every_option_in_a_text_of_the_package_exists():
    """Those of other programs stand where they are called: their texts begin with the option. Styles of a page are no options."""
    found = {}
    for file in sorted(ROOT.rglob("*.py")):
        for text in texts_of(file) if "widgets" not in file.parts else ():
            for option in OPTION.findall(text):
                found.setdefault(option, set()).add((file.relative_to(ROOT).as_posix(), text))
    ours = {
        option
        for option, places in found.items()
        if any(not text.startswith(option) and "style=" not in text for _, text in places)
    }
    assert ours, "no text names an option any more"
    assert ours <= EVERY, {option: found[option] for option in ours - EVERY}


WRONG = {
    "titrate raschke --weight 80": "did you mean raschke-1993?",
    "titrate Raschke-1993 --weight 80": "did you mean raschke-1993?",
    "titrate raschke-1993 --weight 80,5": "it must be a number; got '80,5': with a decimal point it is 80.5",
    "titrate raschke-1993 --weight 80kg": "it must be a number; got '80kg'",
    "titrate raschke-1993 --weight 80 --handover 60": "--handover must lie between 0 and 48; got 60",
    "titrate raschke-1993 --weight 80 --dosing-weight adjusted": "(give --height and --sex)",
    "titrate raschke-1993 --weight 80 --dosing-weight lean": "--dosing-weight must be one of actual, ideal, adjusted, capped",
    "titrate childrens-mercy-by-age --weight 20": "needs age_y of the patient (give --age)",
    "titrate nursingguides-us-calls --weight 130": "needs height_cm and sex of the patient (give --height and --sex)",
    "titrate nhs-lothian --weight 80": "nhs-lothian is incomplete",
    "titrate raschke-1993 --weight 80 --condition pregnancy": "no condition 'pregnancy'; there are acute-thrombosis",
    "simulate --weight 80": "nothing is ordered: give --bolus, --infusion or --order",
    "simulate --weight 80 --bolus 5000": "--bolus is in U/kg and must lie between 0 and 1000; got 5000: an amount in U is "
    "--order '0 bolus 5000 U'",
    "simulate --weight 80 --bolus 80 --infusion 1300": "an amount in U/h is --order '0 infusion 1300 U/h'",
    "simulate --weight 80 --order '0 bolus 5000'": "5000 needs its unit: bolus is ordered in U or U/kg",
    "simulate --weight 80 --order '0 bolus 5 mL'": "no bolus in 'mL': bolus is ordered in U or U/kg",
    "simulate --weight 80 --order '0 infusion 13 mL/h'": "a rate in mL/h needs its bag: '0 infusion 13 mL/h of 100 U/mL'",
    "simulate --weight 80 --order '0 drip 13 U/h'": "no order 'drip'; there are bolus, infusion, hold",
    "simulate --weight 80 --order '6 infusion +2 U/kg/h'": "an order gives the new amount, not a change such as '+2'",
    "simulate --weight 80 --order '1h bolus 80 U/kg'": "an order reads 'TIME KIND AMOUNT UNIT'",
    "replay M3D-027 --target 60to80": "--target reads LOW-HIGH, such as 60-80",
    "replay M3D-027 --target 80-60": "--target reads LOW-HIGH, the lower level first; got '80-60'",
    "replay M3D-027 --stay 5": "--stay belongs to --mimic-iv and --eicu",
    "replay M3D-027 --mimic-iv labs.csv": "--mimic-iv needs --stay",
    "replay M3D-999": "no course 'M3D-999'; there are M3D-001",
    "trial raschke-1993 raschke-1993": "arms must have different names",
    "trial raschke-1993 --people nobody": "no population 'nobody'; there are thrombosis-ward, coronary-ward, or give a .csv file",
    "trial raschke-1993 -n 10 --ensemble 500": "--ensemble must lie between 1 and 200; got 500",
    "trial raschke-1993 -n 10 --group girls": "or give a rule such as 'weight_kg < 60'",
    "trial raschke-1993 -n 10 --engine fast": "--engine must be one of auto, numpy",
    "trial raschke-1993 -n 2k": "it must be a whole number; got '2k'",
    "cite raschke": "nor is it one of the nomograms",
    "models UFH_DEFUALT": "did you mean",
    "hit --fall 55": "--fall and --nadir belong together",
    "before-starting --weight-was-measured maybe": "--weight-was-measured must be yes or no",
    "lab --port 99999999": "--port must lie between 1 and 65535",
    "handout --only 99": "--only must begin the name of a notebook",
    "indications pulmonary-embolism --json": "--weight is needed to simulate an indication",
    "validate --changes --group kinetics": "--changes stands alone or with --json",
}


@pytest.mark.parametrize("line", WRONG)
def test_a_message_says_what_was_wrong_and_advises_what_this_command_knows(capsys, line):
    arguments = shlex.split(line)
    try:
        code = cli.main(arguments)
    except SystemExit as stop:
        code = stop.code
    out, err = capsys.readouterr()
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert WRONG[line] in err
    assert set(OPTION.findall(err)) <= options_of(arguments[0])
    assert not re.search(r"0x[0-9a-f]{4}", err)


def test_units_of_orders_may_be_written_in_their_usual_words(capsys):
    lines = ("0 bolus 5000 IE", "0 bolus 5000 units", "0 bolus 5000 U")
    outs = []
    for line in lines:
        assert cli.main(["simulate", "--weight", "80", "--hours", "4", "--order", line]) == 0
        outs.append(capsys.readouterr().out)
    assert outs[0] == outs[1] == outs[2]


# Objects in messages


class Rule:
    """A rule without a ``repr`` of its own: Python shows its address."""

    assay = "aptt_s"


def rule(_):
    return Rule()


UNFIT = {"an object": Rule(), "a function": rule, "a lambda": lambda: None, "many": [Rule(), rule]}
CALLS = {
    "check_between": lambda wrong: check_between("x", wrong, 0, 1),
    "check_one_of": lambda wrong: check_one_of("x", wrong, ("a", "b")),
    "check_is": lambda wrong: check_is("x", wrong, Patient, "a Patient"),
    "check_text": lambda wrong: check_text("x", wrong),
    "Patient": lambda wrong: Patient(weight_kg=wrong),
    "Patient.sex": lambda wrong: Patient(weight_kg=80, sex=wrong),
    "Patient.factors": lambda wrong: Patient(weight_kg=80, factors=wrong),
    "Population": lambda wrong: heparin_pk.Population(table=wrong),
    "people": people,
    "Trial.population": lambda wrong: Trial(population=wrong, arms=[Nomogram.load("raschke-1993")]),
    "Trial.arms": lambda wrong: Trial(population=heparin_pk.Population(), arms=wrong),
    "Trial.arms listed": lambda wrong: Trial(population=heparin_pk.Population(), arms=[wrong]),
    "Trial.run": lambda wrong: small().run(wrong, progress=False),
    "Trial.run seed": lambda wrong: small().run(2, seed=wrong, progress=False),
    "with_group": lambda wrong: small().run(2, progress=False).with_group("x", np.array(wrong, dtype=object)),
    "titrate": lambda wrong: titrate(Patient(weight_kg=80), published.UFH_DEFAULT, wrong),
    "Regimen": heparin_pk.Regimen,
    "Fixed": lambda wrong: heparin_pk.Fixed(regimen=wrong),
    "ByHand": lambda wrong: heparin_pk.ByHand(bolus_u_per_kg=80, rate_u_per_kg_per_h=18, steps=wrong),
    "Bolus": lambda wrong: heparin_pk.Bolus(time_h=wrong, dose_u=1),
    "Course": heparin_pk.Course.from_json,
    "Nomogram.load": Nomogram.load,
    "published.named": published.named,
    "Arm": lambda wrong: heparin_pk.Arm(controller=wrong),
    "Lab": lambda wrong: heparin_pk.Lab(drawn_h=wrong, reported_h=1, assay="aptt_s", value=1, above_ceiling=False),
}


def small():
    return Trial(population=heparin_pk.Population(), arms=[Nomogram.load("raschke-1993")], hours=2)


@pytest.mark.parametrize("wrong", UNFIT.values(), ids=UNFIT)
@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_no_message_shows_an_address_in_memory(call, wrong):
    with pytest.raises(Exception) as caught:
        call(wrong)
    assert not re.search(r"0x[0-9a-fA-F]{4}", str(caught.value)), str(caught.value)
