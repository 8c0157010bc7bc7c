"""How long the main things take, each as a ratio to a reference measured in the same run."""
