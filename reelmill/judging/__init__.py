"""Comparing a finished clip with its product's picture by a Gemini model: question, verdict, price, one paid call."""
