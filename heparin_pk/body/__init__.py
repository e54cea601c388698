"""The patient and where the drug goes: patients, cohorts, body size, kinetics, covariate effects."""
