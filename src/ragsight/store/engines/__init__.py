"""The engines behind the store: embedded, or Qdrant's client."""
