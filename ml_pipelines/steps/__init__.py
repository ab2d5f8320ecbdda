"""To be told by whoever builds this package."""
