"""Captions: what they look like, what they belong to, who speaks of them."""
