"""What ``hospital.py`` measures, kept by commit with asv; how to run it is in README.md beside that file."""
