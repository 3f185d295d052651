"""What objectives train with: losses, preference pairs, rollouts, step labels."""
