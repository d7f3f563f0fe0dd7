"""Journeys drawn: waterfall, ladder, tables."""
