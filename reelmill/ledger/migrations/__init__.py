"""The ledger's schema as numbered steps, run by reelmill.ledger.migrate."""
