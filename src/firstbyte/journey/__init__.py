"""The journey: model, builder and ledger; pure functions of events."""
