"""The rows of ``hospital.py``, kept by commit with asv; README.md in the folder above says how to run it."""
