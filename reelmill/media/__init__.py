"""Look at videos: inspection and posters."""
