"""What `hfreader trace` shows: a trace in the terminal, as JSON, as one HTML file, as a graph."""
