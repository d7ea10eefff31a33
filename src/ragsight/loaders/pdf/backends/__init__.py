"""The libraries that can read pages."""
