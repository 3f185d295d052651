"""What answers requests: models here, servers elsewhere, scripts in tests; and the disk that keeps the answers."""
