"""Time passes here: one patient, many patients, and what is read off a course."""
