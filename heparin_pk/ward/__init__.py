"""What is ordered and what is done: orders, the pump, controllers, nomograms, errors of the ward."""
