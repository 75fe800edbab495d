"""Guibiao."""
