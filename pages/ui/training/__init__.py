"""Training on screen: the student, what it will see, and what that takes."""
