"""The truth about money: intents, charges, budgets and the shared quota, in one SQL database."""
