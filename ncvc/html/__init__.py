"""Pages for people: labels in two languages, tables, charts as SVG; no script, no request."""
