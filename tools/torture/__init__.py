"""Kills, damages and mutated inputs, seeded; one table says what broke."""
