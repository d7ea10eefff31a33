"""Figures: found among the marks of a page, and rendered."""
