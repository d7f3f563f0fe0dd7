"""What is wrong and what to do: findings as pure functions of a journey."""
