"""Plans before and during the search: designs valued by a session, and better ones nearby."""
