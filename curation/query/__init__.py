"""What people ask of the store: filters, searches, charts, SQL."""
