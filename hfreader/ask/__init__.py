"""Questions about the library, each answered with a record: concepts, explanations, implementations, totals."""
