"""The same calls through both APIs: the same data, the same refusals, the same errors."""
