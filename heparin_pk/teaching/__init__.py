"""What is taught: the indications and their regimens."""
