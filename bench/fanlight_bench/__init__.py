"""Measuring fanlight, and the tools that people would use instead, in one run and in turns."""
