"""Forms of text: YAML as kubectl has it, what Go says of broken JSON, ages, words that look like another."""
