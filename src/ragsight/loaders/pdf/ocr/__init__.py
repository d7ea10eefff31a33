"""Text in pictures: what reads it, and how it becomes lines on a page."""
