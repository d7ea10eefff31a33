"""From a model's reply to an answer with checked citations."""
