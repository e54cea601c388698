"""What is measured: aPTT, anti-Xa, ACT and ratio as functions of the concentration, and the laboratory that reports them."""
