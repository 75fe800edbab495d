"""The layouts in which plain text holds a table; one module each, all giving regions."""
