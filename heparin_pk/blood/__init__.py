"""Laboratory tests: aPTT, aPTT ratio, ACT and anti-Xa as functions of the concentration, and the laboratory that reports them."""
