"""What the suite itself needs: servers, databases."""
