"""Orders and how they are carried out: orders, the pump, controllers, nomograms, ward errors."""
