"""The training of the demo's CLIP model on drawings."""
