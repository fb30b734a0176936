"""What several commands do: choosing targets, writing, applying, deleting, editing, following."""
