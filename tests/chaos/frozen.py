"""Imported last, by the process that workers are forked from: what it holds by now is shared by all of them."""

from __future__ import annotations

import gc

from google.genai import types

__all__: list[str] = []

# The library builds its models when they are first used; that is a good part of a short run.
types.GenerateVideosOperation.model_validate({"name": "operation", "response": {"generatedVideos": []}})
types.GenerateVideosConfig(labels={}, person_generation="allow_adult", http_options=types.HttpOptions())
types.GenerateVideosSource(prompt="prompt")
types.GetOperationConfig(http_options=types.HttpOptions(retry_options=types.HttpRetryOptions(attempts=1)))

# Each worker's collector would touch, and so copy, all of this memory.
gc.collect()
gc.freeze()
