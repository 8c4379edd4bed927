"""One prompt per category and aspect ratio: lookup, lint and sandboxed rendering."""
