"""The whole way on a small scale: text that the package makes itself, and every command run on it."""
