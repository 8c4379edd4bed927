"""A strict stand-in for Veo on Vertex AI, its own process, for rehearsal and tests."""
