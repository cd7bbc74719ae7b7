"""What the tests that drive the adlake binary share. Python's own library only, so that they need nothing installed."""
