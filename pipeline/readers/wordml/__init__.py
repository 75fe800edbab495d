"""What the docx reader is made of: the package (zip), the grid builder, and two ways to feed it."""
