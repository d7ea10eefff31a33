"""How the demo came about: its handbook, and the training of its model."""
