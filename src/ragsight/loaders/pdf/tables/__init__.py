"""Tables: where they stand, and their cells."""
