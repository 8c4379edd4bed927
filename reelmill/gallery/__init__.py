"""The gallery of a run: a static folder to look at clips and decide about them, and the same page served."""
