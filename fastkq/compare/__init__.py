"""Results for people to look at: the comparison of several k as a table and as a contact sheet."""
