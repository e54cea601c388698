"""What ``hospital.py`` measures, kept by commit: ``asv run --environment existing:same --set-commit-hash HEAD``."""
