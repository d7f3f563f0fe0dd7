"""Journeys as files of other tools: HAR, write-out formats."""
