"""The HTTP kit shared by every surface: limits, ids, headers, problems; it knows no resource by name."""
