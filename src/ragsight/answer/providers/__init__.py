"""Backends: how vision models are asked, provider by provider."""
