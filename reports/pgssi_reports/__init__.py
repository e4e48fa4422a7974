"""Renderings of a run and their electronic seal."""
