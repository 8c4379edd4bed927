"""The mutation score of the rooms that handle money: ``python -m scripts.mutation --help``."""
