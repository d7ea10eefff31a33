"""Lines, paragraphs, headings and the order in which they are read."""
