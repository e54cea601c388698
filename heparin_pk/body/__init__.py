"""Who is treated, and where the drug goes: patients, body size, kinetics, covariate effects."""
