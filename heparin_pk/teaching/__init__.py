"""Teaching: the indications of heparin and their regimens."""
