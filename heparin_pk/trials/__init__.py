"""Virtual people and virtual trials."""
