"""Models held against charts and papers."""
