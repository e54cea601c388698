"""The register of models that were looked for and not built: complete, reasoned, and honest about what is a set."""

import re
from dataclasses import replace

import pytest

from heparin_pk import published
from heparin_pk.published.not_built import NOT_BUILT


def test_each_says_why():
    names = [model.name for model in NOT_BUILT]
    assert len(set(names)) == len(names)
    assert {"SALEM_2024", "LANOISELEE_2024", "GIBERT_2024", "KONECKI_2024"} <= set(names)
    for model in NOT_BUILT:
        assert re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", model.looked)
        assert model.source.doi
        assert model.missing in str(model)
        assert model.source.cite() in str(model)


def test_none_is_a_set():
    """A model that is built leaves the list."""
    papers = {source.doi for drug in published.ALL for source in drug.sources if source.doi}
    for model in NOT_BUILT:
        assert not any(drug.name.startswith(model.name) for drug in published.ALL)
        assert model.source.doi not in papers


@pytest.mark.parametrize("name", ["SALEM_2024_UFH", "salem-2024", "KONECKI_2024"])
def test_asking_for_one_tells_the_reason(name):
    with pytest.raises(ValueError, match="is not built: "):
        published.named(name)


def test_a_name_that_is_none_of_these_is_unknown():
    with pytest.raises(ValueError, match="no model 'salem'"):
        published.named("salem")


def test_an_entry_without_a_reason_is_refused():
    with pytest.raises(ValueError, match="missing"):
        replace(NOT_BUILT[0], missing=" ")
    with pytest.raises(ValueError, match="source"):
        replace(NOT_BUILT[0], source="Salem 2024")
