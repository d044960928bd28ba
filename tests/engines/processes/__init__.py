"""Worker processes that speak, with a library made for the tests."""
