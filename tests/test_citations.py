"""Citations: a run cites the papers it used and no others."""

import importlib
import pkgutil
import re
import tomllib
from collections import defaultdict
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

import heparin_pk
from heparin_pk import Bolus, Nomogram, Patient, Regimen, Source, practice, print_citations, published, simulate, titrate
from heparin_pk.base import citations as papers
from heparin_pk.ward import nomogram


def test_a_run_cites_what_it_used_and_nothing_else(capsys):
    jia = simulate(Patient(weight_kg=66), published.JIA_2015_UFH, Regimen((Bolus(time_h=0, dose_u_per_kg=375),)), hours=2)
    keys = {source.key for source in papers.sources(jia)}
    assert keys >= {
        "Jia_2015",
        "Whitfield_1980",
        published.reagents.MODERN.source.key,
    }  # the model, the exponential law, the reagent it is read in
    assert not keys & {"Erasmus_115265", "Krulder_1996", "Hirsh_1976", "Campbell_1996", "Raschke_1993"}
    child = Patient(weight_kg=20, height_cm=115, sex="male", age_y=6)
    bolus = Regimen((Bolus(time_h=0, dose_u_per_kg=91),))
    keys = {source.key for source in papers.sources(simulate(child, published.AL_SALLAMI_2016_UFH, bolus, hours=2))}
    assert keys == {"Al_Sallami_2016", "Al_Sallami_2015"}
    old = Patient(weight_kg=70, age_y=80)
    course = titrate(old, published.UFH_DEFAULT, Nomogram.load("raschke-1993"), hours=12)
    keys = {source.key for source in papers.sources(course)}
    assert keys >= {"Hirsh_1976", "Campbell_1996", "Raschke_1993"}
    assert not keys & {"Teien_1977_cirrhosis", "Ward_2013", "Circadian_1994"}
    capsys.readouterr()
    print_citations()
    last = capsys.readouterr().out
    print_citations(course)
    assert capsys.readouterr().out == last
    assert last.count("@misc{") == len(keys)
    assert "Raschke RA, Reilly BM" in last.split("@misc")[0]


def test_bibtex_is_balanced():
    for drug in published.ALL:
        for source in drug.sources:
            entry = source.bibtex()
            assert entry.count("{") == entry.count("}")
            assert re.match(r"@misc\{[A-Za-z0-9_-]+,\n", entry)
            assert not re.search(r"(?<!\\)[%&#$]", entry)


def all_sources():
    """Return every source that a module, a table or a statement of practice of the package names."""
    found, seen = [], {}  # what was seen is kept, so that no address is used twice

    def look(thing):
        if id(thing) in seen:
            return
        seen[id(thing)] = thing
        if isinstance(thing, Source):
            found.append(thing)
        elif isinstance(thing, dict | list | tuple):
            for part in thing.values() if isinstance(thing, dict) else thing:
                look(part)
        elif is_dataclass(thing) and not isinstance(thing, type):
            for field in fields(thing):
                look(getattr(thing, field.name))

    for module in pkgutil.walk_packages(heparin_pk.__path__, "heparin_pk."):
        if not module.name.endswith("__main__"):
            for name, value in vars(importlib.import_module(module.name)).items():
                if not name.startswith("__"):
                    look(value)
    look(practice.statements())
    look([Nomogram.load(name) for name in nomogram.names()])
    for file in (Path(nomogram.__file__).parent / "nomograms" / "incomplete").glob("*.toml"):
        look(Source(**tomllib.loads(file.read_text(encoding="utf-8"))["source"]))
    return found


def test_one_paper_has_one_name():
    """A key has one citation; an address has one key, but for a paper of which two readings or two sides are kept apart."""
    apart = {
        frozenset({"Raschke_1993", "Raschke_1993_trial"}),  # its table second-hand, its results from its own abstract
        frozenset({"Green_2003", "James_in_Green_2003"}),  # its model, and another author's formula printed in it
    }
    every = all_sources()
    assert len({source.key for source in every}) > 180
    citations = defaultdict(set)
    addresses = defaultdict(set)
    for source in every:
        citations[source.key].add(source.citation)
        for address in (source.doi.lower(), source.pmid, source.url):
            addresses[address].add(source.key)
    addresses.pop("")
    assert {key: texts for key, texts in citations.items() if len(texts) > 1} == {}
    assert {address: keys for address, keys in addresses.items() if len(keys) > 1 and frozenset(keys) not in apart} == {}


def test_nothing_was_run_yet(monkeypatch):
    monkeypatch.setattr(papers, "_latest", [])
    with pytest.raises(ValueError, match="nothing was run yet"):
        papers.citations()
    with pytest.raises(ValueError, match="a course must be a Course or a Trial; got 3"):
        papers.citations(3)
