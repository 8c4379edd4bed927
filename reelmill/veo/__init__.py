"""Veo on Vertex AI: what its models can do and cost, and the one careful way to call them."""
