"""What will be indexed, as one HTML page: each page of a file with its chunks drawn on it."""

from ragsight.inspection.pages import PAGE_LIMIT, Inspection, render_inspection, write_inspection

__all__ = ["PAGE_LIMIT", "Inspection", "render_inspection", "write_inspection"]
