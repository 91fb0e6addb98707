"""The steps of set-up; tools/setup.py puts them in order."""
