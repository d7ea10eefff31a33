"""Pages from PDFium, the library under a permissive licence; only this room calls it."""
