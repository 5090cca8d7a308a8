"""What the code says: libcst in, facts out."""
