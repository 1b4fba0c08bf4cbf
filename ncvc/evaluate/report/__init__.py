"""Shows an evaluation to people: `report.html`, `report.md`, and a page of answers for each model and task."""
