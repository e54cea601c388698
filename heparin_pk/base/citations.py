"""Citations of a run: exactly the papers it used, as text and as BibTeX."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from heparin_pk.base.checks import check_is
from heparin_pk.base.source import Source


@runtime_checkable
class Cited(Protocol):
    """Protocol of results that know the papers they used: a course, a trial."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """The papers, each once."""
        ...


_latest: list[Cited] = []


def remember(run: Cited) -> None:
    """Keep the last run, so that ``print_citations()`` needs no argument."""
    _latest[:] = [run]


def sources(*courses: Cited) -> tuple[Source, ...]:
    """Return the papers these courses or trials used, each once; without an argument, those of the last run.

    Raises ``ValueError`` when nothing was run yet.
    """
    for course in courses:
        check_is("a course", course, Cited, "a Course or a Trial")
    if not courses and not _latest:
        raise ValueError("nothing was run yet: simulate or titrate first, or give a course")
    every = [source for course in courses or _latest for source in course.sources]
    return tuple({source.citation: source for source in reversed(every)}.values())[::-1]


def citations(*courses: Cited, bibtex: bool = False) -> str:
    """Return the papers of :func:`sources` as references, one a line, or as BibTeX entries."""
    return "\n".join(source.bibtex() if bibtex else source.cite() for source in sources(*courses))


def print_citations(*courses: Cited, bibtex: bool = True) -> None:
    """Print the papers these courses (or the last run) used: as references to read, then as BibTeX to paste.

    >>> from heparin_pk import Bolus, Patient, Regimen, published, simulate
    >>> course = simulate(Patient(weight_kg=75), published.KANDROTAS_1989_UFH, Regimen((Bolus(time_h=0, dose_u=5000),)), hours=1)
    >>> print_citations(course, bibtex=False)
    Kandrotas RJ, et al. Heparin pharmacokinetics during hemodialysis. ...
    """
    print(citations(*courses))
    if bibtex:
        print("\n" + citations(*courses, bibtex=True))
