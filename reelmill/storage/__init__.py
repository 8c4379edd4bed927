"""Where outputs live: one small port over Cloud Storage and a local folder."""
