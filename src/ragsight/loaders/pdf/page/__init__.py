"""A page as data: lines, drawings, boxes."""
