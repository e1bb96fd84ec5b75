"""A report for people: tables on a terminal, or one page with plots."""
