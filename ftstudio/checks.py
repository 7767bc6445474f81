"""System checks over the settings: each has an id, says what is wrong and what to do."""
