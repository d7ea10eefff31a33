"""From a question and sources to what a model is sent."""
