"""What starts pipelines by itself."""
