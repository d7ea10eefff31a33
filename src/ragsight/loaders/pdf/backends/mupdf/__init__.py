"""Pages from PyMuPDF; only this room calls it."""
