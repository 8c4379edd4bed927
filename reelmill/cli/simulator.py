"""``reelmill simulator``: start the stand-in for Veo on Vertex AI."""
