"""Work that is more than one run in one process: batches, runs that go on where they were stopped, other machines."""
