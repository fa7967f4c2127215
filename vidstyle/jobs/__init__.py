"""Work that is more than one run: batches."""
