"""An output: what is published, all of it or nothing, on a disk or in object storage; one writer at a time."""
