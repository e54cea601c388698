"""The toolbox: checks, files, records, rounding, randomness, sources. It knows no heparin."""
