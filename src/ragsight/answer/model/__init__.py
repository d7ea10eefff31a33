"""What a vision model takes, gives and costs, in no provider's words."""
