"""A covariate effect that a paper contradicts: kept to show what it would predict, off until it is asked for."""

from dataclasses import dataclass

from heparin_pk.base.checks import check_is, shown
from heparin_pk.base.source import Source
from heparin_pk.body.covariate import Covariate


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Hypothesis:
    """A covariate effect with the papers that speak against it; ``drug.with_hypotheses(name)`` switches it on.

    ``effect``: the covariate effect; its name is the name of the hypothesis.
    ``against``: the papers that contradict it, and the place in each (one at least).

    Raises ``ValueError`` when ``effect`` is no :class:`Covariate`, or ``against`` names no :class:`Source`.
    """

    effect: Covariate
    against: tuple[Source, ...]

    def __post_init__(self) -> None:
        check_is("effect", self.effect, Covariate, "a Covariate")
        check_is("against", self.against, (list, tuple), "a list of Source")
        object.__setattr__(self, "against", tuple(self.against))
        if not self.against:
            raise ValueError(f"{self.effect.name}: against must name one paper at least; got none")
        for source in self.against:
            check_is("against", source, Source, "a Source")

    __repr__ = shown

    @property
    def name(self) -> str:
        """The name that switches it on and off."""
        return self.effect.name

    def in_words(self) -> str:
        """Return the hypothesis as the patient would say it, and who contradicts it."""
        keys = ", ".join(dict.fromkeys(source.key for source in self.against))
        return f'Not in this model: "{self.effect.words}" (a hypothesis, {self.effect.effect.source.key}; against it: {keys})'
