"""Handing over what was made: manifests that other systems ingest, and a port to publish files through."""
