"""Facts to pages: HTML fragments that know nothing of MkDocs, and the plan of the site around them."""
