"""The patient portal of a fictional hospital: pages, JSON API and staff area, built from a blueprint."""
